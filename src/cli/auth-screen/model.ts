/** What the screen of the accounts knows: pure data, and the questions that keys and drawing both ask of it. */
import { accountLabel } from '../../accounts/account-label.ts';
import type { AccountsView } from '../accounts-view.ts';
import { markersOf } from '../render/account-markers.ts';

/** The accounts as they stood on disk at one moment. */
export interface Snapshot {
  readonly view: AccountsView;
  /** Which account Codex itself is logged in with. */
  readonly codexLogin: { readonly text: string; readonly isSplit: boolean };
}

/** What the keys mean at the moment. */
export type Mode =
  | { readonly kind: 'list' }
  /** Letters go into the search. */
  | { readonly kind: 'search' }
  /** The question whether that account is to be removed is open. */
  | { readonly kind: 'confirm-remove'; readonly key: string }
  | { readonly kind: 'help' };

export interface ScreenModel extends Snapshot {
  readonly mode: Mode;
  /** Key of the account that the person chose last; it may be gone or hidden by the search. */
  readonly focus: string | null;
  readonly search: string;
  /** Digits of a number that is being typed. */
  readonly digits: string;
  /** What is being done; `null` when nothing is. */
  readonly busy: string | null;
  /** What the last action had to say. */
  readonly notice: readonly string[];
}

/** The screen as it opens: at the active account. */
export function createModel(snapshot: Snapshot): ScreenModel {
  const { pool } = snapshot.view.reading;
  return {
    ...snapshot,
    mode: { kind: 'list' },
    focus: pool.accounts[pool.activeIndex]?.key ?? null,
    search: '',
    digits: '',
    busy: null,
    notice: [],
  };
}

/**
 * Positions of the accounts that the search leaves. Each of its words has to be in the number, label, address, id, plan or
 * state; the whole address counts, although only a part of it is shown.
 */
export function shownAccounts({ view, search }: ScreenModel): readonly number[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const { accounts } = view.reading.pool;
  return accounts.flatMap((account, index) => {
    if (words.length === 0) return [index];
    const text = [
      accountLabel(account, index),
      account.email,
      account.kind === 'chatgpt' ? account.accountId : null,
      view.loaded.facts[index]?.quota?.planType,
      ...(view.loaded.facts[index]?.preferences.tags ?? []),
      ...markersOf(view, index).map((marker) => marker.text),
      ...(view.forecast.accounts[index]?.availability.kind === 'ready' ? ['ready'] : []),
    ]
      .join(' ')
      .toLowerCase();
    return words.every((word) => text.includes(word)) ? [index] : [];
  });
}

/** Position of the account that actions are about: the chosen one where it is shown, else the first; `null` without any. */
export function focusedIndex(model: ScreenModel): number | null {
  const shown = shownAccounts(model);
  const { accounts } = model.view.reading.pool;
  return shown.find((index) => accounts[index]?.key === model.focus) ?? shown[0] ?? null;
}
