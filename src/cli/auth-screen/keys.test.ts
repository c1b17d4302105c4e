import { describe, expect, test } from 'vitest';
import { inventedAccount, inventedKey } from '../../../test/support/invented-accounts.ts';
import { inventedSnapshot, inventedUsage } from '../../../test/support/screen-snapshot.ts';
import { EXIT } from '../../errors.ts';
import { type Effect, pressKey, type ScreenKey } from './keys.ts';
import { createModel, focusedIndex, type ScreenModel, shownAccounts } from './model.ts';

const NAMED = ['up', 'down', 'return', 'escape', 'backspace', 'delete', 'home', 'end', 'pageup', 'pagedown'];

const accounts = [
  inventedAccount(1, { label: 'Work' }),
  inventedAccount(2),
  inventedAccount(3, { isEnabled: false, label: 'Old work' }),
  inventedKey(4),
];

function open(pool: readonly Parameters<typeof inventedSnapshot>[0][number][] = accounts): ScreenModel {
  return createModel(inventedSnapshot(pool, [inventedUsage(12, 34)]));
}

function keyOf(text: string): ScreenKey {
  if (text.startsWith('ctrl-')) return { char: undefined, name: text.slice(5), ctrl: true };
  return NAMED.includes(text) ? { name: text } : { char: text, name: text.toLowerCase() };
}

/** Presses them one after the other; the effects that are none are left out. */
function press(model: ScreenModel, ...keys: readonly string[]) {
  const effects: Effect[] = [];
  let now = model;
  for (const text of keys) {
    const pressed = pressKey(now, keyOf(text));
    now = pressed.model;
    if (pressed.effect.kind !== 'none') effects.push(pressed.effect);
  }
  return { model: now, effects };
}

const at = (model: ScreenModel) => focusedIndex(model);

describe('moving', () => {
  test('opens at the active account, and stops at both ends', () => {
    const model = createModel(inventedSnapshot(accounts, [], { activeIndex: 1 }));
    expect(at(model)).toBe(1);
    expect(at(press(model, 'up', 'up', 'k').model)).toBe(0);
    expect(at(press(model, 'down', 'j', 'down', 'down').model)).toBe(3);
    expect(at(press(model, 'end').model)).toBe(3);
    expect(at(press(model, 'pagedown', 'home').model)).toBe(0);
  });

  test('goes to the number that is typed, also one of several digits', () => {
    const many = Array.from({ length: 23 }, (_, n) => inventedAccount(n + 1));
    const model = open(many);
    expect(at(press(model, '2').model)).toBe(1);
    expect(at(press(model, '2', '1').model)).toBe(20);
    expect(at(press(model, '2', '9').model)).toBe(8); // there is no 29
    expect(at(press(model, '2', 'down', '1').model)).toBe(0);
    expect(at(press(open(), '9').model)).toBe(0);
  });

  test('a number that the search hides ends the search', () => {
    const { model } = press(open(), '/', 'o', 'l', 'd', 'return', '2');
    expect(at(model)).toBe(1);
    expect(shownAccounts(model)).toHaveLength(4);
  });
});

describe('the search', () => {
  test.each([
    ['work', [0, 2]],
    ['old work', [2]],
    ['user2@mail', [1]],
    ['disabled', [2]],
    ['plus', [0]],
    ['000002', [1]],
    ['api key', [3]],
    ['nobody', []],
  ])('%s finds %j', (text, found) => {
    const { model, effects } = press(open(), '/', ...text);
    expect(effects).toEqual([]);
    expect(shownAccounts(model)).toEqual(found);
    expect(at(model)).toBe(found[0] ?? null);
  });

  test('letters are text until Enter, keys after it, and Escape shows all accounts again', () => {
    const typed = press(
      open(),
      '/',
      'q',
      'backspace',
      'o',
      'l',
      'd',
      'ctrl-u',
      'o',
      'l',
      'x',
      'backspace',
      'd',
    );
    expect(typed.effects).toEqual([]);
    expect(typed.model.search).toBe('old');
    const kept = press(typed.model, 'return', 'return');
    expect(kept.effects).toEqual([{ kind: 'do', action: { kind: 'switch', key: accounts[2]?.key } }]);
    const all = press(kept.model, 'escape');
    expect(all.effects).toEqual([]);
    expect(shownAccounts(all.model)).toHaveLength(4);
    expect(press(all.model, 'escape').effects).toEqual([{ kind: 'leave', exitCode: EXIT.ok }]);
  });

  test('acts on nothing when nothing is found', () => {
    const { model } = press(open(), '/', ...'nobody', 'return');
    expect(press(model, 'return', 's', 'c', 'd', 'l', 'x', 'y').effects).toEqual([]);
  });
});

