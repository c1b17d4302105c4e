import getStringWidth from 'fast-string-width';
import { describe, expect, test } from 'vitest';
import { inventedAccount, inventedKey } from '../../../test/support/invented-accounts.ts';
import { inventedSnapshot, inventedUsage, SCREEN_NOW } from '../../../test/support/screen-snapshot.ts';
import { createModel, type ScreenModel } from './model.ts';
import { drawScreen } from './view.ts';

const three = [
  inventedAccount(1, { label: 'Work', lastUsed: SCREEN_NOW - 60_000 }),
  inventedAccount(2),
  inventedAccount(3, { isEnabled: false }),
];
const usages = [inventedUsage(12, 34), inventedUsage(100, 80), null];

const open = () => createModel(inventedSnapshot(three, usages, { pinnedIndex: 0 }));
const plain = (_style: unknown, text: string) => text;

function draw(model: ScreenModel, columns: number, rows: number): readonly string[] {
  return drawScreen(model, { paint: plain, columns, rows }, 0).split('\n');
}

describe('a wide window', () => {
  test('has plan, bars, reset times and health of each account, and all of the one in focus', () => {
    const text = draw(open(), 120, 40).join('\n');
    expect(text).toContain('Accounts (3)');
    expect(text).toMatch(/▸ ● 1 Work us\*\*\*@\*\*\*\.test id:000001 plus +███████░ {2}88 % 14:00/);
    expect(text).toMatch(/2 us\*\*\*@\*\*\*\.test id:000002 +plus +░{8} {3}0 % 14:00 .*rate-limited 2 h/);
    expect(text).toMatch(/3 us\*\*\*@\*\*\*\.test id:000003 +– .* disabled/);
    expect(text).toContain('Account 1 (Work, us***@***.test, id:000001), plan plus');
    expect(text).toMatch(/weekly +█████░░░ {2}66 % Wed 14:00 +in 2 d 2 h/);
    expect(text).toContain('limits as of 10 min ago');
    expect(text).toContain('? keys  q leave');
    expect(text).not.toContain('user1@');
  });
});

test.each([
  [200, 60],
  [120, 40],
  [80, 24],
  [60, 20],
  [40, 24],
  [40, 10],
  [20, 6],
])('%i columns and %i rows are never left', (columns, rows) => {
  const models = [
    open(),
    { ...open(), search: 'nobody' },
    { ...open(), busy: 'asking about all accounts, which takes a while and is a long text that wraps' },
    { ...open(), notice: Array.from({ length: 30 }, (_, n) => `line ${n} `.repeat(12)) },
    { ...open(), mode: { kind: 'help' } as const },
    createModel(inventedSnapshot([])),
    createModel(inventedSnapshot(Array.from({ length: 300 }, (_, n) => inventedAccount(n + 1)))),
  ];
  for (const model of models) {
    const lines = draw(model, columns, rows);
    expect(lines.length).toBeLessThan(rows);
    expect(lines.filter((line) => getStringWidth(line) >= columns)).toEqual([]);
    expect(lines.join('\n')).toMatch(model.mode.kind === 'help' ? /Keys/ : /Accounts \(\d+\)/);
  }
});

test('80 columns keep the bars, and the times stand with the account in focus', () => {
  const lines = draw(open(), 80, 24);
  expect(lines.find((line) => line.includes('▸'))).toMatch(/███████░ {2}88 % .*66 % .*ready, pinned$/);
  expect(lines.join('\n')).toMatch(/5h +███████░ {2}88 % 14:00 +in 2 h/);
});

test('40 columns keep number, name, tightest limit and state', () => {
  const lines = draw(open(), 40, 24);
  expect(lines.find((line) => line.includes('▸'))).toMatch(/▸ ● 1 Work us\S+… +66 % ready/);
  expect(lines.join('\n')).toMatch(/2 us.* 0 % rate-/);
});

test('a long list shows the part around the account in focus', () => {
  const many = Array.from({ length: 300 }, (_, n) => inventedAccount(n + 1));
  const lines = draw(createModel(inventedSnapshot(many, [], { activeIndex: 149 })), 80, 24);
  expect(lines.filter((line) => /▸ ● 150 /.test(line))).toHaveLength(1);
  expect(lines.some((line) => / 149 us/.test(line))).toBe(true);
  expect(lines.some((line) => / 1 us/.test(line))).toBe(false);
});

test('the question, what is being done, and what was said stand above the keys', () => {
  const key = three[1]?.key ?? '';
  const asked = draw({ ...open(), mode: { kind: 'confirm-remove', key } }, 80, 24);
  expect(asked.slice(-3)).toEqual([
    '▲ Take Account 2 (us***@***.test, id:000002) out of the pool? y/N',
    '',
    'y remove  any other key: no',
  ]);
  expect(draw({ ...open(), busy: 'switching' }, 80, 24).join('\n')).toContain('⠋ switching');
  const said = draw({ ...open(), notice: ['✖ ERR_X: it broke', '  → mend it'] }, 80, 24).join('\n');
  expect(said).toContain('✖ ERR_X: it broke\n  → mend it\n');
});

test('an API key has no limits, and an empty pool says how to fill it', () => {
  expect(draw(createModel(inventedSnapshot([inventedKey(1)])), 80, 24).join('\n')).toMatch(
    /1 key 1 +API key ready/,
  );
  expect(draw(createModel(inventedSnapshot([])), 80, 24).join('\n')).toContain(
    'There are no accounts: a adds one.',
  );
});

test('a split login and a damaged pool file are warned about', () => {
  const snapshot = inventedSnapshot(three, usages);
  const { view } = snapshot;
  const model = createModel({
    view: { ...view, reading: { ...view.reading, health: 'recoverable' } },
    codexLogin: { text: 'split: two accounts', isSplit: true },
  });
  const text = draw(model, 100, 40).join('\n');
  expect(text).toContain('▲ split: two accounts');
  expect(text).toContain('▲ The pool file is damaged');
});
