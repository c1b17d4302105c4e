/** The forecast of each account: one line, and its reasons where they are asked for. */
import { accountLabel } from '../../accounts/account-label.ts';
import type { RiskLevel } from '../../accounts/forecast/forecast.ts';
import { quotaWords, waitWords } from '../../accounts/selection/words.ts';
import type { AccountsView } from '../accounts-view.ts';
import { ago } from './accounts.ts';
import { hang } from './layout.ts';
import type { Style, Terminal } from './terminal.ts';

const RISK_STYLE: Readonly<Record<RiskLevel, Style>> = { low: 'green', medium: 'yellow', high: 'red' };

/** The accounts in the pool's order. */
export function renderForecast(view: AccountsView, { paint, width }: Terminal, explain: boolean): string {
  const { reading, forecast, loaded, now } = view;
  const lines: string[] = [];
  for (const ahead of forecast.accounts) {
    const { index, availability, riskLevel, riskScore, waitMs, reasons } = ahead;
    const account = reading.pool.accounts[index];
    if (account === undefined) continue;
    const state =
      availability.kind === 'delayed'
        ? `in ${waitWords(waitMs ?? 0)}`
        : availability.kind === 'ready'
          ? 'ready'
          : 'unavailable';
    const mark = ahead.isSelected
      ? paint('green', '●')
      : forecast.next?.index === index
        ? paint('cyan', '○')
        : ' ';
    const risk = paint(RISK_STYLE[riskLevel], `${riskLevel} risk (${riskScore})`);
    lines.push(`${mark} ${index + 1}. ${accountLabel(account, index)}: ${state}, ${risk}`);
    const usage = loaded.facts[index]?.quota ?? null;
    const brief =
      availability.kind === 'ready'
        ? (usage?.windows ?? []).map((window) => quotaWords(window, now))
        : reasons.slice(0, 1);
    const shown = explain ? reasons : brief;
    if (!explain && shown.length > 0) lines.push(`     ${hang(shown.join('; '), width, 5)}`);
    if (!explain) continue;
    for (const reason of shown) lines.push(`     · ${hang(reason, width, 7)}`);
    if (usage !== null) lines.push(paint('dim', `     · limits as of ${ago(usage.fetchedAt, now)}`));
  }
  return `${lines.join('\n')}\n`;
}
