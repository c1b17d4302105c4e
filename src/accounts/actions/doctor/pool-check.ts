/** What the accounts' doctor says: the documented keys, severities and repairs, for people and for `--json`. */

export type PoolSeverity = 'ok' | 'warn' | 'error';

/** One thing that was looked at. `ok` is said only of what really was seen to be in order. */
export interface PoolCheck {
  readonly key: string;
  readonly severity: PoolSeverity;
  readonly message: string;
  readonly details?: string;
}

/** One repair that was made, or would be. */
export interface PoolFixAction {
  readonly key: string;
  readonly message: string;
}

export function ok(key: string, message: string, details?: string): PoolCheck {
  return check(key, 'ok', message, details);
}

export function warn(key: string, message: string, details?: string): PoolCheck {
  return check(key, 'warn', message, details);
}

export function error(key: string, message: string, details?: string): PoolCheck {
  return check(key, 'error', message, details);
}

function check(key: string, severity: PoolSeverity, message: string, details?: string): PoolCheck {
  return details === undefined ? { key, severity, message } : { key, severity, message, details };
}
