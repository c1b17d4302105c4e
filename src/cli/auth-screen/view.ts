/** The screen as lines: what fits into the window, the least important left out first. Pure. */
import getStringWidth from 'fast-string-width';
import { accountLabel } from '../../accounts/account-label.ts';
import { renderOutlook } from '../render/accounts.ts';
import { hang } from '../render/layout.ts';
import { FRAMES } from '../render/progress.ts';
import { accountDetails } from './details.ts';
import { focusedIndex, type ScreenModel, shownAccounts } from './model.ts';
import { accountRows, clip, type Look } from './rows.ts';

const MIN_LIST = 3;
const MAX_NOTICE = 12;

/** The whole screen, never wider or higher than the window. `tick` counts up while something is being done. */
export function drawScreen(model: ScreenModel, look: Look, tick: number): string {
  const height = Math.max(1, look.rows - 1);
  const lines = model.mode.kind === 'help' ? drawHelp(look) : drawList(model, look, tick, height);
  return lines
    .slice(0, height)
    .map((line) => clip(line, look.columns - 1))
    .join('\n');
}

function drawList(model: ScreenModel, look: Look, tick: number, height: number): readonly string[] {
  const { paint } = look;
  const shown = shownAccounts(model);
  const focused = focusedIndex(model);
  const foot = drawFoot(model, look);
  const title = titleOf(model, shown.length, look);
  // Title, head of the list and the blank line above the foot are always there.
  let room = height - 3 - foot.length - Math.max(1, Math.min(MIN_LIST, shown.length));
  const take = (section: readonly string[], isCut = false): readonly string[] => {
    if (section.length === 0 || room < 2) return [];
    if (section.length + 1 > room && !isCut) return [];
    const taken = section.slice(0, room - 1);
    room -= taken.length + 1;
    return ['', ...taken];
  };
  const said = take(drawNotice(model, look, tick), true);
  const details = focused === null ? [] : take(wrapped(accountDetails(model.view, focused, look), look));
  const outlook = take(drawOutlook(model, look));
  const listed = windowAround(
    shown,
    focused,
    Math.max(1, Math.min(MIN_LIST, shown.length)) + Math.max(0, room),
  );
  const rows =
    listed.length === 0
      ? [
          paint(
            'dim',
            model.search === '' ? 'There are no accounts: a adds one.' : 'No account fits the search.',
          ),
        ]
      : accountRows(model.view, listed, focused, look);
  return [
    title,
    ...outlook.slice(1),
    ...(outlook.length > 0 ? [''] : []),
    ...rows,
    ...details,
    ...said,
    '',
    ...foot,
  ];
}

function titleOf({ view, search, mode }: ScreenModel, shownCount: number, { paint }: Look): string {
  const total = view.reading.pool.accounts.length;
  const title = paint('bold', `Accounts (${total})`);
  if (search === '' && mode.kind !== 'search') return title;
  return `${title}  ${paint('cyan', `/${search}`)}${mode.kind === 'search' ? '▏' : ''} ${paint('dim', `${shownCount} shown`)}`;
}

function drawOutlook({ view, codexLogin }: ScreenModel, look: Look): readonly string[] {
  const { paint, columns } = look;
  const { health, pool } = view.reading;
  const outlook = () =>
    renderOutlook(view, { paint, isTerminal: true, width: columns }).trimEnd().split('\n');
  const lines = [
    `${codexLogin.isSplit ? `${paint('yellow', '▲')} ` : ''}${codexLogin.text}`,
    ...(pool.accounts.length === 0 ? [] : outlook()),
  ];
  if (health === 'recoverable') {
    lines.push(
      `${paint('yellow', '▲')} The pool file is damaged; a copy stands in: \`steward auth doctor\`.`,
    );
  }
  return wrapped(lines, look);
}

