/** `steward auth doctor`: what is wrong with the accounts, and with `--fix`, mending it. */
import { diagnosePool } from '../../../accounts/actions/doctor/diagnose-pool.ts';
import type { PoolCheck } from '../../../accounts/actions/doctor/pool-check.ts';
import { EXIT, StewardError } from '../../../errors.ts';
import { openAuthSession } from '../../auth-session.ts';
import type { CommandDeps } from '../../main.ts';
import { count } from '../../render/layout.ts';
import { startProgress } from '../../render/progress.ts';
import type { Terminal } from '../../render/terminal.ts';

export interface AuthDoctorOptions {
  readonly fix?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** 1 while a check is an error; `--dry-run` without `--fix` is a usage error, as documented. */
export async function runAuthDoctor(options: AuthDoctorOptions, deps: CommandDeps): Promise<number> {
  const fix = options.fix === true;
  const dryRun = options.dryRun === true;
  if (dryRun && !fix) {
    throw new StewardError('ERR_CLI_USAGE', 'user', '--dry-run goes with --fix', {
      hint: 'steward auth doctor --fix --dry-run',
      exitCode: EXIT.usage,
    });
  }
  const session = await openAuthSession(deps, {
    command: 'doctor',
    json: options.json,
    readOnly: !fix || dryRun,
  });
  const progress = startProgress(session.terminal, fix ? 'mending the accounts' : 'looking at the accounts');
  const diagnosis = await diagnosePool(session.scope, { fix, dryRun }).finally(() => progress.stop());
  const { checks, actions } = diagnosis;
  const having = (severity: PoolCheck['severity']) =>
    checks.filter((check) => check.severity === severity).length;
  const summary = { ok: having('ok'), warn: having('warn'), error: having('error') };

  session.say(`Accounts: ${diagnosis.storagePath}`);
  for (const check of checks) session.say(checkLine(check, session.terminal));
  if (fix) {
    session.say(dryRun ? 'Would be done (dry run: nobody was asked, nothing changed):' : 'Done:');
    for (const { message } of actions) session.say(`  • ${message}`);
    if (actions.length === 0) session.say('  nothing');
  }
  const { ok, warn, error } = summary;
  session.say(`Result: ${ok} ok | ${count(warn, 'warning')} | ${count(error, 'error')}`);
  if (!fix && summary.warn + summary.error > 0)
    session.say('steward auth doctor --fix mends what can be mended.');
  session.answer({
    storagePath: diagnosis.storagePath,
    summary,
    checks,
    fix: { enabled: fix, dryRun, changed: diagnosis.changed, actions },
  });
  return summary.error > 0 ? EXIT.problems : EXIT.ok;
}

function checkLine({ severity, key, message, details }: PoolCheck, terminal: Terminal): string {
  const mark = MARKS[severity];
  const line = `${terminal.paint(mark.style, mark.sign)} ${key}: ${message}`;
  return details === undefined || severity === 'ok' ? line : `${line}\n    ${details}`;
}

const MARKS = {
  ok: { sign: '✔', style: 'green' },
  warn: { sign: '▲', style: 'yellow' },
  error: { sign: '✖', style: 'red' },
} as const;
