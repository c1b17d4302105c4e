/** Logging in and removing: what is merged, and how selection, pin and affinity stay with the accounts they were meant for. */
import {
  type Account,
  type ApiKeyAccount,
  type ChatgptAccount,
  MODEL_FAMILIES,
  type Pool,
} from '../account.ts';
import { accountKey, withKeys } from './account-key.ts';
import { findSameAccount } from './same-account.ts';

export { accountKey, policyKey } from './account-key.ts';
export { findSameAccount } from './same-account.ts';

/** `existing` after logging in again: tokens and claims of `fresh`, decisions of the user and history of `existing`. */
export function mergeAccount<A extends ChatgptAccount | ApiKeyAccount>(existing: A, fresh: A): A {
  const common = {
    addedAt: existing.addedAt,
    lastUsed: Math.max(existing.lastUsed, fresh.lastUsed),
    label: fresh.label ?? existing.label,
    email: fresh.email ?? existing.email,
    rateLimitResetTimes: { ...existing.rateLimitResetTimes, ...fresh.rateLimitResetTimes },
    // What a failed login brought about ends with this login; a limit does not.
    cooldown: existing.cooldown?.reason === 'auth-failure' ? fresh.cooldown : existing.cooldown,
    rest: { ...existing.rest, ...fresh.rest },
  };
  if (existing.kind === 'api-key' || fresh.kind === 'api-key') {
    const merged = { ...existing, ...fresh, ...common };
    return { ...merged, key: accountKey(merged) };
  }
  const isChosen = existing.accountIdSource === 'org' || existing.accountIdSource === 'manual';
  const isClaim = fresh.accountIdSource !== 'org' && fresh.accountIdSource !== 'manual';
  const keepsId = existing.accountId !== null && (fresh.accountId === null || (isChosen && isClaim));
  const merged = {
    ...existing,
    ...fresh,
    ...common,
    accountId: keepsId ? existing.accountId : fresh.accountId,
    accountIdSource: keepsId ? existing.accountIdSource : fresh.accountIdSource,
    recordId: existing.recordId ?? fresh.recordId,
    ...mergeWorkspaces(existing, fresh),
  };
  return { ...merged, key: accountKey(merged) };
}

/** The workspaces that the new login offers, each as the user had set it, and the same one current. */
function mergeWorkspaces(existing: ChatgptAccount, fresh: ChatgptAccount) {
  const { workspaces, currentWorkspaceIndex } = existing;
  if (fresh.workspaces.length === 0) return { workspaces, currentWorkspaceIndex };
  const former = new Map(workspaces.map((workspace) => [workspace.id, workspace]));
  const currentId = currentWorkspaceIndex === null ? undefined : workspaces[currentWorkspaceIndex]?.id;
  const current = fresh.workspaces.findIndex(({ id }) => id === currentId);
  return {
    workspaces: fresh.workspaces.map((workspace) => {
      const known = former.get(workspace.id);
      if (known === undefined) return workspace;
      return { ...workspace, isEnabled: known.isEnabled, disabledAt: known.disabledAt };
    }),
    currentWorkspaceIndex: current === -1 ? fresh.currentWorkspaceIndex : current,
  };
}

/** The pool with that login in it, merged into the same account or added, and its position. */
export function addAccount(
  pool: Pool,
  account: Account,
): { readonly pool: Pool; readonly index: number; readonly isNew: boolean } {
  const same = findSameAccount(pool, account);
  if (same !== null) {
    const accounts = pool.accounts.map((existing, position) =>
      position === same ? mergeAccount(existing, account) : existing,
    );
    return { pool: { ...pool, accounts: withKeys(accounts) }, index: same, isNew: false };
  }
  // API keys come after the ChatGPT logins, so a login moves them by one.
  const firstKey = pool.accounts.findIndex(({ kind }) => kind === 'api-key');
  const index = account.kind === 'api-key' || firstKey === -1 ? pool.accounts.length : firstKey;
  const accounts = pool.accounts.toSpliced(index, 0, { ...account, key: accountKey(account) });
  return {
    pool: repointed({ ...pool, accounts: withKeys(accounts) }, (position) =>
      position >= index && pool.accounts.length > 0 ? position + 1 : position,
    ),
    index,
    isNew: true,
  };
}

/** The pool without that position. What was active there becomes the first account; a pin on it is gone. */
export function removeAccount(pool: Pool, index: number): Pool {
  if (pool.accounts[index] === undefined) return pool;
  const without = { ...pool, accounts: withKeys(pool.accounts.toSpliced(index, 1)) };
  return repointed(without, (position) => {
    if (position === index) return null;
    return position > index ? position - 1 : position;
  });
}

/** The pool with every position it names sent through `moved`; `null` for what is gone. */
function repointed(pool: Pool, moved: (position: number) => number | null): Pool {
  const families = MODEL_FAMILIES.flatMap((family) => {
    const position = pool.activeIndexByFamily[family];
    return position === undefined ? [] : [[family, moved(position) ?? 0] as const];
  });
  return {
    ...pool,
    activeIndex: moved(pool.activeIndex) ?? 0,
    activeIndexByFamily: Object.fromEntries(families),
    pinnedIndex: pool.pinnedIndex === null ? null : moved(pool.pinnedIndex),
  };
}
