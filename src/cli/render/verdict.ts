/** One account's verdict as a line for people and as an object for machines. */

import { accountLabel } from '../../accounts/account-label.ts';
import type { CheckedAccount } from '../../accounts/actions/check-accounts.ts';
import type { Verdict } from '../../accounts/actions/probe-account.ts';
import { refusalWords } from '../../accounts/actions/refusal-words.ts';
import type { Usage } from '../../accounts/quota/usage-facts.ts';
import { clockTime, quotaWords } from '../../accounts/selection/words.ts';
import type { Terminal } from './terminal.ts';

/** `✔ Account 1 (…)  works: 5h 12 % used, weekly 34 % used (plus)`. */
export function verdictLine(checked: CheckedAccount, terminal: Terminal, now: number): string {
  const { account, index, verdict } = checked;
  const label = accountLabel(account, index);
  if (verdict === null) return `${terminal.paint('dim', '-')} ${label}  disabled, not asked about`;
  const lines = [`${markOf(verdict, terminal)} ${label}  ${wordsOf(verdict, now)}`];
  if (verdict.kind === 'refused') lines.push(`    ${terminal.paint('cyan', '→')} ${verdict.action}`);
  return lines.join('\n');
}

function markOf(verdict: Verdict, terminal: Terminal): string {
  switch (verdict.kind) {
    case 'working':
      return terminal.paint('green', '✔');
    case 'limited':
      return terminal.paint('yellow', '▲');
    case 'refused':
      return terminal.paint('red', '✖');
    case 'unreachable':
      return terminal.paint('yellow', '?');
  }
}

function wordsOf(verdict: Verdict, now: number): string {
  switch (verdict.kind) {
    case 'working':
      return verdict.usage === null ? 'works' : `works: ${usageWords(verdict.usage, now)}`;
    case 'limited': {
      const until = verdict.untilMs === null ? '' : `, free again ${clockTime(verdict.untilMs, now)}`;
      return `logged in, but its limits are used up${until}`;
    }
    case 'refused':
      return `${verdict.isPermanent ? 'needs a login' : 'refused'}: ${refusalWords(verdict)}`;
    case 'unreachable':
      return `could not be asked: ${verdict.message}`;
  }
}

function usageWords(usage: Usage, now: number): string {
  const parts = usage.windows.map((window) => quotaWords(window, now));
  if (usage.hasCredits) parts.push('has credits');
  return `${parts.join('; ')}${usage.planType === null ? '' : ` (${usage.planType})`}`;
}

/** For `--json`. */
export function verdictToJson(
  { account, index, verdict }: CheckedAccount,
  now: number,
): Readonly<Record<string, unknown>> {
  const common = {
    index,
    label: accountLabel(account, index),
    kind: account.kind,
    enabled: account.isEnabled,
    verdict: verdict === null ? 'disabled' : verdict.kind,
    message: verdict === null ? 'disabled, not asked about' : wordsOf(verdict, now),
  };
  if (verdict === null) return common;
  switch (verdict.kind) {
    case 'working':
      return { ...common, credential: verdict.renewed, usage: verdict.usage };
    case 'limited':
      return { ...common, credential: verdict.renewed, usage: verdict.usage, untilMs: verdict.untilMs };
    case 'refused': {
      const { code, status, isPermanent, action } = verdict;
      return { ...common, code, status, needsLogin: isPermanent, action };
    }
    case 'unreachable':
      return { ...common, reason: verdict.reason, action: verdict.action };
  }
}
