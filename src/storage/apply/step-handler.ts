/** What each kind of step brings: how it is prepared, applied and taken back. One file a kind. */

import type { Host } from '../../host.ts';
import type { ImageDepth, ImageEntry } from '../journal/images.ts';
import type { IntentStep, ProgressEvent } from '../journal/records.ts';
import type { Step } from '../steps.ts';

export type StepOf<K extends Step['kind']> = Extract<Step, { readonly kind: K }>;

export interface ProcessIdentity {
  /** As the kernel reports it; with the pid it names one process for ever. */
  readonly startTime: string;
  readonly command: string;
}

/** What preparing needs. Preparing reads, copies before-images into the journal, and changes nothing else. */
export interface PrepareContext {
  readonly transactionId: string;
  /** The transaction's folder. */
  readonly folder: string;
  /** Never part of an image, never moved. */
  readonly stewardFolder: string;
  readonly index: number;
  readonly host: Host;
  readProcess(pid: number): Promise<ProcessIdentity | undefined>;
  /** Before-images with copies; empty for what an earlier step of this transaction already covers. */
  takeImages(paths: readonly string[], depth: ImageDepth): Promise<readonly ImageEntry[]>;
  /** The content that a file will have when this step's turn comes: `null` if it will not exist. */
  contentOf(path: string): Promise<Buffer | null>;
  /** Tells later steps what this one will leave: content, or `null` for a path that is gone. */
  willLeave(path: string, content: Buffer | null): void;
}

export interface ApplyContext {
  record(event: ProgressEvent): void;
  /** For tests: a point at which the process may die. */
  boundary(name: string): Promise<void>;
}

export interface PreparedStep extends IntentStep {
  /** Makes the change, and tells the state it left of what it imaged (`null` where there is none). */
  apply(context: ApplyContext): Promise<readonly ImageEntry[] | null>;
}

/** Throws a StewardError when the step cannot be done; nothing is changed then. */
export type StepHandler<K extends Step['kind']> = (
  step: StepOf<K>,
  context: PrepareContext,
) => Promise<PreparedStep>;
