/**
 * `steward auth status` and `list`: the accounts and what is known of them. Reads files only, and starts fast: prompts and
 * status lines call it all the time, so nothing on this way loads SQLite, the HTTP client or the token decoder.
 */

import type { Pool } from '../../../accounts/account.ts';
import { accountLabel } from '../../../accounts/account-label.ts';
import { findMatchingLogin } from '../../../accounts/codex-login/matching-login.ts';
import { findUnusedProjectPool } from '../../../accounts/store/legacy-pools.ts';
import { migrateLegacyPool, type PoolReading, readPool } from '../../../accounts/store/pool-store.ts';
import { type CodexScope, resolveCodexHome } from '../../../codex/home.ts';
import { EXIT } from '../../../errors.ts';
import { createHost } from '../../../host.ts';
import { type AccountsView, createAccountsView, type HealthyReading } from '../../accounts-view.ts';
import type { CommandDeps } from '../../main.ts';
import {
  renderAccountLines,
  renderAccountTable,
  renderOutlook,
  renderReadingAge,
  renderStorage,
} from '../../render/accounts.ts';
import { numberOf, outlookToJson, statusRows } from '../../render/accounts-json.ts';
import { answerText, redacted } from '../../render/redacted.ts';
import type { Terminal } from '../../render/terminal.ts';

export interface StatusOptions {
  readonly json?: boolean;
}

/** Shows the pool; 1 when its file is there and cannot be read. */
export async function runStatus(options: StatusOptions, { terminal, signal }: CommandDeps): Promise<number> {
  const host = createHost();
  const scope: CodexScope = { host, home: resolveCodexHome(host), signal };
  for (const moved of await migrateLegacyPool(scope)) {
    if (moved.kind === 'migrated')
      terminal.err(`Accounts of a former project key were moved to ${moved.into}.\n`);
    if (moved.kind === 'left') terminal.err(`${moved.path} was left alone: ${moved.reason}\n`);
  }
  const reading = await readPool(scope);
  if (reading.kind === 'corrupt') {
    if (options.json) terminal.out(answerText('status', corruptAnswer(reading)));
    else terminal.out(corruptScreen(reading, terminal));
    return EXIT.problems;
  }
  if (options.json) terminal.out(answerText('status', await statusAnswer(scope, reading)));
  else terminal.out(await statusScreen(scope, reading, terminal));
  return EXIT.ok;
}

type CorruptReading = Extract<PoolReading, { readonly kind: 'corrupt' }>;

function corruptScreen({ message, hint }: CorruptReading, { paint }: Terminal): string {
  return `${paint('red', '✖')} The accounts cannot be read: ${redacted(message)}\n  ${paint('cyan', '→')} ${hint}\n`;
}

function corruptAnswer({ paths, message, hint }: CorruptReading) {
  return {
    storagePath: paths.poolFile,
    storageHealth: 'corrupt',
    accountCount: 0,
    activeIndex: null,
    pinnedAccountIndex: null,
    recommendedIndex: null,
    recommendationReason: null,
    runtimeInUseIndex: null,
    accounts: [],
    error: { code: 'ERR_ACCOUNTS_POOL', message, hint },
  };
}

async function statusAnswer(scope: CodexScope, reading: HealthyReading) {
  const view = await createAccountsView(scope, reading, null);
  const { pool, paths, health, recoveredFrom } = reading;
  const { reason, ...outlook } = outlookToJson(view);
  const activeIndex = pool.accounts.length === 0 ? null : pool.activeIndex;
  return {
    storagePath: paths.poolFile,
    storageHealth: health,
    recoveredFrom,
    projectKey: paths.projectKey,
    accountCount: pool.accounts.length,
    activeIndex,
    activeNumber: numberOf(activeIndex),
    pinnedAccountIndex: pool.pinnedIndex,
    pinnedAccountNumber: numberOf(pool.pinnedIndex),
    ...outlook,
    recommendationReason: reason,
    runtimeInUseIndex: null,
    codexLogin: await codexLoginOf(scope, pool),
    warnings: await warningsOf(scope, view),
    accounts: statusRows(view),
  };
}

