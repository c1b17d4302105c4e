/** One account's verdict as a line for people and as an object for machines. */

import { accountLabel } from '../../accounts/account-label.ts';
import type { CheckedAccount } from '../../accounts/actions/check-accounts.ts';
import type { Verdict } from '../../accounts/actions/probe-account.ts';
import type { Usage } from '../../accounts/quota/usage-facts.ts';
import type { Terminal } from './terminal.ts';

/** `✔ Account 1 (…)  works: 5h 12 % used, weekly 34 % used (plus)`. */
export function verdictLine({ account, index, verdict }: CheckedAccount, terminal: Terminal): string {
  const label = accountLabel(account, index);
  if (verdict === null) return `${terminal.paint('dim', '-')} ${label}  disabled, not asked about`;
  const lines = [`${markOf(verdict, terminal)} ${label}  ${wordsOf(verdict)}`];
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

/** What the verdict says, in one line. */
export function wordsOf(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'working':
      return verdict.usage === null ? 'works' : `works: ${usageWords(verdict.usage)}`;
    case 'limited': {
      const until = verdict.untilMs === null ? '' : `, free again ${localTime(verdict.untilMs)}`;
      return `logged in, but its limits are used up${until}`;
    }
    case 'refused':
      return `${verdict.isPermanent ? 'needs a login' : 'refused'}: ${verdict.code ?? `HTTP ${verdict.status}`}: ${verdict.message}`;
    case 'unreachable':
      return `could not be asked: ${verdict.message}`;
  }
}

function usageWords(usage: Usage): string {
  const parts = usage.windows.map(({ name, usedPercent, resetsAt }) => {
    const reset = resetsAt === null ? '' : `, resets ${localTime(resetsAt)}`;
    return `${name} ${Math.round(usedPercent)} % used${reset}`;
  });
  if (usage.hasCredits) parts.push('has credits');
  return `${parts.join('; ')}${usage.planType === null ? '' : ` (${usage.planType})`}`;
}

/** In the time zone of the person, with the day when it is not today's. */
function localTime(at: number): string {
  return new Date(at).toLocaleString(undefined, {
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  });
}

/** For `--json`. */
export function verdictToJson({
  account,
  index,
  verdict,
}: CheckedAccount): Readonly<Record<string, unknown>> {
  const common = {
    index,
    label: accountLabel(account, index),
    kind: account.kind,
    enabled: account.isEnabled,
    verdict: verdict === null ? 'disabled' : verdict.kind,
    message: verdict === null ? 'disabled, not asked about' : wordsOf(verdict),
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
      return { ...common, reason: verdict.reason };
  }
}
