/** The snapshot in force with the live state of its accounts, and the candidates made from both, per model. */
import type { Account, ChatgptAccount } from '../../accounts/account.ts';
import { accountLabel } from '../../accounts/account-label.ts';
import { type Candidate, prepareCandidate, prepareCandidates } from '../../accounts/selection/candidate.ts';
import type { AccountFacts, Demand } from '../../accounts/selection/facts.ts';
import type { GatewayAccount } from '../account-source.ts';
import { type AccountState, createAccountState, credentialOf } from './account-state.ts';
import type { Snapshot } from './snapshot.ts';

export interface LivePool {
  readonly snapshot: Snapshot;
  /** Takes another snapshot in; what is known of accounts that are still there is kept. */
  replace(snapshot: Snapshot): void;
  indexOf(key: string): number | null;
  accountAt(index: number): Account | undefined;
  gatewayAccount(index: number): GatewayAccount | undefined;
  stateOf(key: string): AccountState;
  candidates(model: string | null): readonly Candidate[];
  /** The account's limits have changed. */
  refreshCandidate(key: string): void;
  /** Newer tokens, before the files say so. */
  putAccount(account: ChatgptAccount): void;
}

/** Models with candidates at hand; there are a dozen. */
const MAX_MODELS = 64;

export function createLivePool(first: Snapshot): LivePool {
  const states = new Map<string, AccountState>();
  const byModel = new Map<string | null, Candidate[]>();
  let snapshot = first;
  let indices = new Map<string, number>();
  let shown: GatewayAccount[] = [];

  const stateOf = (key: string) => {
    const known = states.get(key);
    if (known !== undefined) return known;
    const made = createAccountState();
    states.set(key, made);
    return made;
  };
  const index = () => {
    const { accounts } = snapshot.pool;
    indices = new Map(accounts.map(({ key }, position) => [key, position]));
    shown = accounts.map((account, position) => ({
      key: account.key,
      kind: account.kind,
      label: accountLabel(account, position),
      accountId: account.kind === 'chatgpt' ? account.accountId : null,
    }));
    for (const account of accounts) {
      const state = stateOf(account.key);
      if (state.refusedCredential !== null && state.refusedCredential !== credentialOf(account)) {
        state.refusedCredential = null;
        if (state.blocked?.reason === 'auth-failure') state.blocked = null;
      }
    }
    byModel.clear();
  };
  const factsAt = (position: number): AccountFacts | undefined => {
    const facts = snapshot.facts[position];
    if (facts === undefined) return undefined;
    const state = stateOf(facts.account.key);
    const isNewer = state.quota !== null && state.quota.fetchedAt > (facts.quota?.fetchedAt ?? 0);
    return { ...facts, quota: isNewer ? state.quota : facts.quota, runtime: state };
  };
  const demandFor = (model: string | null): Demand => ({ ...snapshot.demand, model });
  const putAccount = (account: ChatgptAccount) => {
    const position = indices.get(account.key);
    if (position === undefined) return;
    const put = <T>(list: readonly T[], value: (old: T) => T) =>
      list.map((old, each) => (each === position ? value(old) : old));
    snapshot = {
      ...snapshot,
      pool: { ...snapshot.pool, accounts: put(snapshot.pool.accounts, () => account) },
      facts: put(snapshot.facts, (facts) => ({ ...facts, account })),
    };
    index();
  };
  index();

  return {
    get snapshot() {
      return snapshot;
    },
    replace: (next) => {
      snapshot = next;
      index();
      for (const key of states.keys()) {
        // An account that is gone and still answers keeps its count until it has ended.
        if (!indices.has(key) && states.get(key)?.inflight === 0) states.delete(key);
      }
    },
    indexOf: (key) => indices.get(key) ?? null,
    accountAt: (position) => snapshot.pool.accounts[position],
    gatewayAccount: (position) => shown[position],
    stateOf,
    candidates: (model) => {
      const known = byModel.get(model);
      if (known !== undefined) return known;
      const facts = snapshot.facts.flatMap((_, position) => factsAt(position) ?? []);
      const made = [...prepareCandidates(facts, demandFor(model))];
      if (byModel.size >= MAX_MODELS) byModel.clear();
      byModel.set(model, made);
      return made;
    },
    refreshCandidate: (key) => {
      const position = indices.get(key);
      const facts = position === undefined ? undefined : factsAt(position);
      if (position === undefined || facts === undefined) return;
      for (const [model, candidates] of byModel)
        candidates[position] = prepareCandidate(facts, position, demandFor(model));
    },
    putAccount,
  };
}
