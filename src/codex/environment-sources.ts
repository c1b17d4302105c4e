/**
 * Environment variables that change what Codex does: which are set now, and which start-up file sets them, so that a
 * person can be told the line to change. The files are only searched, never run.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Host, systemPath } from '../host.ts';
import type { CodexReader } from './home.ts';
import { readText } from './reading.ts';

/** Variables that Codex 0.133 to 0.169 reads or that people set for it. */
export const CODEX_VARIABLES = [
  'CODEX_HOME',
  'CODEX_SQLITE_HOME',
  'CODEX_API_KEY',
  'CODEX_ACCESS_TOKEN',
  'OPENAI_API_KEY',
  'OPENAI_BASE_URL',
  'CODEX_CA_CERTIFICATE',
  'SSL_CERT_FILE',
  'HTTPS_PROXY',
  'HTTP_PROXY',
  'ALL_PROXY',
  'NO_PROXY',
  'https_proxy',
  'http_proxy',
  'all_proxy',
  'no_proxy',
  'CODEX_REFRESH_TOKEN_URL_OVERRIDE',
] as const;

export interface VariableSource {
  readonly name: string;
  readonly path: string;
  /** From 1. */
  readonly line: number;
  /** The assigned text without its quotes; it may be a secret, or name other variables. */
  readonly value: string;
}

export interface EnvironmentSources {
  /** Set in the environment that steward itself was started with, which a `codex` started here gets too. */
  readonly set: ReadonlyMap<string, string>;
  /** Assignments found, in the order of the files. */
  readonly sources: readonly VariableSource[];
}

/** A start-up file has a few kB; what is larger is not searched. */
const MAX_BYTES = 1024 * 1024;
const MAX_DROP_INS = 40;

/** Which of {@link CODEX_VARIABLES} are set, and every line that sets one. */
export const readEnvironmentSources: CodexReader<EnvironmentSources> = async ({ host, home }) => {
  const files = await startUpFiles(host, home.path);
  const found = await Promise.all(files.map((path) => searchFile(path, CODEX_VARIABLES)));
  const set = new Map<string, string>();
  for (const name of CODEX_VARIABLES) {
    const value = host.env[name];
    if (value !== undefined) set.set(name, value);
  }
  return { set, sources: found.flat() };
};

/** Where a variable is set, for a person: `~/.bashrc:12`, or the environment alone. */
export function sourcesOf(sources: EnvironmentSources, name: string): readonly VariableSource[] {
  return sources.sources.filter((source) => source.name === name);
}

/** Every line of that file that assigns one of these names. Works for the keys of a custom provider too. */
export async function searchFile(path: string, names: readonly string[]): Promise<readonly VariableSource[]> {
  const reading = await readText(path, MAX_BYTES);
  if (reading.kind !== 'ok') return [];
  const wanted = new Set(names);
  return reading.value.split('\n').flatMap((content, index) => {
    const assignment = parseAssignment(content.trim());
    return assignment && wanted.has(assignment.name) ? [{ ...assignment, path, line: index + 1 }] : [];
  });
}

async function startUpFiles(host: Host, home: string): Promise<readonly string[]> {
  const inUserHome = (...names: string[]) => names.map((name) => join(host.userHome, name));
  const dotenv = join(home, '.env');
  if (host.platform === 'win32') {
    const documents = inUserHome('Documents', 'OneDrive/Documents');
    const shells = ['PowerShell', 'WindowsPowerShell'];
    const profiles = ['profile.ps1', 'Microsoft.PowerShell_profile.ps1'];
    return [
      dotenv,
      ...documents.flatMap((folder) =>
        shells.flatMap((shell) => profiles.map((name) => join(folder, shell, name))),
      ),
    ];
  }
  const dropIns = await Promise.all([
    listFolder(join(host.userHome, '.config', 'environment.d'), '.conf'),
    listFolder(join(host.userHome, '.config', 'fish', 'conf.d'), '.fish'),
    listFolder(systemPath(host, '/etc/profile.d'), '.sh'),
  ]);
  return [
    dotenv,
    ...inUserHome('.profile', '.bash_profile', '.bash_login', '.bashrc', '.bash_aliases'),
    ...inUserHome('.zshenv', '.zprofile', '.zshrc', '.zlogin', '.pam_environment'),
    ...inUserHome('.config/fish/config.fish'),
    ...dropIns.flat(),
    systemPath(host, '/etc/environment'),
    systemPath(host, '/etc/profile'),
    systemPath(host, '/etc/bash.bashrc'),
    systemPath(host, '/etc/zsh/zshenv'),
  ];
}

async function listFolder(folder: string, ending: string): Promise<readonly string[]> {
  try {
    const names = await readdir(folder);
    return names
      .filter((name) => name.endsWith(ending))
      .sort()
      .slice(0, MAX_DROP_INS)
      .map((name) => join(folder, name));
  } catch {
    return []; // most systems have none of these folders
  }
}

const ASSIGNMENTS = [
  // sh, zsh, environment.d, /etc/environment, .env; also `declare -x` and several on one export line
  /^(?:export\s+|declare\s+-\w*x\w*\s+|typeset\s+-\w*x\w*\s+)?([A-Za-z_]\w*)=(.*)$/,
  // fish: set -gx NAME value
  /^set\s+(?:-\w+\s+|--\w+\s+)*([A-Za-z_]\w*)\s+(.+)$/,
  // csh
  /^setenv\s+([A-Za-z_]\w*)\s+(.+)$/,
  // PowerShell: $env:NAME = "value"
  /^\$env:([A-Za-z_]\w*)\s*=\s*(.+)$/i,
  // PowerShell: [Environment]::SetEnvironmentVariable("NAME", "value"
  /^\[(?:System\.)?Environment\]::SetEnvironmentVariable\(\s*["']([A-Za-z_]\w*)["']\s*,\s*(.+)$/i,
  // PAM: NAME DEFAULT=value
  /^([A-Za-z_]\w*)\s+DEFAULT=(.+)$/,
];

function parseAssignment(content: string): { readonly name: string; readonly value: string } | null {
  if (content === '' || content.startsWith('#')) return null;
  for (const pattern of ASSIGNMENTS) {
    const match = pattern.exec(content);
    if (match) return { name: match[1] ?? '', value: unquote(match[2] ?? '') };
  }
  return null;
}

function unquote(raw: string): string {
  const text = raw.trim();
  const quoted = /^"((?:[^"\\]|\\.)*)"|^'([^']*)'/.exec(text);
  if (quoted) return quoted[1] ?? quoted[2] ?? '';
  return text.replace(/\s+#.*$/, '').replace(/[;)]+$/, '');
}
