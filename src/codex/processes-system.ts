/** A process as the system shows it, before anybody says what it is to Codex. */

export interface SystemProcess {
  readonly pid: number;
  readonly ppid: number;
  readonly uid: number | undefined;
  readonly argv: readonly string[];
  /** Path or, where the system tells no more, name of the program. */
  readonly executable: string;
  /** `null`: not visible to us. Only the variables named in {@link VISIBLE_VARIABLES}. */
  readonly env: Readonly<Record<string, string>> | null;
  /** Working folder, where it can be seen: a relative `CODEX_HOME` hangs on it. */
  readonly cwd: string | null;
  readonly startTime: string;
}

/** Set in the environment of every Codex process that steward itself starts to look at something. */
export const PROBE_VARIABLE = 'CODEX_STEWARD_PROBE';

/** What is kept of a foreign environment; the rest, which holds people's keys, is never stored. */
export const VISIBLE_VARIABLES: readonly string[] = ['CODEX_HOME', 'HOME', 'USERPROFILE', PROBE_VARIABLE];
