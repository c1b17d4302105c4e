/** What the journal needs from outside, and the paths it works on. */

import type { Host } from '../../host.ts';
import type { ProcessIdentity } from '../apply/step-handler.ts';
import { type JournalPaths, journalPaths } from './folder.ts';
import type { ImageEntry } from './images.ts';
import type { ProgressEvent, ProgressRecord, Transaction } from './records.ts';
import { appendProgress } from './records.ts';
import type { RestoreScope } from './restore.ts';

export interface RunningProcess {
  readonly pid: number;
  readonly command: string;
}

export interface RunningProcesses {
  /** The desktop app alone. */
  readonly app: readonly RunningProcess[];
  /** Every Codex process that may write into this home, the app included. */
  readonly all: readonly RunningProcess[];
}

export interface JournalDeps {
  readonly codexHome: string;
  readonly host: Host;
  runningProcesses(): Promise<RunningProcesses>;
  /** `undefined`: no such process. `startTime` and `command` in the form that steps carry. */
  readProcess(pid: number): Promise<ProcessIdentity | undefined>;
  /** For tests: called at every point at which the process may die. */
  readonly onBoundary?: (name: string) => void | Promise<void>;
}

export interface World extends JournalDeps {
  readonly paths: JournalPaths;
  boundary(name: string): Promise<void>;
  /** Appends to a transaction's progress, with the time. */
  record(folder: string, event: ProgressEvent): void;
}

export function createWorld(deps: JournalDeps): World {
  return {
    ...deps,
    paths: journalPaths(deps.codexHome),
    boundary: async (name) => {
      await deps.onBoundary?.(name);
    },
    record: (folder, event) => {
      const record: ProgressRecord = { at: deps.host.now(), ...event };
      appendProgress(folder, record);
    },
  };
}

export function restoreScope(world: World, transaction: Transaction): RestoreScope {
  return {
    images: `${transaction.folder}/images`,
    skip: world.paths.stewardFolder,
    tempSuffix: `.${transaction.intent.id}`,
  };
}

/** What became of a transaction, told from its progress. */
export type TransactionState = 'unfinished' | 'repaired' | 'undoing' | 'undone' | 'rolled-back';

export function stateOf(progress: readonly ProgressRecord[]): TransactionState {
  let state: TransactionState = 'unfinished';
  for (const { kind } of progress) {
    if (kind === 'repaired' || kind === 'undone' || kind === 'rolled-back') state = kind;
    if (kind === 'undo-begun') state = 'undoing';
  }
  return state;
}

/** Every state in which the steps of this transaction leave, or meant to leave, each path. */
export function statesLeft(transaction: Transaction): ReadonlyMap<string, readonly ImageEntry[]> {
  const states = new Map<string, ImageEntry[]>();
  const add = (entries: readonly ImageEntry[] | null) => {
    for (const entry of entries ?? []) states.set(entry.path, [...(states.get(entry.path) ?? []), entry]);
  };
  for (const { undo } of transaction.intent.steps) if (undo.kind === 'images') add(undo.after);
  for (const record of transaction.progress) if (record.kind === 'step-done') add(record.after);
  return states;
}
