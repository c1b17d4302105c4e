/** All that is known of the one account that the person looks at. */
import { accountLabel } from '../../accounts/account-label.ts';
import type { UsageWindow } from '../../accounts/quota/usage-facts.ts';
import { quotaWords, waitWords } from '../../accounts/selection/words.ts';
import type { AccountsView } from '../accounts-view.ts';
import { limitCell } from '../render/account-limits.ts';
import { ago } from '../render/accounts.ts';
import { columns } from '../render/layout.ts';
import { clip, type Look } from './rows.ts';

const MAX_LIMITS = 6;
/** Bars need room beside the name of the limit and the time. */
const BAR_COLUMNS = 50;

/** Its name, each limit with bar and reset, why it cannot be used, how old that is. Lines may be wider than the screen. */
export function accountDetails(view: AccountsView, index: number, look: Look): readonly string[] {
  const { paint } = look;
  const { reading, loaded, forecast, now } = view;
  const account = reading.pool.accounts[index];
  const facts = loaded.facts[index];
  if (account === undefined || facts === undefined) return [];
  const usage = facts.quota;
  const plan = usage?.planType == null ? '' : `, plan ${usage.planType}`;
  const limits = [
    ...(usage?.windows ?? []).map((window): [string, UsageWindow] => [window.name, window]),
    ...(usage?.additional ?? []).flatMap(({ id, name, windows }) =>
      windows.map((window): [string, UsageWindow] => [`${name ?? id} ${window.name}`, window]),
    ),
  ];
  const rows = limits.slice(0, MAX_LIMITS).map(([name, window]) => {
    const { resetsAt } = window;
    const wait = resetsAt === null || resetsAt <= now ? '' : paint('dim', `in ${waitWords(resetsAt - now)}`);
    return [`  ${clip(name, 24)}`, limitCell(window, now, look, look.columns >= BAR_COLUMNS), wait];
  });
  const more = limits.length - rows.length;
  const told = new Set(limits.map(([, window]) => quotaWords(window, now)));
  const reasons = (forecast.accounts[index]?.reasons ?? []).filter((reason) => !told.has(reason));
  const { tags, weight } = facts.preferences;
  const facets = [
    usage === null ? null : `limits as of ${ago(usage.fetchedAt, now)}`,
    account.lastUsed === 0 ? 'never used' : `used ${ago(account.lastUsed, now)}`,
    usage?.credits?.hasCredits === true ? `credits ${usage.credits.balance ?? 'there are'}` : null,
    weight === 1 ? null : `weight ${weight}`,
    tags.length === 0 ? null : `tags ${tags.join(', ')}`,
  ].filter((facet) => facet !== null);
  return [
    paint('bold', `${accountLabel(account, index)}${plan}`),
    ...columns(rows),
    ...(more > 0 ? [`  ${paint('dim', `and ${more} more limits`)}`] : []),
    ...reasons.slice(0, 2).map((reason) => `  ${reason}`),
    `  ${paint('dim', facets.join('; '))}`,
  ];
}
