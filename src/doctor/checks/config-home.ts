/** Can Codex use the folder that it would take as its home? */
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import {
  type EnvironmentSources,
  readEnvironmentSources,
  sourcesOf,
} from '../../codex/environment-sources.ts';
import { systemCode } from '../../errors.ts';
import type { Host } from '../../host.ts';
import { type Evidence, finding } from '../../knowledge/finding.ts';
import { fingerprint } from '../../storage/fingerprint.ts';
import type { Check, CheckContext, CheckResult, FoundProblem } from '../check.ts';

type Standing = 'folder' | 'missing' | 'file' | 'unreachable';

export const configHomeCheck: Check = {
  id: 'steward.config-home',
  category: 'config',
  title: 'Codex home is usable',
  finds: ['config.home_invalid'],
  timeoutMs: 3000,
  async run(context) {
    const { home } = context;
    const sources = await context.read(readEnvironmentSources);
    const standing = await standingOf(resolve(context.host.cwd, home.path));
    const details = {
      'Codex home': home.path,
      'named by': home.source === 'env' ? whereSet(sources) : 'default',
      standing,
    };
    const problem =
      home.source === 'env' ? await namedHome(context, standing, sources) : defaultHome(home.path, standing);
    if (problem) return { summary: problem.finding.cause, status: 'problems', details, problems: [problem] };
    const summary =
      standing === 'missing'
        ? `${home.path} does not exist yet; Codex makes it when it starts`
        : `${home.path} is a folder`;
    const result: CheckResult = { summary, status: 'ok', details, problems: [] };
    return standing === 'unreachable'
      ? { ...result, status: 'skipped', summary: `${home.path} cannot be looked at` }
      : result;
  },
};

function defaultHome(path: string, standing: Standing): FoundProblem | null {
  if (standing !== 'file') return null;
  return {
    finding: finding('config.home_invalid', {
      subject: path,
      evidence: [{ source: 'file', where: path, what: 'a file' }],
      cause: `${path} is a file, and Codex needs a folder there.`,
      steps: [`ls -la ${path}`, `mv ${path} ${path}.old`],
    }),
  };
}

async function namedHome(
  context: CheckContext,
  standing: Standing,
  sources: EnvironmentSources,
): Promise<FoundProblem | null> {
  const { host } = context;
  const value = host.env.CODEX_HOME ?? '';
  const evidence = homeEvidence(value, sources);
  const problem = (
    cause: string,
    steps: readonly string[],
    severity: 'fail' | 'warn' = 'fail',
  ): FoundProblem => ({
    finding: finding('config.home_invalid', { subject: 'CODEX_HOME', severity, evidence, cause, steps }),
  });
  const setLine = (path: string) => [
    `Set CODEX_HOME to ${path} (${whereSet(sources)}), or remove it to use ~/.codex.`,
    'Open a new terminal.',
  ];

  if (standing === 'missing' || standing === 'file') {
    const meant = await meantHome(host, value);
    if (meant !== null) {
      return problem(
        `CODEX_HOME is ${JSON.stringify(value)}, which Codex takes letter by letter and does not find; ${meant} exists.`,
        setLine(meant),
      );
    }
    if (standing === 'file') {
      return problem(
        `CODEX_HOME names ${value}, which is a file, so Codex does not start.`,
        setLine(join(host.userHome, '.codex')),
      );
    }
    return missingHome(value, evidence, setLine(join(host.userHome, '.codex')), host);
  }
  if (standing === 'unreachable') return null;
  if (!isAbsolute(value)) {
    return problem(
      `CODEX_HOME is the relative path ${JSON.stringify(value)}, so Codex uses another home in every folder it is started in.`,
      setLine(resolve(host.cwd, value)),
      'warn',
    );
  }
  const temporary = temporaryFolderOf(host, value);
  if (temporary === null) return null;
  return problem(
    `CODEX_HOME is ${value} in the temporary folder ${temporary}: Codex refuses to place its helper programs there, and logins and sessions may be swept away.`,
    setLine(join(host.userHome, '.codex')),
    'warn',
  );
}

/** Making the folder is right only where nothing says that another was meant: no default home that is in use. */
async function missingHome(
  value: string,
  evidence: readonly Evidence[],
  steps: readonly string[],
  host: Host,
): Promise<FoundProblem> {
  const cause = `CODEX_HOME names ${value}, which does not exist, so Codex does not start.`;
  const canMake =
    isAbsolute(value) &&
    value.trim() === value &&
    !/["'$~%]/.test(value) &&
    temporaryFolderOf(host, value) === null &&
    (await standingOf(dirname(value))) === 'folder' &&
    (await standingOf(join(host.userHome, '.codex'))) !== 'folder';
  if (!canMake) {
    return { finding: finding('config.home_invalid', { subject: 'CODEX_HOME', evidence, cause, steps }) };
  }
  const repairId = 'config.home_invalid.make-folder';
  const summary = `Make the folder ${value}.`;
  return {
    finding: finding('config.home_invalid', {
      subject: 'CODEX_HOME',
      evidence,
      cause,
      summary,
      steps: [`mkdir -m 700 ${value}`, 'codex login'],
      repairId,
    }),
    plan: async () => ({
      repairId,
      summary,
      steps: [{ kind: 'make-folder', path: value, mode: 0o700, expect: await fingerprint(value) }],
      requiresStopped: 'nothing',
    }),
  };
}

async function standingOf(path: string): Promise<Standing> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file';
  } catch (error) {
    return systemCode(error) === 'ENOENT'
      ? 'missing'
      : systemCode(error) === 'ENOTDIR'
        ? 'missing'
        : 'unreachable';
  }
}

/** The folder that the value means when a shell's quotes, spaces or `~` came through. */
async function meantHome(host: Host, value: string): Promise<string | null> {
  const bare = value
    .trim()
    .replace(/^(["'])(.*)\1$/, '$2')
    .trim();
  const expanded = bare
    .replace(/^~(?=\/|$)/, host.userHome)
    .replace(/^\$\{?HOME\}?(?=\/|$)/, host.userHome)
    .replace(/^%USERPROFILE%/i, host.userHome);
  return expanded !== value && isAbsolute(expanded) && (await standingOf(expanded)) === 'folder'
    ? expanded
    : null;
}

/** Codex 0.133 and 0.169: `TMPDIR`, else `/tmp` (on Windows, the system's). */
function temporaryFolderOf(host: Host, path: string): string | null {
  const folder = host.platform === 'win32' ? tmpdir() : (host.env.TMPDIR ?? '/tmp');
  const within = relative(folder, path);
  return within === '' || (!within.startsWith('..') && !isAbsolute(within)) ? folder : null;
}

function homeEvidence(value: string, sources: EnvironmentSources): readonly Evidence[] {
  return [
    { source: 'env', where: 'CODEX_HOME', what: JSON.stringify(value) },
    ...sourcesOf(sources, 'CODEX_HOME').map(({ path, line, value: text }) => ({
      source: 'file' as const,
      where: `${path}:${line}`,
      what: `CODEX_HOME=${text}`,
    })),
  ];
}

function whereSet(sources: EnvironmentSources): string {
  const places = sourcesOf(sources, 'CODEX_HOME').map(({ path, line }) => `${path}:${line}`);
  return places.length === 0 ? 'set in the environment' : places.join(', ');
}
