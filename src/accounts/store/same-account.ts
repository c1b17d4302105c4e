/** Which rows and logins are the same account: the rules of codex-multi-auth 2.8, so that both tools see the same pool. */
import type { Account, ChatgptAccount, Pool } from '../account.ts';

/** Position in the pool of the account that `candidate` is; `null` when it is a new one. */
export function findSameAccount(pool: Pool, candidate: Account): number | null {
  if (candidate.kind === 'api-key') {
    const position = pool.accounts.findIndex(
      (account) => account.kind === 'api-key' && account.apiKey === candidate.apiKey,
    );
    return position === -1 ? null : position;
  }
  const directory = createDirectory();
  for (const [position, account] of pool.accounts.entries()) {
    if (account.kind === 'chatgpt') directory.put(position, account);
  }
  return directory.find(candidate);
}

/**
 * The rows with each account once, and where each row went. The row used last wins; what only the other one knows
 * (ids, label, workspaces) is kept.
 */
export function withoutDuplicates(rows: readonly ChatgptAccount[]): {
  readonly accounts: readonly ChatgptAccount[];
  readonly positionOf: readonly number[];
} {
  let accounts = rows;
  let positionOf: readonly number[] = rows.map((_, position) => position);
  for (;;) {
    const directory = createDirectory();
    const kept: ChatgptAccount[] = [];
    const movedTo = accounts.map((account) => {
      const same = directory.find(account);
      const position = same ?? kept.length;
      const other = same === null ? undefined : kept[same];
      kept[position] = other === undefined ? account : uniteLogins(other, account);
      directory.put(position, kept[position]);
      return position;
    });
    positionOf = positionOf.map((position) => movedTo[position] ?? 0);
    // A row that won may itself be the duplicate of an earlier one, so it goes on until nothing moves.
    if (kept.length === accounts.length) return { accounts, positionOf };
    accounts = kept;
  }
}

/** The same account from two places: the one used last, with what only the other one knows. */
export function uniteAccounts(first: Account, second: Account): Account {
  if (first.kind === 'chatgpt' && second.kind === 'chatgpt') return uniteLogins(first, second);
  return first.lastUsed >= second.lastUsed ? first : second;
}

function uniteLogins(first: ChatgptAccount, second: ChatgptAccount): ChatgptAccount {
  const [older, newer] = isNewer(second, first) ? [first, second] : [second, first];
  return {
    ...newer,
    accountId: newer.accountId ?? older.accountId,
    accountIdSource: newer.accountId === null ? older.accountIdSource : newer.accountIdSource,
    email: newer.email ?? older.email,
    label: newer.label ?? older.label,
    idToken: newer.idToken ?? older.idToken,
    workspaces: newer.workspaces.length > 0 ? newer.workspaces : older.workspaces,
    currentWorkspaceIndex:
      newer.workspaces.length > 0 ? newer.currentWorkspaceIndex : older.currentWorkspaceIndex,
    recordId: newer.recordId ?? older.recordId,
    rest: { ...older.rest, ...newer.rest },
  };
}

function isNewer(one: ChatgptAccount, other: ChatgptAccount): boolean {
  return one.lastUsed === other.lastUsed ? one.addedAt >= other.addedAt : one.lastUsed > other.lastUsed;
}

interface Directory {
  put(position: number, account: ChatgptAccount): void;
  find(candidate: ChatgptAccount): number | null;
}

/** Finds by e-mail, token and account id without walking a pool of a thousand for each of its rows. */
function createDirectory(): Directory {
  const byPosition = new Map<number, ChatgptAccount>();
  const groups = new Map<string, Set<number>>();
  const namesOf = ({ email, refreshToken, accountId }: ChatgptAccount) => [
    ...(email === null ? [] : [`email ${email}`]),
    `token ${refreshToken}`,
    ...(accountId === null ? [] : [`id ${accountId}`]),
  ];
  const group = (name: string) =>
    [...(groups.get(name) ?? [])].flatMap((position) => {
      const account = byPosition.get(position);
      return account === undefined ? [] : [{ position, account }];
    });
  return {
    put: (position, account) => {
      const former = byPosition.get(position);
      if (former !== undefined) for (const name of namesOf(former)) groups.get(name)?.delete(position);
      byPosition.set(position, account);
      for (const name of namesOf(account)) {
        const members = groups.get(name);
        if (members === undefined) groups.set(name, new Set([position]));
        else members.add(position);
      }
    },
    find: (candidate) => {
      const { accountId, email, refreshToken } = candidate;
      if (email !== null) {
        const sameEmail = group(`email ${email}`);
        const both = sameEmail.filter((row) => accountId !== null && row.account.accountId === accountId);
        if (both.length > 0) return newest(both);
        const ids = new Set([accountId, ...sameEmail.map((row) => row.account.accountId)]);
        ids.delete(null);
        if (sameEmail.length > 0 && ids.size <= 1) return newest(sameEmail);
      }
      const sameToken = group(`token ${refreshToken}`);
      if (
        sameToken.length > 0 &&
        sameToken.every(({ account }) => isCompatible(account, candidate)) &&
        (sameToken.length === 1 || accountId !== null || email !== null)
      ) {
        return newest(sameToken);
      }
      if (accountId === null || email === null) return null;
      const [only, ...others] = group(`id ${accountId}`);
      const isOne = only !== undefined && others.length === 0 && only.account.email === null;
      return isOne ? only.position : null;
    },
  };
}

function isCompatible(one: ChatgptAccount, other: ChatgptAccount): boolean {
  const agree = (a: string | null, b: string | null) => a === null || b === null || a === b;
  return agree(one.accountId, other.accountId) && agree(one.email, other.email);
}

function newest(
  rows: readonly { readonly position: number; readonly account: ChatgptAccount }[],
): number | null {
  let best = rows[0];
  for (const row of rows) if (best === undefined || isNewer(row.account, best.account)) best = row;
  return best?.position ?? null;
}
