/** `steward auth fix`: refresh what can be refreshed, take what is dead out of use. */
import { accountLabel } from '../../../accounts/account-label.ts';
import { type FixOutcome, type FixReport, fixAccounts } from '../../../accounts/actions/fix-accounts.ts';
import { requirePool } from '../../../accounts/store/pool-store.ts';
import { EXIT } from '../../../errors.ts';
import { openAuthSession } from '../../auth-session.ts';
import type { CommandDeps } from '../../main.ts';
import { startProgress } from '../../render/progress.ts';
import type { Terminal } from '../../render/terminal.ts';

export interface FixCommandOptions {
  readonly dryRun?: boolean;
  readonly live?: boolean;
  readonly model?: string;
  readonly json?: boolean;
}

/** 0 while an account can be used; 1 when none is left that works. A dry run never contacts anybody, also with `--live`. */
export async function runFix(options: FixCommandOptions, deps: CommandDeps): Promise<number> {
  const dryRun = options.dryRun === true;
  const session = await openAuthSession(deps, { command: 'fix', json: options.json, readOnly: dryRun });
  const total = (await requirePool(session.scope)).accounts.length;
  let done = 0;
  const progress = startProgress(session.terminal, `looking at ${total} accounts`);
  const outcome = await fixAccounts(session.scope, {
    dryRun,
    live: options.live === true,
    model: options.model ?? null,
    onReport: () => {
      done += 1;
      progress.update(`looked at ${done} of ${total} accounts`);
    },
  }).finally(() => progress.stop());

  if (total === 0) session.say('There are no accounts yet: steward auth login.');
  for (const report of outcome.reports) session.say(reportLine(report, session.terminal));
  const summary = summarise(outcome);
  const { recommendation } = outcome;
  const command = switchCommand(outcome);
  session.say(
    `Result: ${summary.healthy} healthy | ${summary.disabled} disabled | ${summary.warnings} warnings | ${summary.skipped} skipped` +
      (dryRun
        ? ` | ${summary.wouldRefresh} to refresh | ${summary.wouldDisable} to disable (dry run: nobody was asked, nothing changed)`
        : ''),
  );
  if (command !== null) session.say(`Recommended: ${command}   # ${recommendation.reason}`);
  const exitCode = total > 0 && !works(outcome) ? EXIT.problems : EXIT.ok;
  session.answer({
    ok: exitCode === EXIT.ok,
    dryRun,
    liveProbe: options.live === true && !dryRun,
    model: options.model ?? null,
    changed: outcome.changed,
    quotaCacheChanged: outcome.quotaCacheChanged,
    quotaCacheSaveError: outcome.quotaCacheSaveError,
    summary,
    recommendation: { recommendedIndex: recommendation.index, reason: recommendation.reason },
    recommendedSwitchCommand: command,
    reports: outcome.reports.map(({ index, account, outcome: result, message, code, action }) => ({
      index,
      label: accountLabel(account, index),
      outcome: result,
      message,
      code,
      action,
    })),
  });
  return exitCode;
}

function summarise({ reports }: FixOutcome) {
  const count = (wanted: FixReport['outcome']) => reports.filter(({ outcome }) => outcome === wanted).length;
  return {
    healthy: count('healthy'),
    disabled: count('disabled-hard-failure'),
    warnings: count('warning-soft-failure'),
    skipped: count('already-disabled'),
    wouldRefresh: count('would-refresh'),
    wouldDisable: count('would-disable'),
  };
}

function works({ reports }: FixOutcome): boolean {
  return reports.some(({ outcome }) => outcome === 'healthy' || outcome === 'would-refresh');
}

function switchCommand({ recommendation, activeIndex }: FixOutcome): string | null {
  const { index } = recommendation;
  return index === null || index === activeIndex ? null : `steward auth switch ${index + 1}`;
}

function reportLine({ account, index, outcome, message, action }: FixReport, terminal: Terminal): string {
  const line = `${markOf(outcome, terminal)} ${accountLabel(account, index)}  ${message}`;
  return action === null ? line : `${line}\n    ${terminal.paint('cyan', '→')} ${action}`;
}

function markOf(outcome: FixReport['outcome'], terminal: Terminal): string {
  switch (outcome) {
    case 'healthy':
      return terminal.paint('green', '✔');
    case 'disabled-hard-failure':
      return terminal.paint('red', '✖');
    case 'warning-soft-failure':
      return terminal.paint('yellow', '▲');
    case 'already-disabled':
      return terminal.paint('dim', '-');
    case 'would-refresh':
    case 'would-disable':
      return terminal.paint('cyan', '→');
  }
}
