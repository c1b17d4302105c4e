/**
 * What a transaction leaves on disk: `intent.json`, complete before the first change, and `progress.log`, one JSON line
 * for each thing that is about to happen or has happened, on disk before the next thing begins.
 */
import { closeSync, fsyncSync, openSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../../errors.ts';
import { writeFileAtomic } from '../atomic-file.ts';
import { fileError } from '../file-error.ts';
import type { RepairPlan } from '../steps.ts';
import type { ImageEntry } from './images.ts';

/** The decisive part of a step is over within this time; file times and the clock differ by less. */
export const SETTLES_MS = 5000;

/** How a step is taken back. */
export type UndoData =
  /** Put these back. `after` is the state that the step leaves, where it is known beforehand. */
  | {
      readonly kind: 'images';
      readonly before: readonly ImageEntry[];
      readonly after: readonly ImageEntry[] | null;
      /** `database`: the main file and its `-wal`, `-shm`, `-journal` belong together. `tree`: what is new below goes. */
      readonly shape: 'files' | 'database' | 'tree';
      /** A change later than this after the step began is not the step's own. */
      readonly settlesWithinMs: number;
      /** Temporary files that the step may leave when it is killed. */
      readonly temporary: readonly string[];
    }
  /** Rename back. */
  | { readonly kind: 'moves'; readonly pairs: readonly MovePair[] }
  /** It cannot be; why. */
  | { readonly kind: 'none'; readonly why: string };

export interface MovePair {
  readonly from: string;
  readonly to: string;
}

export interface IntentStep {
  /** One line for a person, without secrets. */
  readonly listing: string;
  readonly undo: UndoData;
}

export interface Intent {
  readonly format: 1;
  readonly id: string;
  readonly repairId: string;
  readonly summary: string;
  readonly requiresStopped: RepairPlan['requiresStopped'];
  readonly credentials: boolean;
  /** Epoch ms. */
  readonly startedAt: number;
  readonly pid: number;
  readonly steps: readonly IntentStep[];
}

export type ProgressRecord = {
  readonly at: number;
} /** A second one says that the decisive part begins only now. */ & (
  | { readonly kind: 'step-begun'; readonly step: number }
  /** The step failed before it changed anything: there is nothing to take back. */
  | { readonly kind: 'step-void'; readonly step: number }
  /** The step has other moves than intended (another file system). */
  | { readonly kind: 'moves'; readonly step: number; readonly pairs: readonly MovePair[] }
  /** A program was started; recovery waits for it to be gone. */
  | { readonly kind: 'child'; readonly step: number; readonly pid: number; readonly startTime: string | null }
  | { readonly kind: 'step-done'; readonly step: number; readonly after: readonly ImageEntry[] | null }
  | { readonly kind: 'repaired' }
  | { readonly kind: 'rollback-begun'; readonly reason: string }
  | { readonly kind: 'undo-begun' }
  /** Taken back; `left` are files that somebody changed meanwhile and that were therefore not touched. */
  | { readonly kind: 'rolled-back'; readonly left: readonly string[] }
  | { readonly kind: 'undone' }
);

type WithoutTime<T> = T extends unknown ? Omit<T, 'at'> : never;
export type ProgressEvent = WithoutTime<ProgressRecord>;

export interface Transaction {
  readonly folder: string;
  readonly intent: Intent;
  readonly progress: readonly ProgressRecord[];
}

export const INTENT_FILE = 'intent.json';
export const PROGRESS_FILE = 'progress.log';

/** Makes the intent durable: from here on a crash is recovered. */
export async function writeIntent(folder: string, intent: Intent): Promise<void> {
  await writeFileAtomic(join(folder, INTENT_FILE), `${JSON.stringify(intent)}\n`, { mode: 0o600 });
}

/** Appends one record; when it returns, the record is on disk. */
export function appendProgress(folder: string, record: ProgressRecord): void {
  const path = join(folder, PROGRESS_FILE);
  try {
    const file = openSync(path, 'a', 0o600);
    try {
      writeFileSync(file, `${JSON.stringify(record)}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw fileError('write', path, error);
  }
}

/** A transaction as it stands on disk; `undefined` when its intent was never completed, so that nothing was changed. */
export async function readTransaction(folder: string): Promise<Transaction | undefined> {
  const intent = parseJson(await readOrNothing(join(folder, INTENT_FILE)));
  if (!isIntent(intent)) return undefined;
  const lines = (await readOrNothing(join(folder, PROGRESS_FILE)))?.split('\n') ?? [];
  return { folder, intent, progress: lines.map(parseJson).filter(isProgress) };
}

async function readOrNothing(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw fileError('read', path, error);
  }
}

/** A line that a crash cut off is as good as not written: what it announces had not begun. */
function parseJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

// These files are ours, written whole or not at all, in a folder that nobody else writes to.
function isIntent(value: unknown): value is Intent {
  return typeof value === 'object' && value !== null && 'format' in value && value.format === 1;
}

function isProgress(value: unknown): value is ProgressRecord {
  return typeof value === 'object' && value !== null && 'kind' in value && 'at' in value;
}
