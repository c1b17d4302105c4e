/** What must hold for any pool and any order of changes. */
import { rm } from 'node:fs/promises';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChatgptAccount, Pool } from '../../src/accounts/account.ts';
import { addAccount, removeAccount } from '../../src/accounts/store/identity.ts';
import { requirePool, updatePool } from '../../src/accounts/store/pool-store.ts';
import { type AccountsHome, makeAccount, makeAccountsHome, NOW, poolFile } from '../support/accounts-home.ts';

const POOL = 'openai-codex-accounts.json';
let home: AccountsHome;
beforeEach(async () => {
  home = await makeAccountsHome();
});
afterEach(() => home.remove());

type Action =
  | { readonly kind: 'add' | 'remove' | 'refresh'; readonly who: number }
  | { readonly kind: 'switch'; readonly who: number };

const action: fc.Arbitrary<Action> = fc.record({
  kind: fc.constantFrom('add', 'add', 'refresh', 'refresh', 'switch', 'remove'),
  who: fc.integer({ min: 1, max: 6 }),
});

describe('changes of a pool, in whatever order they come', () => {
  it('lose no account, no refresh and no switch, in parallel batches', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(action, { maxLength: 5 }), { maxLength: 4 }), async (batches) => {
        await rm(home.root, { recursive: true, force: true });
        const spent = new Map<number, number>();
        let switches = 0;
        const present = new Set<number>();
        for (const batch of batches) {
          // Within a batch nobody knows the order; what each change found tells what must have come of it.
          const seen = await Promise.all(batch.map(carryOut));
          for (const { kind, who, found } of seen) {
            if (kind === 'switch' && found) switches++;
            if (kind === 'refresh' && found) spent.set(who, (spent.get(who) ?? 0) + 1);
          }
          const pool = await requirePool(home.scope);
          expectWhole(pool);
          const removed = new Set(batch.flatMap(({ kind, who }) => (kind === 'remove' ? [who] : [])));
          for (const { kind, who } of batch) if (kind === 'add') present.add(who);
          const there = new Set(pool.accounts.map(({ email }) => Number(email?.match(/\d/)?.[0])));
          for (const who of present) {
            if (removed.has(who)) {
              if (!there.has(who)) present.delete(who);
            } else expect(there).toContain(who);
          }
          expect(pool.affinityGeneration).toBe(switches);
          for (const account of pool.accounts) {
            if (account.kind !== 'chatgpt') continue;
            const who = Number(account.email?.match(/\d/)?.[0]);
            expect(account.rest.refreshes ?? 0).toBe(spentOf(account));
            expect(account.idToken).toBe(`id-${who}-canary`);
          }
        }
        expect([...spent.values()].every((count) => count > 0)).toBe(true);
      }),
      { numRuns: 15 },
    );
  });
});

async function carryOut({
  kind,
  who,
}: Action): Promise<{ kind: Action['kind']; who: number; found: boolean }> {
  return updatePool(home.scope, (pool) => {
    const index = pool.accounts.findIndex(({ email }) => email === `user${who}@corp.test`);
    const answer = (next: Pool, found = true) => ({ pool: next, result: { kind, who, found } });
    if (kind === 'add') return index === -1 ? answer(addAccount(pool, makeAccount(who)).pool) : answer(pool);
    if (index === -1) return answer(pool, false);
    if (kind === 'remove') return answer(removeAccount(pool, index));
    if (kind === 'switch') {
      const affinityGeneration = pool.affinityGeneration + 1;
      return answer({ ...pool, activeIndex: index, pinnedIndex: index, affinityGeneration });
    }
    const accounts = pool.accounts.map((account, position) =>
      position === index && account.kind === 'chatgpt' ? refreshed(account) : account,
    );
    return answer({ ...pool, accounts });
  });
}

/** Counts in the token itself and beside it: a lost update makes the two differ. */
function refreshed(account: ChatgptAccount): ChatgptAccount {
  const refreshes = spentOf(account) + 1;
  return { ...account, refreshToken: `rt-n-${refreshes}`, rest: { ...account.rest, refreshes } };
}

function spentOf(account: ChatgptAccount): number {
  return Number(/^rt-n-(\d+)$/.exec(account.refreshToken)?.[1] ?? 0);
}

