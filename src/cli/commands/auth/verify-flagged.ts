/** `steward auth verify-flagged`: try the accounts that were taken out of use, bring healthy ones back. */
import { accountLabel } from '../../../accounts/account-label.ts';
import { type FlaggedReport, verifyFlagged } from '../../../accounts/actions/verify-flagged.ts';
import { EXIT } from '../../../errors.ts';
import { openAuthSession } from '../../auth-session.ts';
import type { CommandDeps } from '../../main.ts';
import { startProgress } from '../../render/progress.ts';

export interface VerifyFlaggedCommandOptions {
  readonly dryRun?: boolean;
  /** `--no-restore` makes it `false`. */
  readonly restore?: boolean;
  readonly json?: boolean;
}

/** 0: all were tried (or there were none); 1: accounts are left that do not work. */
export async function runVerifyFlagged(
  options: VerifyFlaggedCommandOptions,
  deps: CommandDeps,
): Promise<number> {
  const dryRun = options.dryRun === true;
  const restore = options.restore !== false;
  const session = await openAuthSession(deps, {
    command: 'verify-flagged',
    json: options.json,
    readOnly: dryRun,
  });
  const progress = startProgress(session.terminal, 'trying the flagged accounts');
  const outcome = await verifyFlagged(session.scope, { dryRun, restore }).finally(() => progress.stop());
  const { reports } = outcome;
  const { paint } = session.terminal;
  if (reports.length === 0) session.say('No account is flagged.');
  for (const { account, index, outcome: result, message, action } of reports) {
    const isGood = result === 'restored' || result === 'healthy-flagged';
    const mark = isGood
      ? paint('green', '✔')
      : result === 'still-flagged'
        ? paint('red', '✖')
        : paint('cyan', '→');
    session.say(`${mark} ${accountLabel(account, index)}  ${message}`);
    if (action !== null) session.say(`    ${paint('cyan', '→')} ${action}`);
  }
  const count = (wanted: FlaggedReport['outcome']) =>
    reports.filter((report) => report.outcome === wanted).length;
  session.answer({
    total: reports.length,
    restored: count('restored'),
    healthyFlagged: count('healthy-flagged'),
    stillFlagged: count('still-flagged'),
    remainingFlagged: outcome.remaining,
    changed: outcome.changed,
    dryRun,
    restore,
    reports: reports.map(({ index, account, outcome: result, message, code, action }) => ({
      index,
      label: accountLabel(account, index),
      outcome: result,
      message,
      code,
      action,
    })),
  });
  return count('still-flagged') > 0 ? EXIT.problems : EXIT.ok;
}
