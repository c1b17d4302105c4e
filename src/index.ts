/**
 * The library: what `steward doctor` does, for programs.
 *
 * Not here: the command line, its screens, and anything that asks a question. See the documentation of each export.
 */
export { type CodexHome, resolveCodexHome } from './codex/home.ts';
export type { Check, CheckContext, CheckResult, ReportedCheck } from './doctor/check.ts';
export { CHECKS } from './doctor/checks/index.ts';
export type { RunScope } from './doctor/context.ts';
export { type Diagnosis, diagnose } from './doctor/diagnose.ts';
export type { DoctorReport } from './doctor/report.ts';
export { selectChecks } from './doctor/select.ts';
export { type ErrorKind, EXIT, StewardError } from './errors.ts';
export { createHost, type Host } from './host.ts';
export type { Evidence, Finding, Severity } from './knowledge/finding.ts';
export { FAILURE_IDS, type FailureId } from './knowledge/ids.ts';
