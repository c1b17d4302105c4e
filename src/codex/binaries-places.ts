/** Where a `codex` may lie: the folders on `PATH`, and the places where installers of Codex 0.133 to 0.169 put it. */
import { readdir } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { type Host, systemPath } from '../host.ts';

export interface BinaryPlace {
  readonly path: string;
  readonly pathIndex: number | null;
  /** The program that this copy belongs to, where the place tells it. */
  readonly owner: 'app' | 'ide' | null;
}

/** Every path worth looking at, most of which will not exist. PATH first, in its order. */
export async function binaryPlaces(host: Host, codexHome: string): Promise<readonly BinaryPlace[]> {
  const places: BinaryPlace[] = [];
  const names = programNames(host, 'codex');
  for (const [pathIndex, folder] of pathFolders(host).entries()) {
    for (const name of names) places.push({ path: join(folder, name), pathIndex, owner: null });
  }
  const file = host.platform === 'win32' ? 'codex.exe' : 'codex';
  const other = (path: string, owner: BinaryPlace['owner'] = null) =>
    places.push({ path, pathIndex: null, owner });
  for (const home of new Set([codexHome, join(host.userHome, '.codex')])) {
    for (const below of ['', 'bin']) other(join(home, 'packages', 'standalone', 'current', below, file));
  }
  for (const folder of USER_FOLDERS) other(join(host.userHome, ...folder, names[0] ?? file));
  for (const [folder, versions, below] of VERSIONED_FOLDERS) {
    const base = join(host.userHome, folder, versions);
    for (const version of await list(base)) other(join(base, version, below, file));
  }
  for (const folder of [
    '/opt/homebrew/bin',
    '/usr/local/bin',
    '/home/linuxbrew/.linuxbrew/bin',
    '/usr/bin',
  ]) {
    if (host.platform !== 'win32') other(join(systemPath(host, folder), file));
  }
  for (const apps of [systemPath(host, '/Applications'), join(host.userHome, 'Applications')]) {
    if (host.platform === 'darwin') other(join(apps, 'Codex.app', 'Contents', 'Resources', 'codex'), 'app');
  }
  for (const path of await ideBinaries(host)) other(path, 'ide');
  return places;
}

/** The folders of `PATH` in order, each once. Relative and empty entries hang on the working folder: left out. */
export function pathFolders(host: Host, path: string | undefined = searchPath(host)): readonly string[] {
  const separator = host.platform === 'win32' ? ';' : delimiter;
  return [...new Set((path ?? '').split(separator).filter((folder) => isAbsolute(folder)))];
}

/** The file names that a shell tries for a command, in its order. */
export function programNames(host: Host, command: string): readonly string[] {
  if (host.platform !== 'win32' || /\.[a-z0-9]+$/i.test(command)) return [command];
  const extensions = (host.env.PATHEXT ?? '.COM;.EXE;.BAT;.CMD').split(';').filter(Boolean);
  return extensions.map((extension) => `${command}${extension.toLowerCase()}`);
}

/** Extension folders of editors that carry the Codex extension, newest version of each editor only. */
export async function ideExtensions(host: Host): Promise<readonly string[]> {
  const folders: string[] = [];
  for (const editor of EDITORS) {
    const base = join(host.userHome, editor, 'extensions');
    const versions = (await list(base)).filter((name) => /^openai\.chatgpt-\d/.test(name));
    // An update leaves the older ones behind until the editor restarts.
    const newest = versions.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1);
    if (newest !== undefined) folders.push(join(base, newest));
  }
  return folders;
}

const EDITORS = ['.vscode', '.vscode-insiders', '.vscode-server', '.cursor', '.cursor-server', '.windsurf'];
const USER_FOLDERS: readonly (readonly string[])[] = [
  ['.local', 'bin'],
  ['.npm-global', 'bin'],
  ['.bun', 'bin'],
  ['.local', 'share', 'pnpm'],
  ['Library', 'pnpm'],
  ['.volta', 'bin'],
  ['AppData', 'Roaming', 'npm'],
];
/** Version managers keep one global prefix for each Node: `codex` of another Node is not on PATH. */
const VERSIONED_FOLDERS: readonly (readonly [string, string, string])[] = [
  ['.nvm', join('versions', 'node'), 'bin'],
  [join('.local', 'share', 'fnm'), 'node-versions', join('installation', 'bin')],
];

async function ideBinaries(host: Host): Promise<readonly string[]> {
  const machine = host.arch === 'arm64' ? 'aarch64' : 'x86_64';
  const system = host.platform === 'win32' ? 'windows' : host.platform === 'darwin' ? 'macos' : 'linux';
  const file = host.platform === 'win32' ? 'codex.exe' : 'codex';
  return (await ideExtensions(host)).map((folder) => join(folder, 'bin', `${system}-${machine}`, file));
}

/** Windows writes it `Path`, and its environment folds case. */
function searchPath(host: Host): string | undefined {
  if (host.platform !== 'win32') return host.env.PATH;
  const name = Object.keys(host.env).find((key) => key.toUpperCase() === 'PATH');
  return name === undefined ? undefined : host.env[name];
}

async function list(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []); // not there, or not ours to read: then nothing of ours is in it
}
