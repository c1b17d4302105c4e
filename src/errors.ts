/**
 * The one error type that steward throws on purpose, and the exit codes that go with it.
 *
 * Expected outcomes (a missing file, a refused repair, a check that finds something) are unions, not errors.
 */

/** Who can do something about an error: the person, their machine or network, or we. */
export type ErrorKind = 'user' | 'environment' | 'bug';

/** Exit codes of `steward`; an official binary's own code passes through unchanged. */
export const EXIT = {
  ok: 0,
  problems: 1,
  usage: 2,
  environment: 3,
  bug: 70,
  interrupted: 130,
} as const;

export interface StewardErrorOptions {
  /** What to do now: a sentence, with the command if there is one. */
  readonly hint?: string;
  /** Safe structured fields for machines; never a secret. */
  readonly details?: Readonly<Record<string, string | number | boolean>>;
  readonly cause?: unknown;
  /** Overrides the exit code that follows from `kind`. */
  readonly exitCode?: number;
}

/**
 * An error that a person can act on: `message` says what happened, `hint` what to do.
 * `code` is stable, `ERR_<ROOM>_<WHAT>`, and is what machines and tests match on.
 */
export class StewardError extends Error {
  readonly code: string;
  readonly kind: ErrorKind;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, string | number | boolean>>;
  readonly exitCode: number;

  constructor(code: string, kind: ErrorKind, message: string, options: StewardErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'StewardError';
    this.code = code;
    this.kind = kind;
    this.hint = options.hint;
    this.details = options.details ?? {};
    this.exitCode = options.exitCode ?? exitCodeOf(kind);
  }
}

function exitCodeOf(kind: ErrorKind): number {
  switch (kind) {
    case 'user':
      return EXIT.problems;
    case 'environment':
      return EXIT.environment;
    case 'bug':
      return EXIT.bug;
  }
}

/** The system error code (`ENOENT`, `EACCES`, …) of anything thrown, or `undefined`. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