async function statusScreen(scope: CodexScope, reading: HealthyReading, terminal: Terminal): Promise<string> {
  const { pool } = reading;
  const view = await createAccountsView(scope, reading, null);
  const login = await codexLoginOf(scope, pool);
  const parts = [
    `${terminal.paint('bold', `Accounts (${pool.accounts.length})`)}\n`,
    renderStorage(view, terminal, scope.host.userHome),
    login.isSplit || pool.accounts.length === 0
      ? `${terminal.paint('yellow', '▲')} ${login.text}\n`
      : `${login.text}\n`,
  ];
  if (pool.accounts.length === 0) {
    parts.push(
      `${terminal.paint('cyan', '→')} Add one: \`steward auth login\`, or \`steward auth import\`.\n`,
    );
  } else {
    const list = terminal.isTerminal ? renderAccountTable : renderAccountLines;
    parts.push(
      renderOutlook(view, terminal),
      '\n',
      list(view, terminal),
      '\n',
      renderReadingAge(view, terminal),
    );
  }
  for (const warning of await warningsOf(scope, view))
    parts.push(`${terminal.paint('yellow', '▲')} ${redacted(warning)}\n`);
  return parts.join('');
}

/** An empty pool is a surprise to somebody who has accounts: where they are is told. */
async function warningsOf(scope: CodexScope, { loaded, reading }: AccountsView): Promise<readonly string[]> {
  const path = reading.pool.accounts.length > 0 ? null : await findUnusedProjectPool(scope);
  if (path === null) return loaded.warnings;
  return [
    ...loaded.warnings,
    `This project has a pool of its own, which is not in use: \`steward auth import "${path}"\` takes its accounts over, and CODEX_AUTH_PER_PROJECT_ACCOUNTS=1 uses it`,
  ];
}

/** Which account `auth.json` holds, and whether that is another one than the pool's active account. */
export async function codexLoginOf(scope: CodexScope, pool: Pool) {
  const exact = await findMatchingLogin(scope, pool);
  if (exact !== null) return loginAt(pool, exact, false);
  const { readCodexLogin } = await import('../../../accounts/codex-login/codex-login.ts');
  const login = await readCodexLogin(scope, pool);
  const unknown = { index: null, number: null, isNewer: false };
  switch (login.kind) {
    case 'pool':
      return loginAt(pool, login.index, login.isNewer);
    case 'none':
      return {
        kind: 'none',
        ...unknown,
        isSplit: false,
        text: 'Codex itself is not logged in (no login in auth.json)',
      };
    case 'stranger':
      return {
        kind: 'stranger',
        ...unknown,
        isSplit: true,
        text: 'Codex itself is logged in with an account that is not in the pool: `steward auth import --codex` adds it',
      };
    case 'other':
      return {
        kind: 'other',
        ...unknown,
        isSplit: false,
        text: `Codex itself uses another kind of login (${login.mode})`,
      };
    case 'unreadable':
      return {
        kind: 'unreadable',
        ...unknown,
        isSplit: true,
        text: `auth.json cannot be read: ${redacted(login.message)}`,
      };
  }
}

function loginAt(pool: Pool, index: number, isNewer: boolean) {
  const account = pool.accounts[index];
  const label = account === undefined ? '' : accountLabel(account, index);
  const isSplit = pool.activeIndex !== index;
  const active = pool.activeIndex + 1;
  return {
    kind: 'pool',
    index,
    number: index + 1,
    isNewer,
    isSplit,
    text: isSplit
      ? `split: Codex itself is logged in with ${label}, the pool's active account is ${active}; \`steward auth switch ${active}\` brings them together`
      : `Codex itself is logged in with ${label}`,
  };
}