function drawNotice(model: ScreenModel, look: Look, tick: number): readonly string[] {
  const { paint } = look;
  const { mode, busy, notice, view } = model;
  if (mode.kind === 'confirm-remove') {
    const index = view.reading.pool.accounts.findIndex(({ key }) => key === mode.key);
    const account = view.reading.pool.accounts[index];
    if (account === undefined) return ['The account is gone already.'];
    return wrapped(
      [`${paint('yellow', '▲')} Take ${accountLabel(account, index)} out of the pool? y/N`],
      look,
    );
  }
  if (busy !== null) return wrapped([`${paint('cyan', FRAMES[tick % FRAMES.length] ?? '')} ${busy}`], look);
  const lines = wrapped(notice, look);
  if (lines.length <= MAX_NOTICE) return lines;
  const end = lines.at(-1) ?? '';
  return [
    ...lines.slice(0, MAX_NOTICE - 2),
    paint('dim', `… ${lines.length - MAX_NOTICE + 1} more lines …`),
    end,
  ];
}

/** As many keys as two lines hold; those that lead further are always there. */
function drawFoot(model: ScreenModel, { columns, paint }: Look): readonly string[] {
  const keys = footKeys(model);
  const always = keys.slice(-2).join('  ');
  for (let kept = keys.length - 2; kept >= 0; kept--) {
    const lines = packed([...keys.slice(0, kept), always], columns - 1);
    if (lines.length <= 2) return lines.map((line) => paint('dim', line));
  }
  return [paint('dim', always)];
}

function footKeys(model: ScreenModel): readonly string[] {
  if (model.mode.kind === 'search') return ['type to search', '↑↓ move', 'Enter keep', 'Esc all accounts'];
  if (model.mode.kind === 'confirm-remove') return ['y remove', 'any other key: no'];
  const index = focusedIndex(model);
  const account = index === null ? undefined : model.view.reading.pool.accounts[index];
  const able =
    account === undefined
      ? ['a add']
      : [
          '↑↓ move',
          'Enter switch',
          'c check',
          account.isEnabled ? 'd disable' : 'd enable',
          'l log in again',
          'x remove',
          'r refresh limits',
          '/ search',
          'a add',
          ...(model.view.reading.pool.pinnedIndex === null ? [] : ['u unpin']),
        ];
  return [...able, '? keys', 'q leave'];
}

function drawHelp({ paint }: Look): readonly string[] {
  const keys = [
    ['↑ ↓ j k', 'move; Page Up, Page Down, Home, End too'],
    ['1 2 3 …', 'go to that number'],
    ['/', 'search: number, label, address, id, plan, tag, state'],
    ['Enter, s', 'switch to the account, and pin it'],
    ['u', 'unpin: the gateway chooses again'],
    ['c, C', 'check the account, or all of them'],
    ['r', 'refresh the limits of all accounts'],
    ['d', 'disable the account, or enable it again'],
    ['l', 'log the account in again'],
    ['a', 'add an account'],
    ['x, Delete', 'remove the account, after asking'],
    ['Esc', 'back; in the list: leave'],
    ['q, Ctrl-C', 'leave'],
  ];
  return [
    paint('bold', 'Keys'),
    ...keys.map(([key = '', what = '']) => `  ${paint('cyan', key.padEnd(10))} ${what}`),
    '',
    paint('dim', 'Any key goes back.'),
  ];
}

/** So many of the positions, with the focused one among them, as near to the middle as can be. */
function windowAround(shown: readonly number[], focused: number | null, size: number): readonly number[] {
  const at = Math.max(0, shown.indexOf(focused ?? -1));
  const from = Math.max(0, Math.min(at - Math.floor(size / 2), shown.length - size));
  return shown.slice(from, from + size);
}

function wrapped(lines: readonly string[], { columns }: Look): readonly string[] {
  return lines.flatMap((line) => {
    const indent = line.length - line.trimStart().length;
    return `${' '.repeat(indent)}${hang(line.trimStart(), columns - 1, indent)}`.split('\n');
  });
}

function packed(words: readonly string[], width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of words) {
    const longer = `${lines.at(-1)}  ${word}`;
    if (lines.length > 0 && getStringWidth(longer) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
