/** Whether the command of an MCP server can be started, looked up the way the system does it for Codex. */
import { readdir, stat } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { type Host, systemPath } from '../host.ts';
import { pathFolders, programNames } from './binaries-places.ts';
import { mcpEnvironment, type StdioServer } from './mcp-servers.ts';

export type McpCommand =
  | { readonly kind: 'found'; readonly path: string }
  /** The folder that the server should be started in does not exist; the system calls that "No such file" too. */
  | { readonly kind: 'no-cwd'; readonly cwd: string }
  | { readonly kind: 'not-executable'; readonly path: string }
  | {
      readonly kind: 'missing';
      /** Where it was looked for: the path itself, or the folders of PATH. */
      readonly searched: readonly string[];
      /** The same program at a place that is not on PATH. */
      readonly elsewhere: string | null;
      /** `~` or `$HOME` in the command: neither Codex nor the system expands it. */
      readonly unexpanded: boolean;
    };

/** Looks the command up in the server's own PATH (`env` may set one). Starts nothing. */
export async function findMcpCommand(host: Host, server: StdioServer): Promise<McpCommand> {
  const { command } = server;
  const cwd = server.cwd === null ? host.cwd : resolve(host.cwd, server.cwd);
  if (server.cwd !== null && !(await stat(cwd).catch(() => null))?.isDirectory())
    return { kind: 'no-cwd', cwd };
  const env = mcpEnvironment(host, server);
  const isPath = command.includes('/') || (host.platform === 'win32' && command.includes('\\'));
  // With a slash in it, it is a path from the folder that the server is started in.
  const folders = isPath ? [''] : pathFolders({ ...host, env: { ...host.env, ...env } });
  const names = programNames(host, command);
  let notExecutable: string | null = null;
  for (const folder of folders) {
    for (const name of names) {
      const path = isPath ? resolve(cwd, name) : join(folder, name);
      const file = await stat(path).catch(() => null);
      if (!file?.isFile()) continue;
      if (host.platform === 'win32' || (file.mode & 0o111) !== 0) return { kind: 'found', path };
      notExecutable ??= path;
    }
  }
  if (notExecutable !== null) return { kind: 'not-executable', path: notExecutable };
  const elsewhere = isPath ? null : await findElsewhere(host, names);
  return {
    kind: 'missing',
    searched: isPath ? [resolve(cwd, command)] : folders,
    elsewhere,
    unexpanded: /^~|\$\{?\w+|%\w+%/.test(command),
  };
}

/** Folders that shells add in their start files, so that programs started from a desktop do not have them. */
const USER_FOLDERS: readonly string[] = [
  '.local/bin',
  '.cargo/bin',
  '.bun/bin',
  '.deno/bin',
  '.volta/bin',
  '.npm-global/bin',
  '.local/share/pnpm',
  'Library/pnpm',
  '.pyenv/shims',
  '.asdf/shims',
  '.local/share/mise/shims',
  'go/bin',
];
const SYSTEM_FOLDERS = ['/opt/homebrew/bin', '/usr/local/bin', '/home/linuxbrew/.linuxbrew/bin', '/snap/bin'];

async function findElsewhere(host: Host, names: readonly string[]): Promise<string | null> {
  const nvm = join(host.userHome, '.nvm', 'versions', 'node');
  const versions = await readdir(nvm).catch(() => []);
  const newest = versions.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1);
  const folders = [
    ...USER_FOLDERS.map((folder) => join(host.userHome, folder)),
    ...(newest === undefined ? [] : [join(nvm, newest, 'bin')]),
    ...SYSTEM_FOLDERS.map((folder) => systemPath(host, folder)),
  ];
  for (const folder of folders) {
    for (const name of names) {
      const path = join(folder, name);
      const file = await stat(path).catch(() => null);
      if (isAbsolute(path) && file?.isFile() && (file.mode & 0o111) !== 0) return path;
    }
  }
  return null;
}
