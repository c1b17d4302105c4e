/**
 * One process that changes the pool, for the chaos tests:
 * `node child.mjs once HOME who BOUNDARY` refreshes one account and dies of SIGKILL at that boundary (or none);
 * `node child.mjs loop HOME who` refreshes its account and adds others until it is killed, and says what is done.
 */

import type { Pool } from '../../src/accounts/account.ts';
import { addAccount } from '../../src/accounts/store/identity.ts';
import { resolveAccountPaths } from '../../src/accounts/store/paths.ts';
import { updatePool } from '../../src/accounts/store/pool-store.ts';
import { updatePoolAt } from '../../src/accounts/store/pool-update.ts';
import { createHost } from '../../src/host.ts';
import { makeAccount } from '../support/accounts-home.ts';

const [mode = '', home = '', who = '', boundary = ''] = process.argv.slice(2);
const scope = {
  host: createHost({ env: {}, userHome: `${home}/home`, cwd: '/' }),
  home: { path: `${home}/home/.codex`, source: 'default' as const },
  signal: new AbortController().signal,
};

if (mode === 'once') {
  const seen: string[] = [];
  await updatePoolAt(scope, await resolveAccountPaths(scope), refresh, async (name) => {
    seen.push(name);
    if (name !== boundary) return;
    process.kill(process.pid, 'SIGKILL');
    await new Promise(() => {});
  });
  process.stdout.write(JSON.stringify(seen));
} else {
  for (let n = 1; ; n++) {
    const count = await updatePool(scope, refresh);
    process.stdout.write(`refreshed ${count}\n`);
    if (n % 3 === 0) {
      const name = `${who}x${process.pid}x${n}`;
      await updatePool(scope, (pool) => ({ pool: addAccount(pool, makeAccount(name)).pool, result: 0 }));
      process.stdout.write(`added ${name}\n`);
    }
  }
}

/** A new pair for the account, as a refresh brings it: the former token is worth nothing from then on. */
function refresh(pool: Pool): { pool: Pool; result: number } {
  let count = 0;
  const accounts = pool.accounts.map((account) => {
    if (account.kind !== 'chatgpt' || account.accountId !== `acc-${who}`) return account;
    count = Number(/-(\d+)$/.exec(account.refreshToken)?.[1] ?? 0) + 1;
    return { ...account, refreshToken: `rt-${who}-${count}`, idToken: `id-${who}-${count}` };
  });
  return { pool: { ...pool, accounts }, result: count };
}
