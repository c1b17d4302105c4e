/** The list of accounts in as many columns as fit: times go first, then bars, then plans, then all limits but the tightest. */
import getStringWidth from 'fast-string-width';
import { wrapAnsi } from 'fast-wrap-ansi';
import type { Usage } from '../../accounts/quota/usage-facts.ts';
import type { AccountsView } from '../accounts-view.ts';
import { limitCell, limitNames } from '../render/account-limits.ts';
import { markersOf } from '../render/account-markers.ts';
import { shortName } from '../render/accounts.ts';
import { columns } from '../render/layout.ts';
import type { Terminal } from '../render/terminal.ts';

/** What drawing needs: colours, and the size of the screen in cells. */
export interface Look extends Pick<Terminal, 'paint'> {
  readonly columns: number;
  readonly rows: number;
}

interface Layout {
  readonly bars: boolean;
  readonly resets: boolean;
  readonly plan: boolean;
  readonly limits: 'all' | 'tightest';
  readonly nameWidth: number;
}

/** From the most to the least; the last one is cut where even it is too wide. */
const LAYOUTS: readonly Layout[] = [
  { bars: true, resets: true, plan: true, limits: 'all', nameWidth: 40 },
  { bars: true, resets: true, plan: true, limits: 'all', nameWidth: 24 },
  { bars: true, resets: false, plan: true, limits: 'all', nameWidth: 40 },
  { bars: true, resets: false, plan: true, limits: 'all', nameWidth: 24 },
  { bars: true, resets: false, plan: true, limits: 'all', nameWidth: 18 },
  { bars: false, resets: false, plan: true, limits: 'all', nameWidth: 24 },
  { bars: false, resets: false, plan: false, limits: 'all', nameWidth: 20 },
  { bars: false, resets: false, plan: false, limits: 'tightest', nameWidth: 15 },
];

/** The head and a line for each of these accounts; `focused` is marked. */
export function accountRows(
  view: AccountsView,
  indexes: readonly number[],
  focused: number | null,
  look: Look,
): readonly string[] {
  let lines: readonly string[] = [];
  for (const layout of LAYOUTS) {
    lines = drawRows(view, indexes, focused, layout, look);
    if (lines.every((line) => getStringWidth(line) < look.columns)) return lines;
  }
  return lines.map((line) => clip(line, look.columns - 1));
}

function drawRows(
  view: AccountsView,
  indexes: readonly number[],
  focused: number | null,
  layout: Layout,
  { paint }: Look,
): readonly string[] {
  const { reading, loaded } = view;
  const names = limitNames(indexes.map((index) => loaded.facts[index]?.quota ?? null));
  const heads = layout.limits === 'tightest' ? ['left'] : names.map((name) => `${name} left`);
  const head = ['', '', '#', 'account', ...(layout.plan ? ['plan'] : []), ...heads, 'state'];
  const rows = indexes.flatMap((index) => {
    const account = reading.pool.accounts[index];
    if (account === undefined) return [];
    const usage = loaded.facts[index]?.quota ?? null;
    const plan = account.kind === 'api-key' ? 'API key' : (usage?.planType ?? '–');
    const name = clip(shortName(account), layout.nameWidth);
    return [
      [
        index === focused ? paint('cyan', '▸') : ' ',
        reading.pool.activeIndex === index ? paint('green', '●') : ' ',
        String(index + 1),
        index === focused ? paint('bold', name) : name,
        ...(layout.plan ? [plan] : []),
        ...limitCells(usage, names, view.now, layout, paint),
        stateOf(view, index, paint),
      ],
    ];
  });
  const [first = '', ...rest] = columns([head, ...rows], 1);
  return [paint('dim', first), ...rest];
}

function limitCells(
  usage: Usage | null,
  names: readonly string[],
  now: number,
  { bars, resets, limits }: Layout,
  paint: Look['paint'],
): readonly string[] {
  const windows = usage?.windows ?? [];
  if (limits === 'all') {
    return names.map((name) =>
      limitCell(
        windows.find((window) => window.name === name),
        now,
        { paint },
        bars,
        resets,
      ),
    );
  }
  const left = (at: (typeof windows)[number]) =>
    at.resetsAt !== null && at.resetsAt <= now ? 100 : 100 - at.usedPercent;
  const [tightest] = windows.toSorted((a, b) => left(a) - left(b));
  return [limitCell(tightest, now, { paint }, bars, resets)];
}

/** Everything but `current`, which has a sign of its own; `ready` when there is nothing. */
function stateOf(view: AccountsView, index: number, paint: Look['paint']): string {
  const markers = markersOf(view, index).filter(({ name }) => name !== 'current');
  const states = markers.map(({ text, style }) => paint(style, text));
  const isReady = view.forecast.accounts[index]?.availability.kind === 'ready';
  return [...(isReady ? [paint('green', 'ready')] : []), ...states].join(', ');
}

/** The text in at most `width` cells, with `…` where it was cut; colours stay closed. */
export function clip(text: string, width: number): string {
  if (getStringWidth(text) <= width) return text;
  const [start = ''] = wrapAnsi(text, Math.max(1, width - 1), {
    hard: true,
    wordWrap: false,
    trim: false,
  }).split('\n');
  return `${start}…`;
}
