/**
 * The doctor's report: a superset of the official `codex doctor --json` (schemaVersion 1, Codex 0.133 to 0.169), so
 * that whoever reads that one can read ours.
 */
import type { Finding, Severity } from '../knowledge/finding.ts';
import type { OverallStatus, ReportedCheck } from './check.ts';
import type { CheckRun } from './engine.ts';
import { LOG_SUBJECT } from './log-subject.ts';

export interface DoctorReport {
  readonly schemaVersion: 1;
  readonly command: 'doctor';
  /** ISO 8601. */
  readonly generatedAt: string;
  readonly overallStatus: OverallStatus;
  /** Version of the Codex that a shell would start; `null` when there is none or it does not say. */
  readonly codexVersion: string | null;
  readonly codexHome: string;
  readonly checks: Readonly<Record<string, ReportedCheck>>;
  /** Worst first. */
  readonly findings: readonly Finding[];
}

const RANK: Readonly<Record<Severity, number>> = { fail: 0, warn: 1, info: 2 };

/** Worst first; among equals the surer one, then by id so that two runs print the same. */
export function sortFindings(findings: readonly Finding[]): readonly Finding[] {
  return [...findings].sort(
    (a, b) =>
      RANK[a.severity] - RANK[b.severity] ||
      b.confidence - a.confidence ||
      a.id.localeCompare(b.id) ||
      a.subject.localeCompare(b.subject),
  );
}

export interface ReportInput {
  readonly runs: readonly CheckRun[];
  readonly codexHome: string;
  readonly codexVersion: string | null;
  readonly now: number;
}

/** The report of these runs. */
export function createReport(input: ReportInput): DoctorReport {
  const findings = sortFindings(
    dedupe(input.runs.flatMap((run) => run.result.problems.map((problem) => problem.finding))),
  );
  const checks: Record<string, ReportedCheck> = {};
  for (const run of input.runs) {
    for (const official of run.result.officialChecks ?? []) checks[official.id] = official;
    checks[run.check.id] = reportCheck(run);
  }
  return {
    schemaVersion: 1,
    command: 'doctor',
    generatedAt: new Date(input.now).toISOString(),
    overallStatus: overallStatus(findings),
    codexVersion: input.codexVersion,
    codexHome: input.codexHome,
    checks,
    findings,
  };
}

function overallStatus(findings: readonly Finding[]): OverallStatus {
  if (findings.some((finding) => finding.severity === 'fail')) return 'fail';
  return findings.some((finding) => finding.severity === 'warn') ? 'warning' : 'ok';
}

function reportCheck({ check, result, durationMs }: CheckRun): ReportedCheck {
  const worst = sortFindings(result.problems.map((problem) => problem.finding))[0];
  return {
    id: check.id,
    category: check.category,
    status: worst === undefined ? (result.status === 'skipped' ? 'skipped' : 'ok') : overallStatus([worst]),
    summary: result.summary,
    details: result.details,
    remediation: worst?.fix.summary ?? null,
    durationMs,
  };
}

/**
 * Two checks may meet the same problem: it is said once, with the evidence of both. A log line is evidence for whatever
 * stands behind it, and a finding of its own only when no check found that.
 */
function dedupe(findings: readonly Finding[]): readonly Finding[] {
  const bySubject = new Map<string, Finding>();
  const fromLogs = findings.filter((finding) => finding.subject === LOG_SUBJECT);
  for (const next of [...findings.filter((finding) => finding.subject !== LOG_SUBJECT), ...fromLogs]) {
    const sameId =
      next.subject === LOG_SUBJECT && [...bySubject.values()].find((known) => known.id === next.id);
    const key = sameId ? keyOf(sameId) : keyOf(next);
    const known = bySubject.get(key);
    bySubject.set(
      key,
      known === undefined ? next : { ...known, evidence: [...known.evidence, ...next.evidence] },
    );
  }
  return [...bySubject.values()];
}

function keyOf(finding: Finding): string {
  return `${finding.id} ${finding.subject}`;
}
