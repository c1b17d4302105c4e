/**
 * The official `codex doctor`, carried over under its own ids. It parses with the code of the version that runs, so
 * a configuration that it refuses is refused, whatever we think of it; what it calls fine is not thereby fine.
 */
import { readCodexBinaries, usableNative } from '../../codex/binaries.ts';
import { readConfig } from '../../codex/config-file.ts';
import { type OfficialCheck, runOfficialDoctor } from '../../codex/official-doctor.ts';
import { type Finding, finding } from '../../knowledge/finding.ts';
import { redact, redactValue } from '../../storage/redact.ts';
import type { Check, CheckContext, CheckResult, ReportedCheck } from '../check.ts';
import { configValuesCheck } from './config-values.ts';

export const officialCheck: Check = {
  id: 'steward.official',
  category: 'official',
  title: 'Official codex doctor',
  finds: ['config.invalid_value'],
  timeoutMs: 35_000,
  startsProgram: true,
  run,
};

async function run(context: CheckContext): Promise<CheckResult> {
  const binary = usableNative(await context.read(readCodexBinaries));
  if (binary === null) return skipped('no codex that can be started');
  const result = await runOfficialDoctor(context, binary, context.live);
  if (result.kind === 'unavailable')
    return skipped(`codex doctor could not be asked: ${redact(result.reason)}`);
  const officialChecks = [
    ...result.checks.map(carryOver),
    ...result.dropped.map(
      ({ check, reason }): ReportedCheck => ({
        ...carryOver(check),
        status: 'skipped',
        summary: reason,
        details: {},
        remediation: null,
      }),
    ),
  ];
  const bad = result.checks.filter((check) => check.status !== 'ok');
  const problems = (await unloadable(context, bad)).map((found) => ({ finding: found }));
  const version = result.codexVersion ?? 'of unknown version';
  return {
    status: problems.length > 0 ? 'problems' : 'ok',
    summary:
      bad.length === 0
        ? `codex doctor ${version}: ${result.checks.length} of its checks carried over, all of them green`
        : `codex doctor ${version} objects to ${bad.map((check) => `${check.id} (${check.status})`).join(', ')}`,
    details: {
      binary: binary.path,
      objections: bad.map((check) => `${check.id}: ${redact(check.summary)}`),
      'not asked': result.dropped.map(({ check }) => check.id),
    },
    problems,
    officialChecks,
  };
}

/** A configuration that this version of Codex refuses although our own checks see nothing wrong with it. */
async function unloadable(context: CheckContext, bad: readonly OfficialCheck[]): Promise<Finding[]> {
  const check = bad.find(({ id, status }) => id === 'config.load' && status === 'fail');
  if (check === undefined) return [];
  const config = await context.read(readConfig);
  if (config.kind !== 'ok' || (await configValuesCheck.run(context)).problems.length > 0) return [];
  const error = check.details.error ?? check.summary;
  const text = redact(typeof error === 'string' ? error : error.join(' '));
  return [
    finding('config.invalid_value', {
      subject: 'config.load',
      cause: `The official doctor cannot load ${config.path}: ${text}.`,
      evidence: [
        { source: 'command', where: 'codex doctor --json, config.load', what: `${check.summary}: ${text}` },
        { source: 'file', where: config.path, what: 'parses as TOML' },
      ],
      summary: `Correct ${config.path} as Codex says.`,
      steps: ['codex login status   # prints the reason, until it loads'],
      confidence: 0.8,
    }),
  ];
}

function carryOver(check: OfficialCheck): ReportedCheck {
  const details: Record<string, string | readonly string[]> = {};
  for (const [name, value] of Object.entries(check.details)) {
    const safe = redactValue({ [name]: value });
    const kept = typeof safe === 'object' && safe !== null ? Object.values(safe)[0] : undefined;
    details[name] = Array.isArray(kept) ? kept.map(String) : String(kept);
  }
  return {
    ...check,
    details,
    summary: redact(check.summary),
    remediation: check.remediation === null ? null : redact(check.remediation),
  };
}

function skipped(summary: string): CheckResult {
  return { status: 'skipped', summary, details: {}, problems: [] };
}
