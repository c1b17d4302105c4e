/**
 * Runs the official `codex remote-control …`, so that its daemon writes the reasons of its failures where we can read them:
 * a structured log on stderr, which Codex sends to a file of its own (0.133 and 0.169).
 */
import { readCodexBinaries, usableNative } from '../codex/binaries.ts';
import type { CodexScope } from '../codex/home.ts';
import { StewardError } from '../errors.ts';
import type { Host } from '../host.ts';
import { redact } from '../storage/redact.ts';

export interface OfficialCodex {
  /** The native program. */
  readonly path: string;
  readonly version: string | null;
}

export interface OfficialRun {
  /** 130 when it was interrupted, 124 when it did not end in time. */
  readonly exitCode: number;
  readonly stdout: string;
  /** Without the lifecycle telemetry that 0.169 writes between the lines; redacted. */
  readonly stderr: string;
}

/** `info`: the line that says "connected" has this level, and without it an old error would look new. */
const LOG_FILTER = 'codex_app_server_transport=info';

/** The native Codex that a shell would start. Throws `ERR_REMOTE_CODEX` where there is none. */
export async function requireOfficialCodex(scope: CodexScope): Promise<OfficialCodex> {
  const binary = usableNative(await readCodexBinaries(scope));
  if (binary?.native) return { path: binary.native, version: binary.version };
  throw new StewardError('ERR_REMOTE_CODEX', 'environment', 'There is no official Codex that can start.', {
    hint: 'npm install -g @openai/codex, or see: steward doctor --only install',
  });
}

/** The environment in which a daemon tells its reasons; a `RUST_LOG` of the user's own stays in force beside it. */
export function talkativeEnvironment({
  env,
}: Pick<Host, 'env'>): Readonly<Record<string, string | undefined>> {
  const own = env.RUST_LOG ?? '';
  const filter = own === '' ? LOG_FILTER : `${own},${LOG_FILTER}`;
  return { ...env, RUST_LOG: filter, LOG_FORMAT: 'json' };
}

/** Runs `codex remote-control ARGS` to its end. Throws `ERR_REMOTE_CODEX` where it cannot be started. */
export async function runOfficial(
  scope: CodexScope,
  codex: OfficialCodex,
  args: readonly string[],
  options: { readonly timeoutMs: number },
): Promise<OfficialRun> {
  const ran = await scope.host.run(codex.path, ['remote-control', ...args], {
    env: { ...talkativeEnvironment(scope.host), CODEX_HOME: scope.home.path },
    timeoutMs: options.timeoutMs,
    signal: scope.signal,
  });
  if (ran.kind === 'unstartable') {
    throw new StewardError(
      'ERR_REMOTE_CODEX',
      'environment',
      `${codex.path} cannot be started: ${ran.message}`,
      { hint: 'steward doctor --only install' },
    );
  }
  const exitCode =
    ran.kind === 'exited' ? ran.code : ran.kind === 'timeout' && !scope.signal.aborted ? 124 : 130;
  return { exitCode, stdout: ran.stdout, stderr: redact(withoutTelemetry(ran.stderr)) };
}

const NOISE =
  /^\{"(?:timestampMs|timestamp)"|^Stack backtrace:$|^\s*\d+: |^Installing daemon from CLI version/;

/** Drops the JSON lines that 0.169 writes to stderr for its own statistics, its structured log lines, addresses without names, and what it does at its first start. */
export function withoutTelemetry(stderr: string): string {
  return stderr
    .split('\n')
    .filter((line) => !NOISE.test(line))
    .join('\n')
    .trim();
}
