/**
 * The lab's clock: the real one plus an offset that a test or a person may move, so that tokens expire, limits
 * reset and certificates of trust age without waiting.
 */

export interface LabClock {
  /** Epoch ms as the lab sees it. */
  now(): number;
  /** Epoch seconds, the unit of tokens and rate limits. */
  unixSeconds(): number;
  /** RFC 3339, the unit of enrolments and pairings. */
  iso(offsetMs?: number): string;
  /** Moves the clock forward (or back, when negative). */
  move(ms: number): void;
  /** How far the lab's clock is ahead of the base clock, in ms. */
  offsetMs(): number;
}

/** A clock that starts as `base` (epoch ms) and can be moved. */
export function createLabClock(base: () => number): LabClock {
  let offset = 0;
  const now = () => base() + offset;
  return {
    now,
    unixSeconds: () => Math.floor(now() / 1000),
    iso: (offsetMs = 0) => new Date(now() + offsetMs).toISOString(),
    move: (ms) => {
      offset += ms;
    },
    offsetMs: () => offset,
  };
}
