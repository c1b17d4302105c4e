/**
 * The official Codex for a rehearsal: the one on PATH, or, on a machine without one, the newest of the npm registry in
 * steward's own cache folder. A rehearsal never installs anything where the user's own programs are.
 */
import { constants, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readCodexBinaries, usableNative } from '../codex/binaries.ts';
import { resolveCodexHome } from '../codex/home.ts';
import { StewardError } from '../errors.ts';
import type { Host } from '../host.ts';
import { npmReason } from '../npm-reason.ts';
import { isThere } from '../storage/is-there.ts';
import { startProgress } from './render/progress.ts';
import type { Terminal } from './render/terminal.ts';

const INSTALL_TIMEOUT_MS = 10 * 60_000;

/** Absolute path of a native binary. Throws `ERR_LAB_CODEX` when there is none and none can be had. */
export async function findCodexForLab(
  host: Host,
  terminal: Terminal,
  options: { readonly version: string | undefined; readonly signal: AbortSignal },
): Promise<string> {
  if (options.version === undefined) {
    const installed = usableNative(
      await readCodexBinaries({ host, home: resolveCodexHome(host), signal: options.signal }),
    );
    if (installed?.native) return installed.native;
  }
  const version = options.version ?? 'latest';
  const folder = join(cacheFolder(host), 'codex', version);
  const cached = version === 'latest' ? null : await nativeBelow(folder, host);
  return cached ?? (await install(folder, version, host, terminal, options.signal));
}

async function install(
  folder: string,
  version: string,
  host: Host,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<string> {
  await mkdir(folder, { recursive: true });
  const progress = startProgress(
    terminal,
    `fetching the official Codex (${version}) from npm into ${folder}`,
  );
  const npm = host.platform === 'win32' ? 'npm.cmd' : 'npm';
  const args = ['install', '--prefix', folder, '--no-audit', '--no-fund', `@openai/codex@${version}`];
  const ran = await host.run(npm, args, { timeoutMs: INSTALL_TIMEOUT_MS, signal }).finally(progress.stop);
  const native = await nativeBelow(folder, host);
  if (native !== null) return native;
  const why =
    ran.kind === 'unstartable'
      ? ran.message
      : ran.kind === 'timeout'
        ? 'npm did not end'
        : (npmReason(ran.stderr) ?? ran.stderr.trim().split('\n').at(-1));
  throw new StewardError(
    'ERR_LAB_CODEX',
    'environment',
    `The official Codex could not be fetched: ${why ?? 'no reason given'}`,
    {
      hint: 'Check the network, or install Codex first: npm install -g @openai/codex',
    },
  );
}

/** The native binary of the npm package below that folder, when its installation came to its end (`vendor/<target>/bin/codex`, Codex 0.133 and 0.169). */
async function nativeBelow(folder: string, host: Host): Promise<string | null> {
  const arch = host.arch === 'arm64' ? 'aarch64' : 'x86_64';
  const system = { linux: 'unknown-linux-musl', darwin: 'apple-darwin', win32: 'pc-windows-msvc' }[
    host.platform as string
  ];
  if (system === undefined) return null;
  if (!(await isThere(join(folder, 'node_modules', '.package-lock.json'), constants.R_OK))) return null; // npm writes it last
  const name = `codex-${host.platform}-${host.arch}`;
  const tail = ['vendor', `${arch}-${system}`, 'bin', host.platform === 'win32' ? 'codex.exe' : 'codex'];
  const modules = join(folder, 'node_modules', '@openai');
  for (const place of [join(modules, name), join(modules, 'codex', 'node_modules', '@openai', name)]) {
    const path = join(place, ...tail);
    if (await isThere(path, constants.X_OK)) return path;
  }
  return null;
}

/** Where this system keeps what can be fetched again (XDG base directories; macOS and Windows conventions). */
function cacheFolder(host: Host): string {
  if (host.platform === 'darwin') return join(host.userHome, 'Library', 'Caches', 'codex-steward');
  if (host.platform === 'win32')
    return join(host.env.LOCALAPPDATA ?? host.userHome, 'codex-steward', 'cache');
  return join(host.env.XDG_CACHE_HOME || join(host.userHome, '.cache'), 'codex-steward');
}
