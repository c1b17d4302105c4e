/** What of the shim is on this machine: the files, whether they are current, and what a shell would really start. */
import { access, constants } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { readCodexBinaries } from '../codex/binaries.ts';
import type { CodexBinary } from '../codex/codex-binary.ts';
import type { CodexScope } from '../codex/home.ts';
import { readText } from '../codex/reading.ts';
import { StewardError } from '../errors.ts';
import type { Host } from '../host.ts';
import { renderPosixShim, SHIM_MARK, type ShimFacts } from './script-posix.ts';
import { renderBatchShim, renderPowershellShim } from './script-windows.ts';
import { findBlock, SHELLS, type Shell, shellFiles } from './shell-files.ts';

const MAX_BYTES = 1024 * 1024;

/** How steward itself is started; told by `cli/`. */
export interface StewardProgram {
  readonly node: string;
  readonly steward: string;
}

export interface ShimFile {
  readonly path: string;
  readonly content: string;
}

export interface ShimState {
  readonly folder: string;
  readonly files: readonly { readonly path: string; readonly state: 'current' | 'outdated' | 'missing' }[];
  /** Start-up files with our block in them. */
  readonly inShells: readonly { readonly shell: Shell; readonly path: string }[];
  /** What `codex` starts now in the shell that started steward; `null`: nothing. */
  readonly first: { readonly path: string; readonly isShim: boolean } | null;
  /** The official program behind it; `null` when there is none. */
  readonly official: CodexBinary | null;
}

/** The shim's own folder: never one that holds anything else. */
export function shimFolder(host: Host): string {
  if (host.platform === 'win32') {
    return join(host.env.LOCALAPPDATA || join(host.userHome, 'AppData', 'Local'), 'codex-steward', 'bin');
  }
  return join(host.env.XDG_DATA_HOME || join(host.userHome, '.local', 'share'), 'codex-steward', 'bin');
}

/** The official copy that the shim leads to: the first usable one on `PATH`, else elsewhere; never a shim. */
export async function findOfficial(scope: CodexScope): Promise<CodexBinary | null> {
  const folder = shimFolder(scope.host);
  const usable = (await readCodexBinaries(scope)).filter(
    ({ path, method, native, problem }) =>
      !path.startsWith(folder) && method !== 'shim' && native !== null && problem === null,
  );
  return usable[0] ?? null;
}

/** The files of the shim for that official copy. Throws `ERR_SHIM_NO_CODEX` when there is none. */
export async function shimFiles(
  host: Host,
  official: CodexBinary | null,
  program: StewardProgram,
): Promise<readonly ShimFile[]> {
  if (official?.native == null) {
    throw new StewardError(
      'ERR_SHIM_NO_CODEX',
      'user',
      'there is no working official codex on this machine',
      {
        hint: 'steward doctor',
      },
    );
  }
  const folder = shimFolder(host);
  const facts: ShimFacts = {
    folder,
    ...program,
    native: official.native,
    launcherEnv: launcherEnv(official),
    toolsFolder: await toolsFolder(official.native),
  };
  return host.platform === 'win32'
    ? [
        { path: join(folder, 'codex.ps1'), content: renderPowershellShim(facts) },
        { path: join(folder, 'codex.cmd'), content: renderBatchShim(facts) },
      ]
    : [{ path: join(folder, 'codex'), content: renderPosixShim(facts) }];
}

/** The shim as it is now. */
export async function readShimState(scope: CodexScope, program: StewardProgram): Promise<ShimState> {
  const { host } = scope;
  const folder = shimFolder(host);
  const official = await findOfficial(scope);
  const wanted = official === null ? null : await shimFiles(host, official, program);
  const names = host.platform === 'win32' ? ['codex.ps1', 'codex.cmd'] : ['codex'];
  const files = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      const reading = await readText(path, MAX_BYTES);
      const isCurrent =
        reading.kind === 'ok' &&
        (wanted === null
          ? await leadsSomewhere(reading.value)
          : wanted.some((file) => file.path === path && file.content === reading.value));
      const state: 'current' | 'outdated' | 'missing' = isCurrent
        ? 'current'
        : reading.kind === 'missing'
          ? 'missing'
          : 'outdated';
      return { path, state };
    }),
  );
  const inShells: { shell: Shell; path: string }[] = [];
  for (const { shell, path } of SHELLS.flatMap((name) => shellFiles(host, name))) {
    const reading = await readText(path, MAX_BYTES);
    if (reading.kind === 'ok' && findBlock(reading.value) !== null) inShells.push({ shell, path });
  }
  return { folder, files, inShells, first: await firstOnPath(host), official };
}

/** The first `codex` that can be executed on `PATH`. */
export async function firstOnPath(host: Host): Promise<ShimState['first']> {
  const names = host.platform === 'win32' ? ['codex.exe', 'codex.cmd', 'codex.ps1'] : ['codex'];
  for (const place of (host.env.PATH ?? '').split(delimiter).filter(Boolean)) {
    for (const name of names) {
      const path = join(place, name);
      if (!(await isExecutable(path))) continue;
      const reading = await readText(path, MAX_BYTES);
      return { path, isShim: reading.kind === 'ok' && reading.value.slice(0, 400).includes(SHIM_MARK) };
    }
  }
  return null;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false; // missing or not executable: a shell goes on to the next folder
  }
}

/** A shim may be the only thing on `PATH` that still knows where the official program is. */
async function leadsSomewhere(script: string): Promise<boolean> {
  const native = /^\$?native ?= ?'([^']+)'$/m.exec(script)?.[1];
  return native !== undefined && (await isExecutable(native));
}

async function toolsFolder(native: string): Promise<string | null> {
  const path = join(dirname(dirname(native)), 'codex-path');
  return (await isExecutable(path)) ? path : null;
}

/** What the official launcher sets before it starts the native program (0.133 and 0.169), told from the install method. */
function launcherEnv({ method, packageRoot }: CodexBinary): Readonly<Record<string, string>> {
  if (packageRoot === null) return {};
  const manager = { npm: 'NPM', pnpm: 'PNPM', bun: 'BUN' }[method as string];
  return {
    CODEX_MANAGED_PACKAGE_ROOT: packageRoot,
    ...(manager === undefined ? {} : { [`CODEX_MANAGED_BY_${manager}`]: '1' }),
  };
}
