/** A home with accounts in the documented files, written as codex-multi-auth 2.8 documents them. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ChatgptAccount } from '../../src/accounts/account.ts';
import { accountKey } from '../../src/accounts/store/account-key.ts';
import type { CodexScope } from '../../src/codex/home.ts';
import { createHost, type Host } from '../../src/host.ts';

export const NOW = 1_790_000_000_000;

export interface AccountsHome {
  readonly folder: string;
  readonly root: string;
  readonly scope: CodexScope;
  /** The same home, seen from another folder or environment. */
  at(overrides: Partial<Host>): CodexScope;
  write(name: string, content: string | object): Promise<string>;
  read(name: string): Promise<string>;
  // biome-ignore lint/suspicious/noExplicitAny: tests compare whole values
  json(name: string): Promise<any>;
  remove(): Promise<void>;
}

/** The root is `<folder>/home/.codex/multi-auth`; the working folder is `<folder>`, which is no project. */
export async function makeAccountsHome(): Promise<AccountsHome> {
  const folder = await mkdtemp('/var/tmp/steward-accounts-');
  const userHome = join(folder, 'home');
  const root = join(userHome, '.codex', 'multi-auth');
  await mkdir(join(userHome, '.codex'), { recursive: true });
  const at = (overrides: Partial<Host>): CodexScope => ({
    host: createHost({
      env: { PATH: process.env.PATH, HOME: userHome },
      userHome,
      cwd: folder,
      now: () => NOW,
      ...overrides,
    }),
    home: { path: join(userHome, '.codex'), source: 'default' },
    signal: new AbortController().signal,
  });
  const path = (name: string) => join(root, name);
  return {
    folder,
    root,
    scope: at({}),
    at,
    write: async (name, content) => {
      await mkdir(dirname(path(name)), { recursive: true, mode: 0o700 });
      const text = typeof content === 'string' ? content : JSON.stringify(content, null, 2);
      await writeFile(path(name), text, { mode: 0o600 });
      return path(name);
    },
    read: (name) => readFile(path(name), 'utf8'),
    json: async (name) => JSON.parse(await readFile(path(name), 'utf8')),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A row as codex-multi-auth writes it, with every optional member. */
export function fullRow(n: number) {
  return {
    recordId: `record:${String(n).repeat(64).slice(0, 64)}`,
    accountId: `acc-${n}`,
    accountIdSource: 'org',
    accountLabel: `Team ${n} (role:owner) [id:00000${n}]`,
    email: `user${n}@corp.test`,
    refreshToken: `rt-${n}-canary`,
    accessToken: `at-${n}-canary`,
    expiresAt: NOW + 3_600_000,
    addedAt: NOW - 1_000_000 * n,
    lastUsed: NOW - 1_000 * n,
    lastSwitchReason: 'rotation',
    rateLimitResetTimes: { 'gpt-5-codex': NOW + 60_000, 'gpt-5.2:gpt-5.6-sol': NOW + 90_000 },
    coolingDownUntil: NOW + 5_000,
    cooldownReason: 'server-error',
    authInvalidatedAt: NOW - 5,
    authInvalidationErrorCode: 'token_invalidated',
    workspaces: [
      { id: `acc-${n}`, name: 'Corp', enabled: true, isDefault: true },
      { id: 'ws-2', enabled: false, disabledAt: NOW - 7 },
    ],
    currentWorkspaceIndex: 0,
  };
}

/** A pool of format 3. */
export function poolFile(rows: readonly unknown[], more: object = {}) {
  return {
    version: 3,
    accounts: rows,
    activeIndex: 0,
    activeIndexByFamily: { 'gpt-5-codex': 0, 'codex-max': 0, codex: 0, 'gpt-5.2': 0, 'gpt-5.1': 0 },
    ...more,
  };
}

/** An account with the least that one can have. */
export function makeAccount(n: number | string, more: Partial<ChatgptAccount> = {}): ChatgptAccount {
  const account: ChatgptAccount = {
    kind: 'chatgpt',
    key: '',
    label: null,
    email: `user${n}@corp.test`,
    isEnabled: true,
    addedAt: NOW,
    lastUsed: NOW,
    lastSwitchReason: null,
    rateLimitResetTimes: {},
    cooldown: null,
    rest: {},
    refreshToken: `rt-${n}-canary`,
    accessToken: `at-${n}-canary`,
    expiresAt: NOW + 3_600_000,
    idToken: `id-${n}-canary`,
    accountId: `acc-${n}`,
    accountIdSource: 'token',
    invalidated: null,
    workspaces: [],
    currentWorkspaceIndex: null,
    recordId: null,
    ...more,
  };
  return { ...account, key: accountKey(account) };
}
