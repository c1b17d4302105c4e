/** Repairs of an install: put a package back whole, take a link out of the way that hides the newer copy. */
import { lstat, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { CodexBinary } from '../../codex/binaries.ts';
import type { Host } from '../../host.ts';
import { fingerprint } from '../../storage/fingerprint.ts';
import type { RepairPlan } from '../../storage/steps.ts';
import type { RepairRefusal } from '../check.ts';

export const REINSTALL = 'install.binary_missing.reinstall';
export const UNLINK = 'install.path_shadow.unlink';

/**
 * The command that puts that copy back whole, in the same version: an upgrade is not what was asked for.
 * `null` where no package manager looks after it.
 */
export function reinstallCommand(binary: CodexBinary): readonly string[] | null {
  const spec = `@openai/codex@${binary.version ?? 'latest'}`;
  switch (binary.method) {
    case 'npm':
      return ['npm', 'install', '--global', spec, '--include=optional'];
    case 'pnpm':
      return ['pnpm', 'add', '--global', spec];
    case 'bun':
      return ['bun', 'install', '--global', spec];
    case 'brew':
      return ['brew', 'reinstall', '--cask', 'codex'];
    default:
      return null;
  }
}

/** Whether {@link planReinstall} can do it here: npm, on a system where its layout is known. */
export function canReinstall(binary: CodexBinary, host: Host): boolean {
  return binary.method === 'npm' && binary.version !== null && npmPrefix(binary, host) !== null;
}

/** npm puts the same version back into the same prefix; the package's folder is the before-image. */
export async function planReinstall(binary: CodexBinary, host: Host): Promise<RepairPlan | RepairRefusal> {
  const command = reinstallCommand(binary);
  const prefix = npmPrefix(binary, host);
  if (binary.method !== 'npm' || binary.packageRoot === null || command === null || prefix === null) {
    return { refused: `steward reinstalls global npm installs only; run: ${(command ?? []).join(' ')}` };
  }
  const scope = dirname(binary.packageRoot);
  const refused = await notOurs(host, [scope, dirname(binary.path)]);
  if (refused !== null) return { refused };
  const siblings = await readdir(scope).catch(() => []);
  return {
    repairId: REINSTALL,
    summary: `Reinstall ${command[3]} with its native program`,
    steps: [
      {
        kind: 'command',
        argv: [...command, '--prefix', prefix, '--no-audit', '--no-fund'],
        env: {},
        touches: [
          binary.packageRoot,
          ...siblings
            .filter((name) => /^codex-(linux|darwin|win32)-/.test(name))
            .map((name) => join(scope, name)),
          binary.path,
        ],
        timeoutMs: 10 * 60_000,
      },
    ],
    requiresStopped: 'nothing',
  };
}

/** Moves the link aside that hides the newer copy. A link only, and only our own: the copy behind it stays. */
export async function planUnlink(binary: CodexBinary, host: Host): Promise<RepairPlan | RepairRefusal> {
  const link = await lstat(binary.path);
  if (!link.isSymbolicLink())
    return { refused: `${binary.path} is a program, not a link: uninstall that copy` };
  const refused = await notOurs(host, [binary.path, dirname(binary.path)]);
  if (refused !== null) return { refused };
  return {
    repairId: UNLINK,
    summary: `Move the link ${binary.path} out of the way`,
    steps: [{ kind: 'move-aside', path: binary.path, expect: await fingerprint(binary.path), sidecars: [] }],
    requiresStopped: 'nothing',
  };
}

/** Whether that link can be moved aside by {@link planUnlink}. */
export async function canUnlink(binary: CodexBinary, host: Host): Promise<boolean> {
  const link = await lstat(binary.path).catch(() => null);
  return (
    link?.isSymbolicLink() === true && (await notOurs(host, [binary.path, dirname(binary.path)])) === null
  );
}

/** `<prefix>/lib/node_modules/@openai/codex` (Windows: without `lib`), or `null` for any other layout. */
function npmPrefix(binary: CodexBinary, host: Host): string | null {
  if (binary.packageRoot === null || basename(binary.packageRoot) !== 'codex') return null;
  const modules = dirname(dirname(binary.packageRoot));
  if (basename(modules) !== 'node_modules') return null;
  if (host.platform === 'win32') return dirname(modules);
  return basename(dirname(modules)) === 'lib' ? dirname(dirname(modules)) : null;
}

async function notOurs(host: Host, paths: readonly string[]): Promise<string | null> {
  if (host.uid === undefined || host.uid === 0) return null;
  for (const path of paths) {
    const stat = await lstat(path).catch(() => null);
    if (stat !== null && stat.uid !== host.uid) return `${path} belongs to another user (uid ${stat.uid})`;
  }
  return null;
}
