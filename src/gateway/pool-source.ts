/**
 * The pool behind the traffic: chooses by the same function as the commands, from files that are read again when they change
 * and from what the traffic itself has taught; keeps threads with their account and responses with their owner.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { EMPTY_POOL } from '../accounts/account.ts';
import type { RefreshOutcome } from '../accounts/refresh/outcome.ts';
import { ensureFreshTokens } from '../accounts/refresh/refresh-account.ts';
import { availabilityOf } from '../accounts/selection/availability.ts';
import { chooseAccount, type SelectionInput } from '../accounts/selection/choose.ts';
import { DEFAULT_SELECTION_SETTINGS } from '../accounts/selection/facts.ts';
import { unavailableWords } from '../accounts/selection/words.ts';
import type { CodexScope } from '../codex/home.ts';
import type {
  AccountSource,
  Choice,
  ChoiceRequest,
  CredentialOutcome,
  GatewayAccount,
  PoolLimits,
} from './account-source.ts';
import { credentialOf, forgetFailures, forgetPast, liftPause } from './pool/account-state.ts';
import { blockedAccount } from './pool/blocked-list.ts';
import { createBoundedMemory } from './pool/bounded-memory.ts';
import { noteGeneration, readFormerThreads } from './pool/former-threads.ts';
import { createKeeper } from './pool/keeper.ts';
import { createLivePool } from './pool/live-pool.ts';
import { createMadeChoices, type MadeChoice } from './pool/made-choices.ts';
import { poolLimits } from './pool/pool-limits.ts';
import { createRecovery } from './pool/recovery.ts';
import { takeReport } from './pool/reports.ts';
import { markOf, readSnapshot, type Snapshot } from './pool/snapshot.ts';
import { createThreadProjects, type ThreadProjects } from './thread-projects.ts';

export interface PoolAccountState {
  readonly key: string;
  /** Position in the pool plus one. */
  readonly number: number;
  /** Masked. */
  readonly label: string;
  readonly isAvailable: boolean;
  /** Why not; `null` when it is available. */
  readonly reason: string | null;
  /** Epoch ms at which it may serve again; `null` when available, or when only a person can change it. */
  readonly untilMs: number | null;
  readonly inFlight: number;
}

export interface PoolSource extends AccountSource {
  accounts(): readonly PoolAccountState[];
  /** Newest first, explained when asked; not for the traffic's path. */
  lastChoices(): readonly MadeChoice[];
  /**
   * Forgets why accounts are left alone (all, or the one with that key) and, for all, which thread is whose. A login that was
   * refused stays refused until it is renewed, and what the files say holds on.
   */
  forget(key: string | null): Promise<void>;
  /** Reads the files now if they have changed. */
  reload(): Promise<void>;
  /** Writes what has gathered, and stops. */
  close(): Promise<void>;
}

export interface PoolSourceOptions {
  /** Which thread is of which project; its own by default. */
  readonly projects?: ThreadProjects;
  /** A file could not be read or written; the traffic goes on. */
  readonly onError?: (error: unknown) => void;
}

const LOOK_EVERY_MS = 500;
/** A limit is worth a write of its own; that an account was used is not. */
const FLUSH_MS = { urgent: 2000, usual: 60_000 };
const PROBE_EVERY_MS = 60_000;
/** A token this close to its end is renewed first. */
const MIN_VALIDITY_MS = 60_000;
const PROJECT_TRIES = 4;
const PROJECT_RETRY_MS = 25;
const THREADS = { most: 20_000, keepMs: 7 * 24 * 3_600_000 };
/** The server keeps responses for thirty days. */
const OWNERS = { most: 50_000, keepMs: 30 * 24 * 3_600_000 };

