/** `--only`: which checks to run, and which of their findings count. */
import { EXIT, StewardError } from '../errors.ts';
import { isFailureId } from '../knowledge/ids.ts';
import { nearestNames } from '../nearest.ts';
import type { Check } from './check.ts';
import type { CheckRun } from './engine.ts';

export interface Selection {
  readonly checks: readonly Check[];
  /** The runs without the findings that were not asked for. */
  narrow(runs: readonly CheckRun[]): readonly CheckRun[];
}

/**
 * Checks by id (`steward.config`), failures by id (`config.toml_syntax`) or families (`config`); everything when `only` is
 * empty. Throws `ERR_DOCTOR_ONLY` for a name that is none of these.
 */
export function selectChecks(all: readonly Check[], only: readonly string[]): Selection {
  if (only.length === 0) return { checks: all, narrow: (runs) => runs };
  const unknown = only.filter((name) => !all.some((check) => matches(check, name)));
  if (unknown.length > 0) {
    throw new StewardError('ERR_DOCTOR_ONLY', 'user', unknownMessage(unknown), {
      hint: hintFor(unknown, all),
      exitCode: EXIT.usage,
    });
  }
  return {
    checks: all.filter((check) => only.some((name) => matches(check, name))),
    narrow: (runs) => runs.map((run) => narrowRun(run, only)),
  };
}

function matches(check: Check, name: string): boolean {
  return check.id === name || check.finds.some((id) => id === name || id.startsWith(`${name}.`));
}

function narrowRun(run: CheckRun, only: readonly string[]): CheckRun {
  if (only.includes(run.check.id)) return run;
  const problems = run.result.problems.filter(
    ({ finding }) =>
      finding.id === 'doctor.check_failed' ||
      only.some((name) => finding.id === name || finding.id.startsWith(`${name}.`)),
  );
  return { ...run, result: { ...run.result, problems } };
}

function unknownMessage(names: readonly string[]): string {
  const known = names.filter(isFailureId);
  const rest = names.filter((name) => !isFailureId(name));
  const parts: string[] = [];
  if (rest.length > 0)
    parts.push(`no failure, family or check is called ${rest.map((name) => `"${name}"`).join(', ')}`);
  if (known.length > 0) {
    parts.push(`${known.join(', ')} cannot be seen on a machine, only in an error text (steward explain)`);
  }
  return parts.join('; ');
}

function hintFor(unknown: readonly string[], all: readonly Check[]): string {
  const failures = [...new Set(all.flatMap((check) => check.finds))];
  const families = [...new Set(failures.map((id) => id.slice(0, id.indexOf('.'))))];
  const known = [...families, ...failures, ...all.map((check) => check.id)];
  const near = [...new Set(unknown.flatMap((name) => nearestNames(name, known)))];
  const meant = near.length === 0 ? '' : `Did you mean ${near.join(' or ')}? `;
  return `${meant}Families: ${families.join(', ')}. All checks: steward doctor --verbose`;
}
