/** Pairs a phone: shows a code until somebody claims it, renews it when it expires, and says whose turn it is. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CodexScope } from '../../codex/home.ts';
import { openRemoteBackend, type RemoteClient } from '../backend/backend.ts';
import type { LastError } from '../last-error.ts';
import { openPairingCodes, type PairingCode, type PairingCodes } from './codes.ts';

export type PairingEvent =
  | {
      readonly kind: 'code';
      readonly code: PairingCode /** By our clock, epoch ms. */;
      readonly until: number;
    }
  /** The phone's turn; `trouble` where the server could not be asked just now. */
  | { readonly kind: 'waiting'; readonly leftMs: number; readonly trouble: string | null }
  | { readonly kind: 'expired' };

export type PairingResult =
  /** `client`: who claimed it; `null` where the server's list does not tell. */
  | { readonly kind: 'paired'; readonly code: PairingCode; readonly client: RemoteClient | null }
  /** No code could be had, or only dead ones. */
  | { readonly kind: 'failed'; readonly error: LastError | null; readonly message: string };

export interface PairOptions {
  onEvent(event: PairingEvent): void;
  /** Between two questions. Default 2 s. */
  readonly pollMs?: number;
}

const POLL_MS = 2000;
const TICK_MS = 1000;
/** Codes that are dead as soon as they are made: asking for more does not help. */
const MAX_DEAD = 2;
/** A code may be good for longer than it says, never shorter. */
const MIN_LIFE_MS = 1000;

/** Runs until a phone has claimed a code, or none can be made. Rejects with the signal's reason when aborted. */
export async function pairPhone(scope: CodexScope, options: PairOptions): Promise<PairingResult> {
  const codes = await openPairingCodes(scope);
  if (codes.kind === 'unavailable') return { kind: 'failed', error: null, message: codes.message };
  try {
    return await pairWith(scope, codes, options);
  } finally {
    await codes.close();
  }
}

/** One code for a program that shows it itself. */
export async function makePairingCode(
  scope: CodexScope,
): Promise<PairingResult | { readonly kind: 'code'; readonly code: PairingCode }> {
  const codes = await openPairingCodes(scope);
  if (codes.kind === 'unavailable') return { kind: 'failed', error: null, message: codes.message };
  try {
    const made = await codes.make();
    return made.kind === 'code' ? made : { kind: 'failed', error: made.error, message: made.message };
  } finally {
    await codes.close();
  }
}

async function pairWith(
  scope: CodexScope,
  codes: PairingCodes,
  options: PairOptions,
): Promise<PairingResult> {
  const skewMs = await clockSkew(scope);
  const serverNow = () => scope.host.now() + skewMs;
  let known: ReadonlySet<string> | null = null;
  for (let dead = 0; dead < MAX_DEAD; ) {
    const made = await codes.make();
    if (made.kind === 'refused') return { kind: 'failed', error: made.error, message: made.message };
    const { code } = made;
    known ??= new Set((await clientsOf(scope, code.environmentId)).map(({ clientId }) => clientId));
    if (code.expiresAt - serverNow() < MIN_LIFE_MS) {
      dead += 1;
      continue;
    }
    dead = 0;
    options.onEvent({ kind: 'code', code, until: code.expiresAt - skewMs });
    if (await waitForClaim(scope, codes, code, serverNow, options)) {
      return { kind: 'paired', code, client: await newClient(scope, code.environmentId, known) };
    }
    options.onEvent({ kind: 'expired' });
  }
  return {
    kind: 'failed',
    error: null,
    message: 'the server makes codes that have expired already; try again in a few minutes',
  };
}

/** True when it was claimed, false when it expired. */
async function waitForClaim(
  scope: CodexScope,
  codes: PairingCodes,
  code: PairingCode,
  serverNow: () => number,
  options: PairOptions,
): Promise<boolean> {
  const pollMs = options.pollMs ?? POLL_MS;
  let trouble: string | null = null;
  for (let asked = 0; ; ) {
    const leftMs = code.expiresAt - serverNow();
    if (leftMs <= 0 || performance.now() - asked >= pollMs) {
      const said = await codes.isClaimed(code);
      asked = performance.now();
      if (said.kind === 'claimed') return true;
      if (said.kind === 'expired' || leftMs <= 0) return false; // asked once more after the end: it may have come just then
      trouble = said.kind === 'unknown' ? said.message : null;
    }
    options.onEvent({ kind: 'waiting', leftMs, trouble });
    await sleep(Math.min(TICK_MS, pollMs), undefined, { signal: scope.signal });
  }
}

async function newClient(
  scope: CodexScope,
  environmentId: string,
  known: ReadonlySet<string>,
): Promise<RemoteClient | null> {
  const clients = await clientsOf(scope, environmentId);
  const fresh = clients.filter(({ clientId }) => !known.has(clientId));
  const candidates = fresh.length > 0 ? fresh : clients; // a phone that was paired before may be paired again
  return [...candidates].sort((a, b) => (b.lastSeenAt ?? 0) - (a.lastSeenAt ?? 0))[0] ?? null;
}

/** Who may drive this machine now; empty where the server does not say. Only for the phone's name. */
async function clientsOf(scope: CodexScope, environmentId: string): Promise<readonly RemoteClient[]> {
  return await withBackend(
    scope,
    async (backend) => {
      const answer = await backend.clientsOf(environmentId);
      return answer.kind === 'ok' ? answer.value : [];
    },
    [],
  );
}

/** Server's clock minus ours: the end of a code is told by the server's. */
async function clockSkew(scope: CodexScope): Promise<number> {
  return await withBackend(
    scope,
    async (backend) => {
      const answer = await backend.mfaRequired();
      return answer.kind === 'failed' ? 0 : (answer.clockSkewMs ?? 0);
    },
    0,
  );
}

type Backend = Extract<Awaited<ReturnType<typeof openRemoteBackend>>, { kind: 'ok' }>;

async function withBackend<T>(
  scope: CodexScope,
  work: (backend: Backend) => Promise<T>,
  otherwise: T,
): Promise<T> {
  const backend = await openRemoteBackend(scope, { timeoutMs: 5000 });
  if (backend.kind === 'unavailable') return otherwise;
  try {
    return await work(backend);
  } finally {
    await backend.close();
  }
}
