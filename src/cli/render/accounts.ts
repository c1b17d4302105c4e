/** The list of accounts: an aligned table for somebody who looks at it, plain lines for everybody else. */

import type { Account } from '../../accounts/account.ts';
import { accountLabel, maskAddress } from '../../accounts/account-label.ts';
import { clockTime, quotaWords, waitWords } from '../../accounts/selection/words.ts';
import type { AccountsView } from '../accounts-view.ts';
import { limitCell, limitNames } from './account-limits.ts';
import { markersOf } from './account-markers.ts';
import { recommendationOf } from './accounts-json.ts';
import { columns, hang, tilde } from './layout.ts';
import type { Terminal } from './terminal.ts';

/** Narrower screens get no bars. */
const BAR_WIDTH = 80;

/** One line an account, and below it why it cannot be used and what its limits are. */
export function renderAccountLines(view: AccountsView, { paint }: Terminal): string {
  const { reading, loaded, forecast, now } = view;
  const lines: string[] = [];
  for (const [index, account] of reading.pool.accounts.entries()) {
    const markers = markersOf(view, index).map(({ text, style }) => ` ${paint(style, `[${text}]`)}`);
    const used = account.lastUsed === 0 ? 'never used' : `used ${ago(account.lastUsed, now)}`;
    lines.push(`${index + 1}. ${accountLabel(account, index)}${markers.join('')} ${paint('dim', used)}`);
    const ahead = forecast.accounts[index];
    const [reason] = ahead?.reasons ?? [];
    if (ahead?.availability.kind !== 'ready' && reason !== undefined) lines.push(`   reason: ${reason}`);
    const usage = loaded.facts[index]?.quota ?? null;
    if (usage === null || usage.windows.length === 0) continue;
    const plan = usage.planType === null ? [] : [`plan ${usage.planType}`];
    const limits = [...plan, ...usage.windows.map((window) => quotaWords(window, now))].join('; ');
    lines.push(`   ${limits} ${paint('dim', `(as of ${ago(usage.fetchedAt, now)})`)}`);
  }
  return joined(lines);
}

/** Columns: number, account, plan, each limit with what is left, state. */
export function renderAccountTable(view: AccountsView, terminal: Terminal): string {
  const { reading, loaded, now } = view;
  const { paint, width } = terminal;
  const readings = loaded.facts.map(({ quota }) => quota);
  const names = limitNames(readings);
  const bars = width >= BAR_WIDTH && names.length <= 2;
  const head = ['', '#', 'account', 'plan', ...names.map((name) => `${name} left`), 'state'];
  const rows = reading.pool.accounts.map((account, index) => {
    const usage = readings[index] ?? null;
    const limits = names.map((name) =>
      limitCell(
        usage?.windows.find((window) => window.name === name),
        now,
        terminal,
        bars,
      ),
    );
    const markers = markersOf(view, index);
    const state = markers
      .filter(({ name }) => name !== 'current')
      .map(({ text, style }) => paint(style, text));
    return [
      reading.pool.activeIndex === index ? paint('green', '●') : ' ',
      String(index + 1),
      shortName(account),
      account.kind === 'api-key' ? 'API key' : (usage?.planType ?? '–'),
      ...limits,
      state.length === 0 ? paint('green', 'ready') : state.join(', '),
    ];
  });
  const [first = '', ...rest] = columns([head, ...rows]);
  return joined([paint('dim', first), ...rest]);
}

/** Which account now, which next, when everything is there again. */
export function renderOutlook(
  view: AccountsView,
  { paint, isTerminal, width }: Pick<Terminal, 'paint' | 'isTerminal' | 'width'>,
): string {
  const { forecast, now, input } = view;
  const { next, fullAgainMs, unknownCount } = forecast;
  const reason = `Selection reason: ${recommendationOf(view)}`;
  const lines = [isTerminal ? hang(reason, width, 2) : reason]; // scripts look for the line
  if (typeof input.pinnedIndex === 'number') {
    lines.push(`Next: nobody else while account ${input.pinnedIndex + 1} is pinned (\`steward auth unpin\`)`);
  } else if (next !== null) {
    const when =
      next.atMs === 0 ? '' : ` from ${clockTime(next.atMs, now)} (in ${waitWords(next.atMs - now)})`;
    lines.push(`Next: account ${next.index + 1}${when}`);
  }
  if (fullAgainMs !== null) {
    const left = unknownCount === 0 ? '' : paint('dim', ` (${unknownCount} without a reading left out)`);
    lines.push(
      `All limits reset by: ${clockTime(fullAgainMs, now)} (in ${waitWords(fullAgainMs - now)})${left}`,
    );
  }
  return joined(lines);
}

/** How old the newest and oldest readings are, and how to get new ones; empty for a pool that needs none. */
export function renderReadingAge({ loaded, now }: AccountsView, { paint }: Terminal): string {
  const logins = loaded.facts.filter(({ account }) => account.kind === 'chatgpt' && account.isEnabled);
  if (logins.length === 0) return '';
  const times = logins.flatMap(({ quota }) => (quota === null ? [] : [quota.fetchedAt]));
  const how = '`steward auth forecast --live` asks the server';
  if (times.length === 0) return paint('dim', `Limits are not known yet: ${how}.\n`);
  const missing = logins.length - times.length;
  const oldestAt = Math.min(...times);
  const isSpread = times.length > 1 && now - oldestAt >= 60_000;
  const oldest = `Limits as of ${ago(oldestAt, now)}${isSpread ? ' or later' : ''}`;
  return paint('dim', `${oldest}${missing === 0 ? '' : `, ${missing} not known yet`}: ${how}.\n`);
}

/** Where the accounts are kept, and how that place is. */
export function renderStorage({ reading }: AccountsView, terminal: Terminal, userHome: string): string {
  const { paths, health, recoveredFrom } = reading;
  const lines = [`Storage: ${tilde(paths.poolFile, userHome)}`];
  if (paths.projectKey !== null) lines.push(`Project: ${paths.projectKey}`);
  const from = recoveredFrom === null ? '' : `: read from ${tilde(recoveredFrom, userHome)}`;
  const style = health === 'recoverable' ? 'yellow' : 'dim';
  lines.push(`Storage health: ${terminal.paint(style, `${health}${from}`)}`);
  return joined(lines);
}

/** `12 min ago`, `just now`. */
export function ago(at: number, now: number): string {
  return now - at < 60_000 ? 'just now' : `${waitWords(Math.floor((now - at) / 60_000) * 60_000)} ago`;
}

/** `Work us***@***.test id:000001`: an account in a column of its own. */
export function shortName(account: Account): string {
  const address = account.email === null ? null : maskAddress(account.email);
  const id =
    account.kind === 'chatgpt' && account.accountId !== null ? `id:${account.accountId.slice(-6)}` : null;
  return [account.label, address, id].filter((part) => part !== null).join(' ') || 'unnamed';
}

function joined(lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}
