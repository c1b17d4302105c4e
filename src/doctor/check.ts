/** What a check is and what it may say. One file a topic in `checks/`; the engine runs them all. */
import type { CodexReader, CodexScope } from '../codex/home.ts';
import type { Finding } from '../knowledge/finding.ts';
import type { FailureId } from '../knowledge/ids.ts';
import type { RepairPlan, RepairRefusal } from '../storage/steps.ts';

export type { RepairRefusal } from '../storage/steps.ts';

export interface CheckContext extends CodexScope {
  /** A fact, read once for all checks of this run. */
  read<T>(reader: CodexReader<T>): Promise<T>;
  /** `--live`: the check may use the network and start MCP servers. Without it, neither. */
  readonly live: boolean;
}

export interface FoundProblem {
  readonly finding: Finding;
  /** Present where `finding.fix.repairId` is set. Called only when the repair is wanted; must not change anything. */
  readonly plan?: () => Promise<RepairPlan | RepairRefusal>;
}

export type OverallStatus = 'ok' | 'warning' | 'fail';

/** One check as it stands in the report, ours or the official one's. */
export interface ReportedCheck {
  readonly id: string;
  readonly category: string;
  /** `skipped` is ours: the check could not look, and `summary` says why. */
  readonly status: OverallStatus | 'skipped';
  readonly summary: string;
  readonly details: Readonly<Record<string, string | readonly string[]>>;
  readonly remediation: string | null;
  readonly durationMs: number;
}

export interface CheckResult {
  /** One line: what was looked at and how it stands. */
  readonly summary: string;
  /** `skipped`: could not be looked at, and `summary` says why. A check never says `ok` of what it did not check. */
  readonly status: 'ok' | 'skipped' | 'problems';
  /** As in the official report: values are strings or lists of strings. */
  readonly details: Readonly<Record<string, string | readonly string[]>>;
  readonly problems: readonly FoundProblem[];
  /** Checks of the official report, carried over under their own ids. */
  readonly officialChecks?: readonly ReportedCheck[];
}

export interface Check {
  /** `steward.<topic>`: never an id of the official report. */
  readonly id: string;
  /** As the official report's categories: `config`, `auth`, `state`, … */
  readonly category: string;
  readonly title: string;
  /** Every failure it can report; `--only ID` picks checks by it. */
  readonly finds: readonly FailureId[];
  readonly timeoutMs: number;
  /** It starts a program and waits for it: it goes first, so that the others work meanwhile. */
  readonly startsProgram?: true;
  run(context: CheckContext): Promise<CheckResult>;
}
