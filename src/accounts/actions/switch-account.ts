/**
 * Makes one account the active one: in the pool, and in Codex's own `auth.json`. A login that only `auth.json` has is
 * taken into the pool first, and a dead login never replaces one that works.
 */
import type { CodexScope } from '../../codex/home.ts';
import { type Account, MODEL_FAMILIES, type ModelFamily, type Pool, type SwitchReason } from '../account.ts';
import { readCodexLogin } from '../codex-login/codex-login.ts';
import { type WriteLoginOutcome, writeCodexLogin } from '../codex-login/write-codex-login.ts';
import type { RefreshOutcome } from '../refresh/refresh-account.ts';
import { addAccount } from '../store/identity.ts';
import { resolveAccountPaths } from '../store/paths.ts';
import { requirePool, updatePool } from '../store/pool-store.ts';
import { renewTokens } from './renew.ts';
import { withTurn } from './turn.ts';

export interface SwitchOptions {
  readonly reason: SwitchReason;
  /** `true`: stay with it until `unpin`; `false`: take a pin away. */
  readonly pin: boolean;
  /** A disabled account is enabled again: only where the user named it. Default `false`. */
  readonly enables?: boolean;
}

export type SwitchOutcome =
  | {
      readonly kind: 'switched';
      readonly account: Account;
      readonly index: number;
      readonly previousIndex: number | null;
      /** It was disabled, and is enabled now. */
      readonly wasDisabled: boolean;
      readonly pinCleared: boolean;
      readonly affinityGeneration: number;
      /** What became of its tokens; `null` for an API key. */
      readonly tokens: 'fresh' | 'adopted' | 'refreshed' | null;
      /** What became of `auth.json`; a refusal leaves the switch good for sessions through the gateway only. */
      readonly login: WriteLoginOutcome;
      readonly imported: ImportedLogin | null;
    }
  /** Nothing was switched: it needs a new token, and the server refused one or could not be asked. */
  | {
      readonly kind: 'dead';
      readonly account: Account;
      readonly index: number;
      readonly tokens: Exclude<RefreshOutcome, { readonly kind: 'fresh' | 'adopted' | 'refreshed' }>;
      readonly imported: ImportedLogin | null;
    }
  /** Nothing was switched: there is no such account (any more). */
  | { readonly kind: 'gone' }
  /** Nothing was switched: it is disabled, and the user did not name it. */
  | { readonly kind: 'disabled' };

/** A login of `auth.json` that the pool did not have. */
export interface ImportedLogin {
  readonly account: Account;
  readonly index: number;
}

/** Switches to the account with that key; positions may have moved since it was chosen. */
export async function switchAccount(
  scope: CodexScope,
  accountKey: string,
  options: SwitchOptions,
): Promise<SwitchOutcome> {
  const imported = await importCodexLogin(scope);
  const before = await requirePool(scope);
  const index = before.accounts.findIndex(({ key }) => key === accountKey);
  const target = before.accounts[index];
  if (target === undefined) return { kind: 'gone' };
  if (!target.isEnabled && options.enables !== true) return { kind: 'disabled' };

  const tokens = target.kind === 'chatgpt' ? await renewTokens(scope, target) : null;
  if (tokens !== null && (tokens.kind === 'refused' || tokens.kind === 'failed'))
    return { kind: 'dead', account: tokens.account, index, tokens, imported };

  const { lockFile } = await resolveAccountPaths(scope);
  // Pool and auth.json are two files: whoever switches at the same time waits, so that they agree afterwards.
  return await withTurn(scope, `${lockFile}.switch`, async () => {
    const switched = await updatePool(scope, (pool) => activate(pool, accountKey, options, scope.host.now()));
    if (switched === null) return { kind: 'gone' };
    const login = await writeCodexLogin(scope, switched.account);
    return { kind: 'switched', ...switched, tokens: tokens?.kind ?? null, login, imported };
  });
}

function activate(pool: Pool, accountKey: string, { reason, pin }: SwitchOptions, now: number) {
  const index = pool.accounts.findIndex(({ key }) => key === accountKey);
  const found = pool.accounts[index];
  if (found === undefined) return { pool, result: null };
  const account: Account = { ...found, isEnabled: true, lastUsed: now, lastSwitchReason: reason };
  const affinityGeneration = pool.affinityGeneration + 1;
  const activeIndexByFamily = Object.fromEntries(
    MODEL_FAMILIES.map((family): [ModelFamily, number] => [family, index]),
  );
  return {
    pool: {
      ...pool,
      accounts: pool.accounts.map((each, at) => (at === index ? account : each)),
      activeIndex: index,
      activeIndexByFamily,
      pinnedIndex: pin ? index : null,
      affinityGeneration,
    },
    result: {
      account,
      index,
      previousIndex: pool.activeIndex < pool.accounts.length ? pool.activeIndex : null,
      wasDisabled: !found.isEnabled,
      pinCleared: !pin && pool.pinnedIndex !== null,
      affinityGeneration,
    },
  };
}

/** Takes the login of `auth.json` into the pool, where the pool does not have it. */
export async function importCodexLogin(scope: CodexScope): Promise<ImportedLogin | null> {
  const login = await readCodexLogin(scope, await requirePool(scope));
  if (login.kind !== 'stranger') return null;
  return await updatePool(scope, (pool) => {
    const added = addAccount(pool, login.account);
    const account = added.pool.accounts[added.index];
    const result = account === undefined ? null : { account, index: added.index };
    return { pool: added.pool, result };
  });
}
