import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AccountsHome, makeAccountsHome, NOW, poolFile } from '../../../test/support/accounts-home.ts';
import { readPool } from '../../accounts/store/pool-store.ts';
import { createAccountsView } from '../accounts-view.ts';
import { renderAccountTable } from './accounts.ts';
import type { Terminal } from './terminal.ts';

const HOUR = 3_600_000;

let home: AccountsHome;
beforeEach(async () => {
  home = await makeAccountsHome();
});
afterEach(() => home.remove());

function terminal(width: number): Terminal {
  return {
    out: () => {},
    err: () => {},
    interactive: false,
    canRedraw: false,
    isTerminal: true,
    width,
    paint: (_style, text) => text,
    env: {},
  };
}

const row = (n: number, more: object = {}) => ({
  refreshToken: `rt-${n}-canary`,
  accountId: `acc-00000${n}`,
  email: `user${n}@mail.test`,
  addedAt: NOW,
  lastUsed: NOW - HOUR,
  ...more,
});

async function table(width: number): Promise<readonly string[]> {
  await home.write(
    'openai-codex-accounts.json',
    poolFile([row(1), row(2, { authInvalidatedAt: NOW }), row(3)], { pinnedAccountIndex: 2 }),
  );
  const windows = (used: number) => ({
    primary: { usedPercent: used, windowMinutes: 300, resetAtMs: NOW + HOUR },
    secondary: { usedPercent: 100 - used, windowMinutes: 10_080, resetAtMs: NOW - HOUR },
  });
  await home.write('quota-cache.json', {
    version: 1,
    byAccountId: {
      'acc-000001': { updatedAt: NOW, status: 200, model: 'm', planType: 'plus', ...windows(25) },
      'acc-000003': { updatedAt: NOW, status: 200, model: 'm', planType: 'pro', ...windows(100) },
    },
    byEmail: {},
  });
  const reading = await readPool(home.scope);
  if (reading.kind !== 'ok') throw new Error('the pool was not read');
  const view = await createAccountsView(home.scope, reading, null);
  return renderAccountTable(view, terminal(width)).trimEnd().split('\n');
}

describe('the table of accounts', () => {
  it('lines up number, account, plan, what is left of each limit, and state', async () => {
    const lines = await table(100);
    expect(lines[0]).toMatch(/^ +# {2}account +plan +5h left +weekly left +state$/);
    expect(lines[1]).toMatch(
      /^● {2}1 {2}us\*\*\*@\*\*\*\.test id:000001 +plus +██████░░ {2}75 % .+ ████████ 100 % +ready$/,
    );
    expect(lines[2]).toMatch(/^ +2 .* – +– +– +needs login$/);
    expect(lines[3]).toMatch(/^ +3 .* pro +░░░░░░░░ {3}0 % .* pinned, rate-limited 1 h$/);
    const column = lines[0]?.indexOf('state') ?? 0;
    expect(lines.map((line) => [...line].slice(column - 2, column).join(''))).toEqual([
      '  ',
      '  ',
      '  ',
      '  ',
    ]);
  });

  it('has no bars where there is no room', async () => {
    expect((await table(70)).join('\n')).not.toMatch(/[█░]/);
  });
});
