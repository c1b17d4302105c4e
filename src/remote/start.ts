/** Switches remote control on with the official command, and learns what became of it: the command itself does not say. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as v from 'valibot';
import { parseEnrollmentError } from '../codex/enrollment-error.ts';
import type { CodexScope } from '../codex/home.ts';
import { readRemoteBase } from './backend/base-url.ts';
import { type HostReading, type HostStatus, readHostStatus } from './host-status.ts';
import { type LastError, lastErrorOf, ownError } from './last-error.ts';
import { storeError } from './last-error-store.ts';
import { type OfficialCodex, type OfficialRun, requireOfficialCodex, runOfficial } from './official.ts';
import { type Trouble, troubleOfError } from './trouble.ts';

export interface StartResult {
  readonly codex: OfficialCodex;
  readonly official: OfficialRun;
  /** `daemon` of the official JSON, as it stands; `null` where the command printed none. */
  readonly daemon: unknown;
  /** `status` of the official JSON; `null` where the command printed none. */
  readonly saidStatus: string | null;
  readonly host: HostReading;
  /** How long after the official command's end the reason was known. */
  readonly learnedInMs: number;
  /** Why this machine is not available; `null` when it is. */
  readonly trouble: Trouble | null;
}

/** 0.169 copies 400 MB at its first start. */
const OFFICIAL_TIMEOUT_MS = 240_000;
/** How long the reason may take to be written after the command has ended; the logs have it in 0.1 s as a rule. */
const LEARN_MS = 1300;
const POLL_MS = 100;

const officialJson = v.looseObject({ status: v.optional(v.string()), daemon: v.optional(v.unknown()) });

/** Runs the official `codex remote-control start`. Throws `ERR_REMOTE_CODEX` where there is no Codex. */
export async function startHost(scope: CodexScope): Promise<StartResult> {
  const codex = await requireOfficialCodex(scope);
  const startedAt = scope.host.now();
  const official = await runOfficial(scope, codex, ['start', '--json'], { timeoutMs: OFFICIAL_TIMEOUT_MS });
  scope.signal.throwIfAborted();
  const endedAt = performance.now();
  const host = await learn(scope, startedAt, official);
  const { lastError } = host.status;
  const said = parseOfficial(official.stdout);
  return {
    codex,
    official,
    daemon: said?.daemon ?? null,
    saidStatus: said?.status ?? null,
    host,
    learnedInMs: Math.round(performance.now() - endedAt),
    trouble: lastError === null ? null : troubleOfError(lastError),
  };
}

async function learn(scope: CodexScope, startedAt: number, official: OfficialRun): Promise<HostReading> {
  const deadline = performance.now() + LEARN_MS;
  for (;;) {
    const reading = await readHostStatus(scope, { since: startedAt, ask: true });
    const { status, lastError } = reading.status;
    const isClear = status === 'connected' || (lastError !== null && lastError.kind !== 'unknown');
    if (isClear || performance.now() >= deadline) return await conclude(scope, reading, official);
    // Nothing runs: what there is to learn stands in the command's own words.
    if (status === 'disabled' && official.exitCode !== 0) return await conclude(scope, reading, official);
    await sleep(POLL_MS, undefined, { signal: scope.signal });
  }
}

/** Whatever is not connected when the official command has given up waiting is an error, and has a reason. */
async function conclude(
  scope: CodexScope,
  reading: HostReading,
  official: OfficialRun,
): Promise<HostReading> {
  if (reading.status.status === 'connected') return reading;
  const lastError = await reasonOf(scope, reading, official);
  await storeError(scope, lastError);
  const status: HostStatus = {
    ...reading.status,
    status: reading.status.status === 'connecting' ? 'connecting' : 'errored',
    lastError,
  };
  return { ...reading, status };
}

async function reasonOf(
  scope: CodexScope,
  { status, appServer }: HostReading,
  official: OfficialRun,
): Promise<LastError> {
  const known = status.lastError;
  const now = scope.host.now();
  const isVague = known === null || known.kind === 'unknown' || known.kind === 'daemon';
  if (!isVague) return known;
  const inWords = parseEnrollmentError(official.stderr);
  if (inWords !== null) return lastErrorOf(inWords, now);
  if (official.stderr !== '' && (appServer === null || status.status === 'disabled')) {
    return ownError('daemon', now, { detail: official.stderr });
  }
  if (known !== null) return known;
  if (status.status === 'connecting') {
    const base = await readRemoteBase(scope);
    const url = base.kind === 'ok' ? new URL('wham/remote/control/server', base.url).href : null;
    const reason = 'still waiting when the official command had given up after ten seconds';
    return ownError('no-answer', now, { url, reason });
  }
  const ended = `codex remote-control start ended with ${official.exitCode} and said nothing`;
  return ownError('daemon', now, { detail: ended });
}

function parseOfficial(stdout: string): v.InferOutput<typeof officialJson> | null {
  try {
    const parsed = v.safeParse(officialJson, JSON.parse(stdout));
    return parsed.success ? parsed.output : null;
  } catch {
    return null; // an errored start prints nothing on stdout
  }
}
