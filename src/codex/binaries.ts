/**
 * Every `codex` on this machine: where it is, what installed it, which version it is, and whether it can start.
 *
 * Told from files as far as possible: starting each copy would cost a process per copy, and a copy that is broken
 * says less about itself than its folder does.
 */
import { join } from 'node:path';
import type { Host } from '../host.ts';
import { inspectBinary } from './binaries-inspect.ts';
import { binaryPlaces } from './binaries-places.ts';
import type { CodexBinary } from './codex-binary.ts';
import type { CodexReader } from './home.ts';
import { PROBE_VARIABLE } from './processes-system.ts';

export type { BinaryProblem, CodexBinary } from './codex-binary.ts';

/** All copies: those on `PATH` in its order, then the others. One entry a folder, none twice. */
export const readCodexBinaries: CodexReader<readonly CodexBinary[]> = async ({ host, home }) => {
  const places = await binaryPlaces(host, home.path);
  const found = await Promise.all(places.map((place) => inspectBinary(host, place)));
  const binaries: CodexBinary[] = [];
  const seen = new Set<string>();
  for (const binary of found) {
    if (binary === null) continue;
    // `/bin` is `/usr/bin` on most systems, and the known places are on PATH as a rule.
    const key = binary.pathIndex === null ? (binary.realPath ?? binary.path) : binary.path;
    if (seen.has(key) || (binary.pathIndex === null && binary.native !== null && seen.has(binary.native)))
      continue;
    for (const name of [binary.path, binary.realPath, binary.native]) if (name !== null) seen.add(name);
    binaries.push(binary);
  }
  return Promise.all(binaries.map((binary) => withVersion(host, binary)));
};

/** The copy that a shell starts for `codex`: the first on `PATH` that leads to an executable file. */
export function activeBinary(binaries: readonly CodexBinary[]): CodexBinary | null {
  const passed = ['dangling', 'not-executable']; // a shell goes on to the next folder
  return (
    binaries.find((binary) => binary.pathIndex !== null && !passed.includes(binary.problem?.kind ?? '')) ??
    null
  );
}

/**
 * The copy that does the work when a shell starts `codex`: the active one, or, where that is a script of another program
 * (steward's own shim, a version manager's), the first copy that can start.
 */
export function workingBinary(binaries: readonly CodexBinary[]): CodexBinary | null {
  const active = activeBinary(binaries);
  return active?.method === 'shim' && active.problem === null ? (usableNative(binaries) ?? active) : active;
}

/** The native program to ask something: of the active copy, else of any copy that can start. */
export function usableNative(binaries: readonly CodexBinary[]): CodexBinary | null {
  const usable = binaries.filter((binary) => binary.problem === null && binary.native !== null);
  const active = activeBinary(binaries);
  return usable.find((binary) => binary.path === active?.path) ?? usable[0] ?? null;
}

/** Asks a copy for its version where no file tells it. It cannot write then: its Codex home does not exist. */
async function withVersion(host: Host, binary: CodexBinary): Promise<CodexBinary> {
  if (binary.version !== null || binary.problem !== null || binary.native === null) return binary;
  const nowhere = join(binary.native, 'no-such-home');
  const ran = await host.run(binary.native, ['--version'], {
    env: { ...host.env, CODEX_HOME: nowhere, CODEX_SQLITE_HOME: undefined, [PROBE_VARIABLE]: '1' },
    timeoutMs: 3000,
    maxBytes: 64 * 1024,
  });
  const version =
    ran.kind === 'exited' && ran.code === 0 ? /(\d+\.\d+\.\d+\S*)/.exec(ran.stdout)?.[1] : undefined;
  if (version !== undefined) return { ...binary, version };
  const said = ran.kind === 'unstartable' ? ran.message : ran.stderr.trim().split('\n').slice(-3).join(' ');
  const output = ran.kind === 'timeout' ? 'did not answer within 3 seconds' : said;
  // A program of that name that is not Codex, or prints no version, is not a broken Codex.
  if (ran.kind === 'exited' && ran.code === 0) return binary;
  return { ...binary, problem: { kind: 'fails-to-start', path: binary.native, output } };
}
