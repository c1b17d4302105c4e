/**
 * What the documented pool file has no place for, in a file of our own beside it: id tokens, API keys, and which of them
 * is active or pinned. codex-multi-auth strips members it does not know, so nothing of ours may live in its file.
 *
 * Its name must not begin with the pool file's: codex-multi-auth takes `<pool>.*` for backups.
 */
import { hash } from 'node:crypto';
import * as v from 'valibot';
import type { ApiKeyAccount, ChatgptAccount } from '../account.ts';
import { accountKey, withKeys } from './account-key.ts';
import { commonMembers, type Row, takeCommon, takeFrom, withRest } from './row.ts';

/** An id token whose account vanished by another program's hand is kept this long; it may be back. */
const KEEP_MISSING_MS = 30 * 24 * 3600 * 1000;

export interface KeptIdToken {
  readonly idToken: string;
  /** Finds the account again when its key changed, because an e-mail was filled in. */
  readonly refreshTokenHash: string;
  /** Epoch ms since when no account has it. */
  readonly missingSince: number | null;
}

/** What the pool file cannot say about a choice of an API key. It holds while the pool file says what it said then. */
export interface KeptSelection {
  readonly file: {
    readonly activeIndex: number;
    readonly pinnedIndex: number | null;
    readonly generation: number;
  };
  readonly active: string | null;
  readonly pinned: string | null;
  readonly families: Readonly<Record<string, string>>;
}

export interface Extras {
  /** By account key. */
  readonly idTokens: Readonly<Record<string, KeptIdToken>>;
  readonly apiKeys: readonly ApiKeyAccount[];
  readonly selection: KeptSelection | null;
  /** The highest generation ever written: codex-multi-auth forgets it at a login. */
  readonly generation: number;
  readonly rest: Row;
}

export const NO_EXTRAS: Extras = { idTokens: {}, apiKeys: [], selection: null, generation: 0, rest: {} };

const Whole = v.pipe(v.number(), v.integer(), v.minValue(0));
const KeptIdTokenRow = v.object({
  idToken: v.string(),
  refreshTokenHash: v.string(),
  missingSince: v.optional(v.nullable(v.number()), null),
});
const Selection = v.object({
  file: v.object({ activeIndex: Whole, pinnedIndex: v.nullable(Whole), generation: Whole }),
  active: v.nullable(v.string()),
  pinned: v.nullable(v.string()),
  families: v.record(v.string(), v.string()),
});
const Rows = v.array(v.record(v.string(), v.unknown()));

/** Takes the parsed file apart; members that are not what they should be are left out. */
export function parseExtras(value: Row): Extras {
  const { rest, take } = takeFrom(value);
  take('version', v.number());
  const tokens = take('idTokens', v.record(v.string(), v.unknown())) ?? {};
  return {
    idTokens: Object.fromEntries(
      Object.entries(tokens).flatMap(([key, row]) => {
        const parsed = v.safeParse(KeptIdTokenRow, row);
        return parsed.success ? [[key, parsed.output] as const] : [];
      }),
    ),
    apiKeys: withKeys((take('apiKeys', Rows) ?? []).flatMap((row) => parseApiKey(row) ?? [])),
    selection: take('selection', Selection),
    generation: take('affinityGeneration', Whole) ?? 0,
    rest: rest(),
  };
}

function parseApiKey(row: Row): ApiKeyAccount | null {
  const taker = takeFrom(row);
  const { rest, take } = taker;
  const apiKey = take('apiKey', v.pipe(v.string(), v.nonEmpty()));
  if (apiKey === null) return null;
  return {
    kind: 'api-key',
    key: accountKey({ kind: 'api-key', apiKey }),
    apiKey,
    email: take('email', v.string()),
    addedAt: take('addedAt', v.number()) ?? 0,
    ...takeCommon(taker),
    rest: rest(),
  };
}

/** The text of the extras file. */
export function extrasText(extras: Extras): string {
  const content = withRest(
    {
      version: 1,
      idTokens: extras.idTokens,
      apiKeys: extras.apiKeys.map((account) =>
        withRest(
          {
            apiKey: account.apiKey,
            accountLabel: account.label,
            email: account.email,
            ...commonMembers(account),
          },
          account.rest,
        ),
      ),
      selection: extras.selection,
      affinityGeneration: extras.generation,
    },
    extras.rest,
  );
  return `${JSON.stringify(content, null, 2)}\n`;
}

/** Gives an account its id token, if there is one for it. */
export function idTokenGiver(extras: Extras): (account: ChatgptAccount) => ChatgptAccount {
  const kept = Object.values(extras.idTokens);
  if (kept.length === 0) return (account) => account;
  const byToken = new Map(kept.map((entry) => [entry.refreshTokenHash, entry]));
  return (account) => {
    const entry = extras.idTokens[account.key] ?? byToken.get(hashOf(account.refreshToken));
    return entry === undefined ? account : { ...account, idToken: entry.idToken };
  };
}

/**
 * The id tokens to keep: those of `accounts`, and for a while those of accounts that another program dropped. What
 * `before` had and `accounts` has no more was taken out by us, on purpose, and goes.
 */
export function keepIdTokens(
  extras: Extras,
  before: readonly ChatgptAccount[],
  accounts: readonly ChatgptAccount[],
  now: number,
): Extras['idTokens'] {
  const ours = new Set(before.map(({ key }) => key));
  const kept: Record<string, KeptIdToken> = {};
  for (const [key, entry] of Object.entries(extras.idTokens)) {
    const missingSince = entry.missingSince ?? now;
    if (!ours.has(key) && now - missingSince < KEEP_MISSING_MS) kept[key] = { ...entry, missingSince };
  }
  for (const { key, idToken, refreshToken } of accounts) {
    if (idToken !== null) kept[key] = { idToken, refreshTokenHash: hashOf(refreshToken), missingSince: null };
  }
  return kept;
}

function hashOf(refreshToken: string): string {
  return hash('sha256', refreshToken);
}
