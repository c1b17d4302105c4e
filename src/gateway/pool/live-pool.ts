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
  /** For requests to that model (`null`: any) from that project (`null`: none that has wishes). */
  candidates(model: string | null, project?: string | null): readonly Candidate[];
  /** The account's limits have changed. */
  refreshCandidate(key: string): void;
  /** Newer tokens, before the files say so. */
  putAccount(account: ChatgptAccount): void;
}

/** Candidates at hand, for a dozen models and the projects that have wishes. */
const MAX_DEMANDS = 64;

interface Prepared {
  readonly demand: Demand;
  readonly candidates: Candidate[];
}

export function createLivePool(first: Snapshot): LivePool {
  const states = new Map<string, AccountState>();
  const prepared = new Map<string, Prepared>();
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
    prepared.clear();
  };
  const factsAt = (position: number): AccountFacts | undefined => {
    const facts = snapshot.facts[position];
    if (facts === undefined) return undefined;
    const state = stateOf(facts.account.key);
    const isNewer = state.quota !== null && state.quota.fetchedAt > (facts.quota?.fetchedAt ?? 0);
    return { ...facts, quota: isNewer ? state.quota : facts.quota, runtime: state };
  };
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
    candidates: (model, project = null) => {
      const profile = (project === null ? undefined : snapshot.profiles.get(project)) ?? null;
      const name = `${profile === null ? '' : project} ${model ?? ''}`;
      const known = prepared.get(name);
      if (known !== undefined) return known.candidates;
      const facts = snapshot.facts.flatMap((_, position) => factsAt(position) ?? []);
      const demand: Demand = { ...snapshot.demand, model, profile };
      const candidates = [...prepareCandidates(facts, demand)];
      if (prepared.size >= MAX_DEMANDS) prepared.clear();
      prepared.set(name, { demand, candidates });
      return candidates;
    },
    refreshCandidate: (key) => {
      const position = indices.get(key);
      const facts = position === undefined ? undefined : factsAt(position);
      if (position === undefined || facts === undefined) return;
      for (const { demand, candidates } of prepared.values())
        candidates[position] = prepareCandidate(facts, position, demand);
    },
    putAccount,
  };
}
