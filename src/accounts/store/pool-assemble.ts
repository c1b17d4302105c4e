/** A pool from its two files, and back: the documented file holds what it can, the extras file everything else. */
import {
  type ApiKeyAccount,
  type ChatgptAccount,
  MODEL_FAMILIES,
  type ModelFamily,
  type Pool,
} from '../account.ts';
import { withKeys } from './account-key.ts';
import { type Extras, idTokenGiver, type KeptSelection, keepIdTokens } from './extras.ts';
import type { PoolDocument } from './pool-document.ts';

/** The pool that both files make together. */
export function assemble(document: PoolDocument, extras: Extras): Pool {
  const logins = document.accounts.map(idTokenGiver(extras));
  const accounts = [...logins, ...extras.apiKeys]; // both lists come with keys of their own
  const chosen = isCurrent(extras.selection, document) ? extras.selection : null;
  const positionOf = (key: string | null | undefined): number | null => {
    const position = accounts.findIndex((account) => account.key === key);
    return key === null || key === undefined || position === -1 ? null : position;
  };
  const onlyKeys = logins.length === 0 && accounts.length > 0;
  return {
    accounts,
    activeIndex: positionOf(chosen?.active) ?? (onlyKeys ? 0 : document.activeIndex),
    activeIndexByFamily: Object.fromEntries(
      MODEL_FAMILIES.map((family) => [
        family,
        positionOf(chosen?.families[family]) ?? document.activeIndexByFamily[family] ?? document.activeIndex,
      ]),
    ),
    pinnedIndex: positionOf(chosen?.pinned) ?? document.pinnedIndex,
    affinityGeneration: generationOf(document, extras),
    rest: document.rest,
  };
}

/** A choice of ours is void once somebody else chose in the pool file. */
function isCurrent(selection: KeptSelection | null, document: PoolDocument): boolean {
  return (
    selection !== null &&
    selection.file.activeIndex === document.activeIndex &&
    selection.file.pinnedIndex === document.pinnedIndex &&
    selection.file.generation === document.affinityGeneration
  );
}

/**
 * Never falls: a login of codex-multi-auth drops the number, and whoever keeps sticky sessions would miss the switches
 * after it. From a file that fell behind, its own count goes on top of the highest one known.
 */
function generationOf(document: PoolDocument, extras: Extras): number {
  const fellBehind = document.affinityGeneration < extras.generation;
  return fellBehind ? extras.generation + 1 + document.affinityGeneration : document.affinityGeneration;
}

/** What the two files have to hold for that pool, coming from `before`. */
export function disassemble(
  pool: Pool,
  before: { readonly document: PoolDocument; readonly extras: Extras; readonly pool: Pool },
  now: number,
): { readonly document: PoolDocument; readonly extras: Extras } {
  const logins = withKeys(pool.accounts.filter(isLogin));
  const apiKeys = pool.accounts.filter(isApiKey);
  const order = [...pool.accounts.filter(isLogin), ...apiKeys];
  // Positions count in the order of the caller's list; on disk the logins come first.
  const place = (position: number | null | undefined): number | null => {
    const account = position === null || position === undefined ? undefined : pool.accounts[position];
    return account === undefined ? null : order.indexOf(account);
  };
  const inFile = (position: number | null): number | null =>
    position !== null && position < logins.length ? position : null;
  const keyAt = (position: number | null): string | null =>
    position !== null && position >= logins.length ? (apiKeys[position - logins.length]?.key ?? null) : null;

  const active = place(pool.activeIndex);
  const pinned = place(pool.pinnedIndex);
  const families = MODEL_FAMILIES.map((family) => [family, place(pool.activeIndexByFamily[family])] as const);
  const fallback = Math.min(before.document.activeIndex, Math.max(0, logins.length - 1));
  const document: PoolDocument = {
    accounts: logins,
    activeIndex: inFile(active) ?? fallback,
    activeIndexByFamily: Object.fromEntries(
      families.map(([family, position]) => [family, inFile(position) ?? inFile(active) ?? fallback]),
    ),
    pinnedIndex: inFile(pinned),
    affinityGeneration: pool.affinityGeneration,
    rest: pool.rest,
    unusableRows: before.document.unusableRows,
  };
  const keptFamilies: [ModelFamily, string][] = families.flatMap(([family, position]) => {
    const key = keyAt(position);
    return key === null ? [] : [[family, key]];
  });
  const hasChoice = keyAt(active) !== null || keyAt(pinned) !== null || keptFamilies.length > 0;
  return {
    document,
    extras: {
      idTokens: keepIdTokens(before.extras, before.pool.accounts.filter(isLogin), logins, now),
      apiKeys,
      selection: hasChoice
        ? {
            file: {
              activeIndex: document.activeIndex,
              pinnedIndex: document.pinnedIndex,
              generation: document.affinityGeneration,
            },
            active: keyAt(active),
            pinned: keyAt(pinned),
            families: Object.fromEntries(keptFamilies),
          }
        : null,
      generation: Math.max(before.extras.generation, pool.affinityGeneration),
      rest: before.extras.rest,
    },
  };
}

function isLogin(account: Pool['accounts'][number]): account is ChatgptAccount {
  return account.kind === 'chatgpt';
}

function isApiKey(account: Pool['accounts'][number]): account is ApiKeyAccount {
  return account.kind === 'api-key';
}
