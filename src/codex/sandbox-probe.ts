/**
 * Can Codex start a command in its sandbox on this machine? Asked by doing it, with `true` as the command.
 *
 * On Linux the native program is its own sandbox helper when it is called `codex-linux-sandbox` (0.133 to 0.169).
 * Called so it needs no Codex home and writes into none, while `codex sandbox` leaves helper links in `tmp/`.
 */
import type { Host, RunResult } from '../host.ts';
import type { CodexBinary } from './binaries.ts';
import type { CodexScope } from './home.ts';
import { PROBE_VARIABLE } from './processes-system.ts';

export type SandboxProbe =
  | { readonly kind: 'works'; readonly how: string }
  /** It was tried and did not work: `output` is what it said. */
  | { readonly kind: 'failed'; readonly how: string; readonly output: string }
  /** It could not be tried, and why. */
  | { readonly kind: 'untested'; readonly reason: string };

/** What Codex runs a command with by default: read the whole disk, write nothing, no network. */
const READ_ONLY = JSON.stringify({
  type: 'managed',
  file_system: {
    type: 'restricted',
    entries: [{ path: { type: 'special', value: { kind: 'root' } }, access: 'read' }],
  },
  network: 'restricted',
});
/** Measured: 25 ms. A machine that swaps is no reason to call its sandbox broken. */
const TIMEOUT_MS = 5000;

export interface SandboxProbeOptions {
  /** The feature `use_legacy_landlock` is on: the older way, without bubblewrap. */
  readonly legacyLandlock: boolean;
  /** Windows has to be asked through `codex sandbox`, which writes into the home. */
  readonly mayWrite: boolean;
}

/** Tries that copy's sandbox. Never throws; loosens nothing. */
export async function probeSandbox(
  scope: CodexScope,
  binary: CodexBinary,
  options: SandboxProbeOptions,
): Promise<SandboxProbe> {
  const { host } = scope;
  if (binary.native === null) return { kind: 'untested', reason: `${binary.path} cannot be started` };
  const base = { timeoutMs: TIMEOUT_MS, signal: scope.signal, maxBytes: 64 * 1024 };
  const env = { ...host.env, [PROBE_VARIABLE]: '1' };
  switch (host.platform) {
    case 'linux': {
      const how = options.legacyLandlock ? 'Landlock (features.use_legacy_landlock)' : 'bubblewrap';
      const legacy = options.legacyLandlock ? ['--use-legacy-landlock'] : [];
      const args = [
        '--sandbox-policy-cwd',
        '/',
        '--permission-profile',
        READ_ONLY,
        ...legacy,
        '--',
        '/bin/true',
      ];
      const run = { ...base, env, cwd: '/', argv0: 'codex-linux-sandbox' };
      return judge(how, await host.run(binary.native, args, run));
    }
    case 'darwin': {
      const args = ['-p', '(version 1)(allow default)', '/usr/bin/true'];
      return judge('Seatbelt', await host.run('/usr/bin/sandbox-exec', args, { ...base, env }));
    }
    case 'win32': {
      if (!options.mayWrite)
        return { kind: 'untested', reason: 'writes into the Codex home: run with --live' };
      return judge(
        'restricted token',
        await runWindows(host, binary.native, { ...base, env, timeoutMs: 30_000 }),
      );
    }
    default:
      return { kind: 'untested', reason: `Codex has no sandbox on ${host.platform}` };
  }
}

function runWindows(host: Host, native: string, options: Parameters<Host['run']>[2]): Promise<RunResult> {
  return host.run(native, ['sandbox', '--', 'cmd.exe', '/c', 'exit', '0'], options);
}

function judge(how: string, ran: RunResult): SandboxProbe {
  switch (ran.kind) {
    case 'unstartable':
      return { kind: 'untested', reason: `it does not start: ${ran.message}` };
    case 'timeout':
      return { kind: 'untested', reason: 'no answer in time' };
    case 'signalled':
      return { kind: 'failed', how, output: `ended by ${ran.signal} ${said(ran.stderr)}`.trim() };
    case 'exited': {
      if (ran.code === 0) return { kind: 'works', how };
      const output = said(ran.stderr) || `exit code ${ran.code}`;
      // A version whose helper takes other arguments says nothing about this machine.
      if (
        /unexpected argument|required arguments were not provided|unrecognized|invalid value/i.test(output)
      ) {
        return { kind: 'untested', reason: `this version asks for other arguments: ${output}` };
      }
      return { kind: 'failed', how, output };
    }
  }
}

/** The lines that say something: no backtrace notes. */
function said(stderr: string): string {
  const lines = stderr.split('\n').map((line) => line.trim());
  const noise = /^(|stack backtrace:|note: .*|thread '.*' .*panicked at .*|WARNING: proceeding.*)$/;
  return lines
    .filter((line) => !noise.test(line))
    .slice(0, 4)
    .join(' · ');
}