function expectWhole({ accounts, activeIndex, pinnedIndex, activeIndexByFamily }: Pool): void {
  const positions = [activeIndex, pinnedIndex ?? 0, ...Object.values(activeIndexByFamily)];
  for (const position of positions) {
    expect(position).toBeGreaterThanOrEqual(0);
    expect(position).toBeLessThan(Math.max(1, accounts.length));
  }
  expect(new Set(accounts.map(({ key }) => key)).size).toBe(accounts.length);
}

/** Any value that a JSON text can hold: there is no way to write -0 that `JSON.stringify` would give back. */
const jsonValue = (maxDepth: number) =>
  fc.jsonValue({ maxDepth }).map((value): unknown => JSON.parse(JSON.stringify(value)));

/** A row as the documented schema allows it, with what a later version might add. */
const row = fc
  .record(
    {
      refreshToken: fc.constant(''),
      accessToken: fc.stringMatching(/^[a-z0-9]{1,8}$/),
      expiresAt: fc.nat(),
      accountIdSource: fc.constantFrom('token', 'id_token', 'org', 'manual'),
      accountLabel: fc.stringMatching(/^[A-Za-z][A-Za-z :()[\]]{0,15}[a-z]$/),
      enabled: fc.constant(false),
      addedAt: fc.nat(),
      lastUsed: fc.nat(),
      lastSwitchReason: fc.constantFrom('rate-limit', 'initial', 'rotation', 'best', 'restore', 'manual'),
      rateLimitResetTimes: fc.dictionary(fc.constantFrom('codex', 'gpt-5.2:gpt-5.6-sol'), fc.nat(), {
        minKeys: 1,
      }),
      cooldown: fc.record({
        coolingDownUntil: fc.nat(),
        cooldownReason: fc.constantFrom('auth-failure', 'network-error', 'server-error', 'rate-limit'),
      }),
      invalidated: fc.record(
        {
          authInvalidatedAt: fc.integer({ min: 1 }),
          authInvalidationErrorCode: fc.constant('token_invalidated'),
        },
        { requiredKeys: ['authInvalidatedAt'] },
      ),
      recordId: fc.stringMatching(/^record:[0-9a-f]{8}$/),
      workspaces: fc.uniqueArray(
        fc.record(
          {
            id: fc.stringMatching(/^[a-z]{1,4}$/),
            name: fc.stringMatching(/^[A-Z][a-z]{1,6}$/),
            enabled: fc.boolean(),
            disabledAt: fc.nat(),
            isDefault: fc.constant(true),
            later: fc.nat(),
          },
          { requiredKeys: ['id', 'enabled'] },
        ),
        { minLength: 1, maxLength: 3, selector: ({ id }) => id },
      ),
      currentWorkspaceIndex: fc.nat({ max: 2 }),
      laterMember: jsonValue(2),
    },
    { requiredKeys: ['refreshToken', 'addedAt', 'lastUsed'] },
  )
  .map(({ cooldown, invalidated, ...others }) => ({ ...others, ...cooldown, ...invalidated }));

describe('a pool written by codex-multi-auth', () => {
  it('is, for its rules, the same after a change of ours, but for the change', async () => {
    const rows = fc.array(row, { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(rows, fc.nat(), jsonValue(1), async (made, seed, later) => {
        await rm(home.root, { recursive: true, force: true });
        const accounts = made.map((one, n) => ({
          ...one,
          refreshToken: `rt-${n}`,
          ...(n % 3 === 2 ? {} : { email: `user${n}@corp.test` }),
          ...(n % 3 === 1 ? {} : { accountId: `acc-${n}` }),
        }));
        const activeIndex = seed % accounts.length;
        const file = poolFile(accounts, {
          activeIndex,
          pinnedAccountIndex: activeIndex,
          affinityGeneration: 3,
          later,
        });
        await home.write(POOL, file);
        await updatePool(home.scope, (pool) => ({
          pool: { ...addAccount(pool, makeAccount('new')).pool, affinityGeneration: 4 },
          result: undefined,
        }));
        const written = await home.json(POOL);
        expect(written.accounts.slice(0, -1)).toEqual(accounts);
        const { accounts: _was, ...before } = file;
        const { accounts: _is, ...after } = written;
        expect(after).toEqual({ ...before, affinityGeneration: 4 });
        expect(written.accounts.at(-1)).toMatchObject({ refreshToken: 'rt-new-canary', addedAt: NOW });
      }),
      { numRuns: 40 },
    );
  });
});
