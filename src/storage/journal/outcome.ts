/** What applying and undoing may come to. Expected ends are values; only broken machines and bugs throw. */
import type { RunningProcess } from './world.ts';

/** What a repair's own check says after the change. */
export type Verification =
  | { readonly kind: 'verified' }
  | { readonly kind: 'not-verified'; readonly reason: string };

/** Why nothing was done, for machines. */
export type Refusal =
  | { readonly kind: 'running'; readonly processes: readonly RunningProcess[] }
  /** The file is not what the repair was planned against. */
  | { readonly kind: 'changed'; readonly path: string }
  | { readonly kind: 'already-repaired' }
  /** Another steward works on this home. `since`: epoch ms; 0 when it cannot be told. */
  | { readonly kind: 'locked'; readonly pid: number; readonly since: number }
  /** A program started by an interrupted repair still runs. */
  | { readonly kind: 'blocked'; readonly pid: number; readonly id: string }
  /** The edit cannot be proved right, or the file is not what the step needs. */
  | { readonly kind: 'impossible'; readonly code: string };

/** `reason` is a sentence for a person, without secrets. */
export interface Refused {
  readonly kind: 'refused';
  readonly reason: string;
  readonly refusal: Refusal;
}

export type ApplyOutcome =
  | { readonly kind: 'repaired'; readonly id: string }
  | Refused
  /** Everything is as before, except `left`: files that somebody else changed meanwhile. */
  | {
      readonly kind: 'rolled-back';
      readonly id: string;
      readonly reason: string;
      readonly left: readonly string[];
      /** Code of the error that stopped it, if one did. */
      readonly code?: string;
    };

export type UndoRefusal =
  | { readonly kind: 'running'; readonly processes: readonly RunningProcess[] }
  /** The file is no longer what the repair left; undoing would lose what came after. */
  | { readonly kind: 'changed'; readonly path: string }
  | { readonly kind: 'unknown' }
  /** It was undone or rolled back already. */
  | { readonly kind: 'not-in-effect' }
  /** Its before-images are gone: credentials, or too old. */
  | { readonly kind: 'no-images' }
  | { readonly kind: 'locked'; readonly pid: number; readonly since: number }
  | { readonly kind: 'blocked'; readonly pid: number; readonly id: string };

export interface UndoRefused {
  readonly kind: 'refused';
  readonly reason: string;
  readonly refusal: UndoRefusal;
}

export type UndoOutcome =
  /** `notUndone`: steps that cannot be taken back, and why. */
  { readonly kind: 'undone'; readonly id: string; readonly notUndone: readonly string[] } | UndoRefused;
