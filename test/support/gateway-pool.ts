/** A pool in memory with the lab's accounts: the simplest thing that keeps the gateway's contract, for tests of the traffic. */
import type {
  AccountSource,
  AttemptReport,
  BlockedAccount,
  BlockReason,
  GatewayAccount,
} from '../../src/gateway/account-source.ts';
import type { LabAccountName } from '../../src/lab/accounts.ts';
import { WITH_MFA } from '../../src/lab/issuer/sessions.ts';
import type { Lab } from '../../src/lab/lab.ts';

export interface TestPool extends AccountSource {
  readonly reports: readonly AttemptReport[];
  /** Refreshes asked for, by key. */
  readonly refreshes: readonly string[];
  block(key: string, reason: BlockReason, untilMs: number | null): void;
  unblock(key: string): void;
  /** Gives the account a token that the lab does not know. */
  spoil(key: string): void;
  /** What `refresh` answers for that account from now on. */
  refuseRefresh(key: string): void;
}

/** Accounts in that order; the first that is free serves, and keeps its threads. `key:NAME` is an API key. */
export async function createTestPool(
  lab: Lab,
  names: readonly (LabAccountName | `key:${LabAccountName}`)[],
): Promise<TestPool> {
  const bearers = new Map<string, string>();
  const members: GatewayAccount[] = [];
  const issue = async (name: LabAccountName) =>
    (await lab.world.sessions.issue(lab.world.sessions.open(lab.world.account(name), WITH_MFA))).access_token;
  for (const key of names) {
    const isKey = key.startsWith('key:');
    const account = lab.world.account(key.replace('key:', '') as LabAccountName);
    members.push({
      key,
      kind: isKey ? 'api-key' : 'chatgpt',
      label: key,
      accountId: isKey ? null : account.accountId,
    });
    bearers.set(key, isKey ? account.apiKey : await issue(key as LabAccountName));
  }
  const reports: AttemptReport[] = [];
  const refreshes: string[] = [];
  const blocks = new Map<string, { reason: BlockReason; untilMs: number | null }>();
  const threads = new Map<string, string>();
  const owners = new Map<string, string>();
  const refused = new Set<string>();

  const blockOf = (key: string) => {
    const block = blocks.get(key);
    if (block !== undefined && block.untilMs !== null && block.untilMs <= Date.now()) blocks.delete(key);
    return blocks.get(key);
  };
  const blockedList = (excluded: ReadonlySet<string>, keys: readonly GatewayAccount[]): BlockedAccount[] =>
    keys.map(({ key }) => {
      const block = blockOf(key);
      return {
        key,
        number: members.findIndex((member) => member.key === key) + 1,
        reason: block?.reason ?? (excluded.has(key) ? 'already-attempted' : 'disabled'),
        untilMs: block?.untilMs ?? null,
        planType: 'plus',
      };
    });

  return {
    reports,
    refreshes,
    prepare: () => null,
    choose: ({ threadId, previousResponseId, excluded, onlyAccount }) => {
      if (members.length === 0) return { kind: 'own' };
      const owner = previousResponseId === null ? undefined : owners.get(previousResponseId);
      const hardKey = onlyAccount ?? owner;
      const candidates = hardKey === undefined ? members : members.filter(({ key }) => key === hardKey);
      const before = threadId === null ? undefined : threads.get(threadId);
      const free = candidates.filter(({ key }) => !excluded.has(key) && blockOf(key) === undefined);
      const account = free.find(({ key }) => key === before) ?? free[0];
      if (account === undefined) {
        const hard = onlyAccount !== null ? 'forced' : owner !== undefined ? 'owner' : null;
        return { kind: 'none', hard, blocked: blockedList(excluded, candidates) };
      }
      return {
        kind: 'account',
        account,
        isMove: before !== undefined && before !== account.key,
        reason: 'test',
      };
    },
    credential: async (key) => ({
      kind: 'credential',
      bearer: bearers.get(key) ?? '',
      accountId: members.find((member) => member.key === key)?.accountId ?? null,
    }),
    refresh: async (key) => {
      refreshes.push(key);
      if (refused.has(key)) return { kind: 'unavailable', why: 'refused', message: 'dead' };
      const bearer = await issue(key as LabAccountName);
      bearers.set(key, bearer);
      return {
        kind: 'credential',
        bearer,
        accountId: members.find((member) => member.key === key)?.accountId ?? null,
      };
    },
    report: (report) => {
      reports.push(report);
      const { key } = report;
      switch (report.kind) {
        case 'limited':
          blocks.set(key, {
            reason:
              report.why === 'usage-limit' || report.why === 'too-many-requests' ? 'rate-limit' : report.why,
            untilMs: report.untilMs,
          });
          break;
        case 'rejected':
          blocks.set(key, { reason: 'auth-failure', untilMs: null });
          break;
        case 'deactivated':
          blocks.set(key, { reason: 'deactivated', untilMs: null });
          break;
        case 'served':
          if (report.threadId !== null) threads.set(report.threadId, key);
          break;
        case 'owns':
          owners.set(report.responseId, key);
          break;
        default:
      }
    },
    usableKeys: () => members.map(({ key }) => key),
    limits: () => null,
    block: (key, reason, untilMs) => void blocks.set(key, { reason, untilMs }),
    unblock: (key) => void blocks.delete(key),
    spoil: (key) => void bearers.set(key, 'a-token-that-nobody-issued'),
    refuseRefresh: (key) => void refused.add(key),
  };
}