describe('what keys do', () => {
  test.each([
    ['return', 'switch'],
    ['s', 'switch'],
    ['c', 'check'],
    ['d', 'disable'],
  ])('%s: %s, for the account in focus', (key, kind) => {
    expect(press(open(), 'down', key).effects).toEqual([
      { kind: 'do', action: { kind, key: accounts[1]?.key } },
    ]);
  });

  test.each([
    ['C', 'check-all'],
    ['r', 'refresh'],
    ['u', 'unpin'],
  ])('%s: %s', (key, kind) => {
    expect(press(open(), key).effects).toEqual([{ kind: 'do', action: { kind } }]);
  });

  test('d enables what is disabled', () => {
    expect(press(open(), '3', 'd').effects).toEqual([
      { kind: 'do', action: { kind: 'enable', key: accounts[2]?.key } },
    ]);
  });

  test('l logs that account in again, a whichever the person wants', () => {
    expect(press(open(), '2', 'l').effects).toEqual([{ kind: 'login', key: accounts[1]?.key }]);
    expect(press(open([]), 'a').effects).toEqual([{ kind: 'login', key: null }]);
  });

  test('nothing further is begun while something is being done, but one can look around and leave', () => {
    const busy = { ...open(), busy: 'switching' };
    const { model, effects } = press(busy, 'return', 'c', 'C', 'r', 'd', 'l', 'a', 'u', 'x', 'y', '2');
    expect(effects).toEqual([]);
    expect(at(model)).toBe(1);
    expect(press(busy, 'q').effects).toEqual([{ kind: 'leave', exitCode: 0 }]);
  });
});

describe('removing', () => {
  test.each(['x', 'delete'])('%s asks first, and y removes', (key) => {
    const asked = press(open(), '2', key);
    expect(asked.effects).toEqual([]);
    expect(asked.model.mode).toEqual({ kind: 'confirm-remove', key: accounts[1]?.key });
    const removed = press(asked.model, 'y');
    expect(removed.effects).toEqual([{ kind: 'do', action: { kind: 'remove', key: accounts[1]?.key } }]);
    expect(removed.model.mode).toEqual({ kind: 'list' });
  });

  test.each(['n', 'return', 'escape', 'x'])('%s is no', (key) => {
    const { model, effects } = press(open(), 'x', key);
    expect(effects).toEqual([]);
    expect(model).toMatchObject({ mode: { kind: 'list' }, notice: ['Nothing was removed.'] });
  });
});

describe('leaving', () => {
  test('q, Escape and Ctrl-D leave with 0, Ctrl-C with 130 from everywhere', () => {
    for (const key of ['q', 'escape', 'ctrl-d']) {
      expect(press(open(), key).effects).toEqual([{ kind: 'leave', exitCode: EXIT.ok }]);
    }
    for (const before of [[], ['/', 'a'], ['x'], ['?']]) {
      expect(press(open(), ...before, 'ctrl-c').effects).toEqual([
        { kind: 'leave', exitCode: EXIT.interrupted },
      ]);
    }
  });

  test('the keys are shown by ?, and any key goes back', () => {
    const { model } = press(open(), '?');
    expect(model.mode.kind).toBe('help');
    expect(press(model, 'q')).toMatchObject({ effects: [], model: { mode: { kind: 'list' } } });
  });
});
