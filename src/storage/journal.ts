/**
 * The journal of repairs: `$CODEX_HOME/steward/journal/<id>/`. The only way in which steward writes into Codex's files.
 *
 * A repair is applied under a lock, with its before-images on disk before the first change, and is either verified or
 * taken back. A crash at any instant is brought to an end by the next command ({@link Journal.recover}).
 */
import { join } from 'node:path';
import { applyPlan, type Verify } from './journal/apply.ts';
import { giveToHomeOwner, listTransactions, requireHome } from './journal/folder.ts';
import type { ApplyOutcome, Refusal, UndoOutcome } from './journal/outcome.ts';
import { readTransaction } from './journal/records.ts';
import { hasUnfinished, type Recovery, recoverAll } from './journal/recover.ts';
import { undoTransaction } from './journal/undo.ts';
import {
  createWorld,
  type JournalDeps,
  stateOf,
  type TransactionState,
  type World,
} from './journal/world.ts';
import { type Lock, takeLock } from './lock.ts';
import type { RepairPlan } from './steps.ts';

export type { ApplyOutcome, UndoOutcome, Verification } from './journal/outcome.ts';
export type { Recovery } from './journal/recover.ts';
export type { JournalDeps, TransactionState } from './journal/world.ts';

export interface HistoryEntry {
  readonly id: string;
  readonly repairId: string;
  readonly summary: string;
  /** Epoch ms. */
  readonly startedAt: number;
  readonly state: TransactionState;
  /** One line a step, without secrets. */
  readonly steps: readonly string[];
  /** What could not be taken back because somebody else had changed it. */
  readonly left: readonly string[];
}

export interface Journal {
  /** Applies a plan. Throws a StewardError of kind environment (disk, permissions, no home) with nothing half done. */
  apply(plan: RepairPlan, options: { readonly verify: Verify }): Promise<ApplyOutcome>;
  undo(id: string): Promise<UndoOutcome>;
  /** Undoes the newest repair that is in effect. */
  undoLatest(): Promise<UndoOutcome>;
  /** Newest first. Reads only. */
  history(): Promise<readonly HistoryEntry[]>;
  /** Ends what a crash left unfinished; empty when there was nothing, or when another steward is at work. */
  recover(): Promise<readonly Recovery[]>;
}

/** Refusals that come before the work itself. */
interface HeldUp {
  readonly kind: 'refused';
  readonly reason: string;
  readonly refusal: Extract<Refusal, { readonly kind: 'locked' | 'blocked' }>;
}

export function createJournal(deps: JournalDeps): Journal {
  const world = createWorld(deps);
  return {
    apply: async (plan, { verify }) => {
      return await locked(world, () => applyPlan(world, plan, verify));
    },
    undo: (id) => undoLocked(world, async () => id),
    undoLatest: () => undoLocked(world, () => latestInEffect(world)),
    history: () => readHistory(world),
    recover: async () => {
      if (!(await hasUnfinished(world))) return [];
      const taken = await takeLock(world.paths.lock, world.host.now());
      if (taken.kind === 'held') return [];
      return await releasing(world, taken.lock, () => recoverAll(world));
    },
  };
}

async function undoLocked(world: World, choose: () => Promise<string | undefined>): Promise<UndoOutcome> {
  return await locked(world, async (): Promise<UndoOutcome> => {
    const id = await choose();
    if (id !== undefined) return await undoTransaction(world, id);
    return { kind: 'refused', reason: 'there is no repair to undo', refusal: { kind: 'unknown' } };
  });
}

/** Runs `body` with the lock held and nothing left unfinished. */
async function locked<T>(world: World, body: () => Promise<T>): Promise<T | HeldUp> {
  await requireHome(world.codexHome);
  const taken = await takeLock(world.paths.lock, world.host.now());
  if (taken.kind === 'held') return lockedBy(taken.pid, taken.since);
  return await releasing(world, taken.lock, async () => {
    await world.boundary('locked');
    const blocked = (await recoverAll(world)).find((recovery) => recovery.kind === 'blocked');
    if (blocked?.kind === 'blocked') {
      const { id, pid } = blocked;
      const reason = `process ${pid}, started by an interrupted repair, is still at work; wait for it or stop it`;
      return { kind: 'refused', reason, refusal: { kind: 'blocked', id, pid } };
    }
    return await body();
  });
}

async function releasing<T>(world: World, lock: Lock, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } finally {
    await giveToHomeOwner(world.paths, world.host.uid);
    await lock.release();
  }
}

function lockedBy(pid: number, since: number): HeldUp {
  const who =
    pid === 0 ? 'another steward' : `another steward (pid ${pid}, since ${new Date(since).toISOString()})`;
  return {
    kind: 'refused',
    reason: `${who} is repairing this Codex home`,
    refusal: { kind: 'locked', pid, since },
  };
}

async function latestInEffect(world: World): Promise<string | undefined> {
  return (await readHistory(world)).find(({ state }) => state === 'repaired')?.id;
}

async function readHistory(world: World): Promise<readonly HistoryEntry[]> {
  const entries: HistoryEntry[] = [];
  for (const id of [...(await listTransactions(world.paths))].reverse()) {
    const transaction = await readTransaction(join(world.paths.journal, id));
    if (transaction === undefined) continue;
    const { intent, progress } = transaction;
    const last = progress.findLast((record) => record.kind === 'rolled-back');
    entries.push({
      id,
      repairId: intent.repairId,
      summary: intent.summary,
      startedAt: intent.startedAt,
      state: stateOf(progress),
      steps: intent.steps.map(({ listing }) => listing),
      left: last?.kind === 'rolled-back' ? last.left : [],
    });
  }
  return entries;
}