/** Opens the pool of that home. A corrupt pool serves nobody until it is mended: the client's own login is used. */
export async function openPoolSource(
  scope: CodexScope,
  options: PoolSourceOptions = {},
): Promise<PoolSource> {
  const { now } = scope.host;
  const onError = options.onError ?? (() => {});
  const projects = options.projects ?? createThreadProjects(scope);
  let mark = await markOf(scope);
  const live = createLivePool((await readSnapshot(scope)) ?? emptySnapshot());
  const threads = createBoundedMemory<string>({ ...THREADS, now });
  const owners = createBoundedMemory<string>({ ...OWNERS, now });
  const keeper = createKeeper(scope, { credentialOf, onError });
  const recovery = createRecovery(scope, live, () => {});
  const made = createMadeChoices();
  let isReading: Promise<void> | null = null;
  let isNoting: Promise<void> = Promise.resolve();
  const noteThreadsFromNowOn = (generation: number) => {
    isNoting = isNoting.then(() => noteGeneration(scope, generation)).catch(onError);
  };
  const { affinityGeneration } = live.snapshot.pool;
  const former = await readFormerThreads(scope, affinityGeneration, THREADS).catch(onError);
  for (const [thread, account] of former ?? []) threads.set(thread, account);
  if (former === null) noteThreadsFromNowOn(affinityGeneration);

  const reload = () => {
    isReading ??= (async () => {
      const seen = await markOf(scope);
      if (seen === mark) return;
      const next = await readSnapshot(scope);
      mark = seen;
      if (next === null) return; // corrupt: what was read last stays in force
      const { affinityGeneration: generation } = next.pool;
      if (generation !== live.snapshot.pool.affinityGeneration) {
        threads.clear();
        noteThreadsFromNowOn(generation);
      }
      live.replace(next);
    })()
      .catch(onError)
      .finally(() => {
        isReading = null;
      });
    return isReading;
  };
  const timers = [
    setInterval(() => {
      for (const { key } of live.snapshot.pool.accounts) forgetPast(live.stateOf(key), now());
      return reload();
    }, LOOK_EVERY_MS),
    setInterval(() => keeper.isUrgent() && keeper.flush(live.snapshot.pool), FLUSH_MS.urgent),
    setInterval(() => keeper.flush(live.snapshot.pool), FLUSH_MS.usual),
    setInterval(() => recovery.probe('idle'), PROBE_EVERY_MS),
  ];
  for (const timer of timers) timer.unref();

  const choose = (request: ChoiceRequest): Choice => {
    const { pool, demand } = live.snapshot;
    if (pool.accounts.length === 0) return { kind: 'own' };
    const at = now();
    const project = request.threadId === null ? null : (projects.known(request.threadId) ?? null);
    const candidates = live.candidates(request.model, project);
    const before = request.threadId === null ? undefined : threads.get(request.threadId);
    const owner = request.previousResponseId === null ? undefined : owners.get(request.previousResponseId);
    const positionOf = (key: string | undefined | null) => (key == null ? null : live.indexOf(key));
    const forced = positionOf(request.onlyAccount);
    if (request.onlyAccount !== null && forced === null) return { kind: 'none', hard: 'forced', blocked: [] };
    const excluded = new Set([...request.excluded].flatMap((key) => live.indexOf(key) ?? []));
    const input: SelectionInput = {
      candidates,
      model: request.model,
      strategy: demand.settings.strategy,
      now: at,
      forcedIndex: forced,
      ownerIndex: positionOf(owner),
      pinnedIndex: pool.pinnedIndex,
      affinityIndex: positionOf(before),
      currentIndex: pool.activeIndex,
      excluded,
    };
    let selection = chooseAccount(input);
    // A pause of our own making is a preference, not a limit: before anybody is turned away, it is over.
    if (selection.kind === 'none' && liftPauses(selection.hard?.index ?? null, excluded))
      selection = chooseAccount(input);
    const account = selection.kind === 'chosen' ? live.gatewayAccount(selection.index) : undefined;
    made.remember(request, input, selection, account?.key ?? null);
    if (selection.kind === 'chosen' && account !== undefined) {
      const isMove = before !== undefined && before !== account.key;
      return { kind: 'account', account, isMove, reason: selection.reason };
    }
    const hard = selection.kind === 'none' ? selection.hard : null;
    recovery.probe('urgent').catch(onError);
    return {
      kind: 'none',
      hard: hard?.reason ?? null,
      blocked: candidates
        .filter(({ index }) => hard === null || index === hard.index)
        .map((candidate) =>
          blockedAccount(candidate, live.stateOf(candidate.account.key), {
            model: request.model,
            isExcluded: excluded.has(candidate.index),
            now: at,
          }),
        ),
    };
  };
  const liftPauses = (only: number | null, excluded: ReadonlySet<number>): boolean => {
    let isLifted = false;
    live.snapshot.pool.accounts.forEach(({ key }, index) => {
      if (excluded.has(index) || (only !== null && only !== index)) return;
      isLifted = liftPause(live.stateOf(key)) || isLifted;
    });
    return isLifted;
  };

  const takeRefresh = (outcome: RefreshOutcome): CredentialOutcome => {
    live.putAccount(outcome.account);
    if (outcome.kind === 'refused' && outcome.isPermanent)
      return { kind: 'unavailable', why: 'refused', message: outcome.message };
    if (outcome.kind === 'refused' || outcome.kind === 'failed')
      return { kind: 'unavailable', why: 'failed', message: outcome.message };
    const { accessToken, accountId } = outcome.account;
    if (accessToken === null)
      return { kind: 'unavailable', why: 'failed', message: 'the refresh brought no token' };
    return { kind: 'credential', bearer: accessToken, accountId };
  };
  const credential = async (key: string): Promise<CredentialOutcome> => {
    const account = live.accountAt(live.indexOf(key) ?? -1);
    if (account === undefined) return { kind: 'unavailable', why: 'refused', message: 'it was removed' };
    if (account.kind === 'api-key') return { kind: 'credential', bearer: account.apiKey, accountId: null };
    const { accessToken, accountId, expiresAt } = account;
    if (accessToken !== null && (expiresAt === null || expiresAt - now() > MIN_VALIDITY_MS))
      return { kind: 'credential', bearer: accessToken, accountId };
    return takeRefresh(await ensureFreshTokens(scope, account, { minValidityMs: MIN_VALIDITY_MS }));
  };

  /** Asks again for a moment: a new thread is noted some 20 ms after its first connection (0.169). */
  const findProject = async (threadId: string) => {
    for (let tries = 0; tries < PROJECT_TRIES && projects.known(threadId) === undefined; tries += 1) {
      if (tries > 0) await sleep(PROJECT_RETRY_MS);
      await projects.find([threadId]);
    }
  };

  return {
    prepare: (threadId) =>
      threadId === null || live.snapshot.profiles.size === 0 || projects.known(threadId) !== undefined
        ? null
        : findProject(threadId).catch(onError),
    choose,
    credential,
    refresh: async (key, refusedBearer) => {
      await reload(); // another process may have renewed it
      const account = live.accountAt(live.indexOf(key) ?? -1);
      if (account?.kind !== 'chatgpt' || (account.accessToken ?? '') !== refusedBearer)
        return credential(key);
      return takeRefresh(await ensureFreshTokens(scope, account, { force: true }));
    },
    report: (report) => takeReport({ live, keeper, threads, owners, now }, report),
    usableKeys: () =>
      live.candidates(null).flatMap(({ blockedFor, account }) => (blockedFor === null ? [account.key] : [])),
    limits: (): PoolLimits | null => {
      const at = now();
      const readings = live.candidates(null).flatMap(({ blockedFor, account, quota }) => {
        if (blockedFor !== null) return [];
        const { blocked } = live.stateOf(account.key);
        const isLimited = blocked !== null && blocked.reason === 'rate-limit' && blocked.untilMs > at;
        return [{ quota, isLimited, limitedUntilMs: isLimited ? blocked.untilMs : null }];
      });
      return poolLimits(readings, at);
    },
    accounts: () => {
      const at = now();
      return live.candidates(null).map((candidate) => {
        const availability = availabilityOf(candidate, null, at);
        const account: GatewayAccount | undefined = live.gatewayAccount(candidate.index);
        const untilMs = availability.kind === 'delayed' ? availability.untilMs : null;
        return {
          key: candidate.account.key,
          number: candidate.index + 1,
          label: account?.label ?? '',
          isAvailable: availability.kind === 'ready',
          reason: unavailableWords(availability, at),
          untilMs: untilMs !== null && Number.isFinite(untilMs) ? untilMs : null,
          inFlight: live.stateOf(candidate.account.key).inflight,
        };
      });
    },
    lastChoices: made.explained,
    forget: async (only) => {
      await keeper.flush(live.snapshot.pool); // or it would be written down after having been forgotten
      for (const { key } of live.snapshot.pool.accounts) {
        if (only !== null && key !== only) continue;
        forgetFailures(live.stateOf(key));
        live.refreshCandidate(key);
      }
      if (only === null) threads.clear();
    },
    reload,
    close: async () => {
      for (const timer of timers) clearInterval(timer);
      await isReading;
      await isNoting;
      await keeper.flush(live.snapshot.pool);
    },
  };
}

function emptySnapshot(): Snapshot {
  return {
    pool: EMPTY_POOL,
    facts: [],
    demand: { model: null, settings: DEFAULT_SELECTION_SETTINGS, profile: null },
    profiles: new Map(),
  };
}
