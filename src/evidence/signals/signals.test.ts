import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AccountsHome, makeAccountsHome, NOW } from '../../../test/support/accounts-home.ts';
import { type SignalSummary, signalWords } from './signal.ts';
import { addForeignSignals, addSignal, readSignalSummaries, readSignals } from './store.ts';
import { parseSignals, renderSignals } from './transfer.ts';

let home: AccountsHome;
beforeEach(async () => {
  home = await makeAccountsHome();
});
afterEach(() => home.remove());

const words = async (id: string, at = home.scope) =>
  signalWords((await readSignalSummaries(at)).get(id) as SignalSummary);

describe('signals', () => {
  it('are none, and make no database, in a home where none was given', async () => {
    expect(await readSignals(home.scope)).toEqual({ signals: [], machine: '' });
    await expect(readSignals(home.scope)).resolves.toBeDefined();
  });

  it('count a repair that held and the verdict on it as one occasion', async () => {
    await addSignal(home.scope, { failureId: 'config.toml_syntax', word: 'held', occasion: 'r1' });
    await addSignal(home.scope, { failureId: 'config.toml_syntax', word: 'works' });
    await addSignal(home.scope, { failureId: 'config.toml_syntax', word: 'easy-fix' });
    expect(await words('config.toml_syntax')).toBe('worked 1 of 1 time here; easy fix 1 ×');
  });

  it('say how often a fix worked of how often it was tried', async () => {
    for (const occasion of ['r1', 'r2', 'r3'])
      await addSignal(home.scope, { failureId: 'config.toml_syntax', word: 'held', occasion });
    expect(await words('config.toml_syntax')).toBe('worked 3 of 3 times here');
    await addSignal(home.scope, { failureId: 'config.toml_syntax', word: 'failed', occasion: 'r4' });
    expect(await words('config.toml_syntax')).toBe('worked 3 of 4 times here');
    await addSignal(home.scope, { failureId: 'config.toml_syntax', word: 'flaky', occasion: 'r3' });
    expect(await words('config.toml_syntax')).toBe('worked 2 of 4 times here; flaky 1 ×');
  });

  it('do not take a word on the failure for a try of the fix', async () => {
    await addSignal(home.scope, { failureId: 'remote.client_revoked', word: 'blocking' });
    expect(await words('remote.client_revoked')).toBe('blocking 1 ×');
  });

  it('begin a new occasion after a day', async () => {
    await addSignal(home.scope, { failureId: 'remote.client_revoked', word: 'works' });
    await addSignal(home.at({ now: () => NOW + 25 * 3600 * 1000 }), {
      failureId: 'remote.client_revoked',
      word: 'works',
    });
    expect(await words('remote.client_revoked')).toBe('worked 2 of 2 times here');
  });

  it('are the same word twice only once', async () => {
    const said = { failureId: 'config.toml_syntax', word: 'works', occasion: 'r1' } as const;
    await addSignal(home.scope, said);
    await addSignal(home.scope, said);
    expect((await readSignals(home.scope)).signals).toHaveLength(1);
  });

  it('are pooled by a file, twice without effect, and counted apart from our own', async () => {
    const other = await makeAccountsHome();
    try {
      await addSignal(other.scope, { failureId: 'config.toml_syntax', word: 'works', occasion: 'theirs' });
      const file = renderSignals((await readSignals(other.scope)).signals);
      await addSignal(home.scope, { failureId: 'config.toml_syntax', word: 'works', occasion: 'ours' });
      const { signals, skipped } = parseSignals(file);
      expect(skipped).toBe(0);
      expect(await addForeignSignals(home.scope, signals)).toBe(1);
      expect(await addForeignSignals(home.scope, signals)).toBe(0);
      expect(await words('config.toml_syntax')).toBe('worked 1 of 1 time here; worked 1 of 1 time elsewhere');
      expect(file).not.toContain(other.folder);
    } finally {
      await other.remove();
    }
  });

  it('skip rows of a file that are none, and refuse another file', () => {
    const file = renderSignals([]).replace('[]', '[{"failureId":"no.such","word":"works"}, 7]');
    expect(parseSignals(file)).toEqual({ signals: [], skipped: 2 });
    expect(() => parseSignals('{"accounts":[]}')).toThrow('that is not a file of signals');
    expect(() => parseSignals('hello')).toThrow(expect.objectContaining({ code: 'ERR_SIGNAL_FILE' }));
  });
});
