/** Invented accounts and pools in memory, for tests of what is pure. */
import type { Account, ApiKeyAccount, ChatgptAccount, Pool } from '../../src/accounts/account.ts';
import { accountKey } from '../../src/accounts/store/account-key.ts';

/** `user2@mail.test` with the id `…000002` for `n` = 2. */
export function inventedAccount(n: number, members: Partial<ChatgptAccount> = {}): ChatgptAccount {
  const email = `user${n}@mail.test`;
  const accountId = `0b1c5d9e-0000-4000-8000-${String(n).padStart(12, '0')}`;
  const account: ChatgptAccount = {
    kind: 'chatgpt',
    key: '',
    label: null,
    email,
    isEnabled: true,
    addedAt: 1_000 + n,
    lastUsed: 0,
    lastSwitchReason: null,
    rateLimitResetTimes: {},
    cooldown: null,
    rest: {},
    refreshToken: `rt_invented-for-a-test-${n}`,
    accessToken: null,
    expiresAt: null,
    idToken: null,
    accountId,
    accountIdSource: 'token',
    invalidated: null,
    workspaces: [],
    currentWorkspaceIndex: null,
    recordId: null,
    ...members,
  };
  return { ...account, key: members.key ?? accountKey(account) };
}

export function inventedKey(n: number, members: Partial<ApiKeyAccount> = {}): ApiKeyAccount {
  const apiKey = `sk-proj-invented-for-a-test-${n}`;
  return {
    kind: 'api-key',
    key: accountKey({ kind: 'api-key', apiKey }),
    apiKey,
    label: `key ${n}`,
    email: null,
    isEnabled: true,
    addedAt: 1_000 + n,
    lastUsed: 0,
    lastSwitchReason: null,
    rateLimitResetTimes: {},
    cooldown: null,
    rest: {},
    ...members,
  };
}

export function inventedPool(accounts: readonly Account[], members: Partial<Pool> = {}): Pool {
  return {
    accounts,
    activeIndex: 0,
    activeIndexByFamily: {},
    pinnedIndex: null,
    affinityGeneration: 0,
    rest: {},
    ...members,
  };
}
