/** Remote control in the foreground: the official command as a child, its log read line by line as it comes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import * as v from 'valibot';
import { isConnectedLine, parseEnrollmentError } from '../codex/enrollment-error.ts';
import type { CodexScope } from '../codex/home.ts';
import { readInstallationId } from '../codex/installation-id.ts';
import { messageOf, StewardError } from '../errors.ts';
import { redact } from '../storage/redact.ts';
import { readRemoteBase } from './backend/base-url.ts';
import type { HostStatus } from './host-status.ts';
import { type LastError, lastErrorOf, ownError } from './last-error.ts';
import { storeError } from './last-error-store.ts';
import { type OfficialCodex, requireOfficialCodex, talkativeEnvironment } from './official.ts';

export interface ForegroundOptions {
  /** The first outcome, and every change after it. */
  onStatus(status: HostStatus): void;
  /** A line of Codex's own that is neither log nor status. */
  onLine?(line: string): void;
}

const outcomeJson = v.looseObject({
  status: v.picklist(['disabled', 'connecting', 'connected', 'errored']),
  serverName: v.optional(v.nullable(v.string()), null),
  environmentId: v.optional(v.nullable(v.string()), null),
});
const MAX_WORDS = 4000;
/** What `RUST_BACKTRACE` adds: addresses without names. */
const BACKTRACE = /^Stack backtrace:$|^\s*\d+: /;

/**
 * Runs until the command ends by itself or the scope's signal asks it to. Returns its exit code, and the last status.
 * Throws `ERR_REMOTE_CODEX` where there is no Codex that can be started.
 */
export async function runForeground(
  scope: CodexScope,
  options: ForegroundOptions,
): Promise<{ readonly exitCode: number; readonly status: HostStatus }> {
  const codex = await requireOfficialCodex(scope);
  const id = await readInstallationId(scope);
  let status: HostStatus = {
    status: 'connecting',
    serverName: null,
    installationId: id.kind === 'ok' ? id.value : null,
    environmentId: null,
    lastError: null,
  };
  let lastError: LastError | null = null;
  let isDecided = false;
  let words = '';
  const tell = (change: Partial<HostStatus>) => {
    isDecided = true;
    status = { ...status, ...change };
    options.onStatus(status);
  };
  const child = start(codex, await foregroundArguments(scope, codex), scope);
  const onLog = (line: string) => {
    const error = parseEnrollmentError(line);
    if (error !== null) {
      const isNew = lastError?.kind !== error.kind || lastError.httpStatus !== error.httpStatus;
      lastError = lastErrorOf(error, scope.host.now());
      if (isDecided && isNew) tell({ status: 'errored', lastError });
    } else if (isConnectedLine(line)) {
      lastError = null;
      if (isDecided && status.status !== 'connected') tell({ status: 'connected', lastError });
    } else if (!line.startsWith('{') && line.trim() !== '' && !BACKTRACE.test(line)) {
      words = `${words}${redact(line)}\n`.slice(-MAX_WORDS);
      options.onLine?.(redact(line));
    }
  };
  const onOutcome = async (line: string) => {
    const said = parseOutcome(line);
    if (said === null) return;
    const error = said.status === 'connected' ? null : (lastError ?? (await noAnswer(scope)));
    const { serverName, environmentId } = said;
    tell({ status: said.status, serverName, environmentId, lastError: error });
  };
  const pending: Promise<void>[] = [];
  const stdout = readLines(child.stdout, (line) => pending.push(onOutcome(line)));
  const stderr = readLines(child.stderr, onLog);
  const exitCode = await ended(child, codex, scope.signal);
  await Promise.all([stdout, stderr]);
  await Promise.all(pending);
  if (exitCode !== 0 && !scope.signal.aborted) {
    const inWords = parseEnrollmentError(words);
    const found: LastError =
      lastError ??
      (inWords === null
        ? ownError('daemon', scope.host.now(), { detail: words.trim() || `codex ended with ${exitCode}` })
        : lastErrorOf(inWords, scope.host.now()));
    tell({ status: 'errored', lastError: found });
  }
  await storeError(scope, scope.signal.aborted ? null : status.lastError);
  return { exitCode, status };
}

/** 0.169 would hand over to its daemon without `--no-daemon`; 0.133 does not know the option. */
async function foregroundArguments(scope: CodexScope, codex: OfficialCodex): Promise<readonly string[]> {
  const help = await scope.host.run(codex.path, ['remote-control', '--help'], {
    env: { ...scope.host.env, CODEX_HOME: scope.home.path },
    timeoutMs: 5000,
  });
  const hasOption = help.kind === 'exited' && help.stdout.includes('--no-daemon');
  return ['remote-control', '--json', ...(hasOption ? ['--no-daemon'] : [])];
}

function start(codex: OfficialCodex, args: readonly string[], scope: CodexScope) {
  return spawn(codex.path, args, {
    env: { ...talkativeEnvironment(scope.host), CODEX_HOME: scope.home.path } as NodeJS.ProcessEnv,
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
  });
}

function ended(child: ChildProcess, codex: OfficialCodex, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    // What Ctrl-C in its own terminal would do: it takes its time to say goodbye, and ends with 0.
    const stop = () => void child.kill('SIGINT');
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    child.on('error', (error) =>
      reject(
        new StewardError(
          'ERR_REMOTE_CODEX',
          'environment',
          `${codex.path} cannot be started: ${messageOf(error)}`,
          { hint: 'steward doctor --only install' },
        ),
      ),
    );
    child.on('exit', (code) => {
      signal.removeEventListener('abort', stop);
      resolve(code ?? 130);
    });
  });
}

async function readLines(stream: NodeJS.ReadableStream, onLine: (line: string) => void): Promise<void> {
  for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }))
    onLine(line);
}

async function noAnswer(scope: CodexScope): Promise<LastError> {
  const base = await readRemoteBase(scope);
  return ownError('no-answer', scope.host.now(), {
    url: base.kind === 'ok' ? new URL('wham/remote/control/server', base.url).href : null,
    reason: 'no answer for ten seconds',
  });
}

function parseOutcome(line: string): v.InferOutput<typeof outcomeJson> | null {
  try {
    const parsed = v.safeParse(outcomeJson, JSON.parse(line));
    return parsed.success ? parsed.output : null;
  } catch {
    return null; // a line for people
  }
}
