/** The shape of the catalogue: what a failure is, how it shows itself, and what is right to do. */
import type { FailureId } from './ids.ts';

/**
 * How a failure may be fixed. `A`: safe alone, part of a bare `--fix`. `C`: local, with consent and a backup.
 * `U`: the user or an admin must act. `W`: wait, server side. `X`: never repaired.
 */
export type FixClass = 'A' | 'C' | 'U' | 'W' | 'X';

/** Who can act: steward itself, the person, a workspace admin, time, or nobody. */
export type Actor = 'steward' | 'you' | 'admin' | 'wait' | 'nobody';

export type StepPlatform = 'linux' | 'macos' | 'windows' | 'wsl';

/**
 * One or several wordings of which one must be there. Letter case, spaces, line breaks, quotes and brackets do not
 * count, so a hard-wrapped or JSON-escaped message still fits. `*` is a gap of up to 160 signs, `(a|b)` a choice,
 * `¦` a word boundary.
 */
export type Wording = string | readonly string[];

/**
 * How sure a text must be about Codex before the signal counts. `own`: only Codex or OpenAI's backend says this.
 * `likely`: counts unless another product is named. `generic`: an operating system, SQLite or protocol message, or
 * plain prose: counts only beside a sign of Codex.
 */
export type Specificity = 'own' | 'likely' | 'generic';

export interface Signal {
  /** At least one must be there. What it matched is shown as evidence. */
  readonly says: Wording;
  /** Each of these too, anywhere in the text (in a log: within the neighbouring lines). */
  readonly with?: readonly Wording[];
  /** None of these. */
  readonly not?: Wording;
  /** 0..1: how sure this signal alone makes us, given that the text is about Codex. */
  readonly weight: number;
  readonly of: Specificity;
  /** Failures that this one explains: their messages are then only its wrapper or its echo. */
  readonly over?: readonly FailureId[];
  /** Exact enough to be believed in a log line of Codex without any further context. */
  readonly log?: true;
}

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
    /** Exact steps for the person, commands included; they hold on every platform. */
    readonly steps: readonly string[];
    /** Further steps that hold on one platform only. */
    readonly platformSteps?: Readonly<Partial<Record<StepPlatform, readonly string[]>>>;
  };
  /** What people try that does not help, named so that nobody loses an evening to it. */
  readonly notHelping?: readonly string[];
  /** How the failure shows itself in text. Empty where only the machine itself can tell. */
  readonly signals: readonly Signal[];
  /** Public threads, as `owner/repo#number`. */
  readonly references: readonly string[];
  /** Id of the doctor check that can confirm it on this machine. */
  readonly check?: string;
}
