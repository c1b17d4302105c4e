/** The shape of the catalogue: what a failure is, how it shows itself, and what is right to do. */
import type { FailureId } from './ids.ts';

/**
 * How a failure may be fixed. `A`: safe alone, part of a bare `--fix`. `C`: local, with consent and a backup.
 * `U`: the user or an admin must act. `W`: wait, server side. `X`: never repaired.
 */
export type FixClass = 'A' | 'C' | 'U' | 'W' | 'X';

/** Who can act: steward itself, the person, a workspace admin, time, or nobody. */
export type Actor = 'steward' | 'you' | 'admin' | 'wait' | 'nobody';

export interface FailureEntry {
  readonly id: FailureId;
  /** A short name, without a full stop: "Refresh token already used". */
  readonly title: string;
  readonly fixClass: FixClass;
  readonly actor: Actor;
  /** One sentence for a person. */
  readonly cause: string;
  readonly fix: {
    /** One sentence: what puts it right. */
    readonly summary: string;
    /** Exact steps for the person, commands included. */
    readonly steps: readonly string[];
  };
  /** What people try that does not help, named so that nobody loses an evening to it. */
  readonly notHelping?: readonly string[];
  /** Public threads, as `owner/repo#number`. */
  readonly references: readonly string[];
  /** Id of the doctor check that can confirm it on this machine. */
  readonly check?: string;
}
