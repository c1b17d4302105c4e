/** Codex's own side: where it keeps its login, whether that can be read, and whether it is the account that is active. */

import { readConfig } from '../../../codex/config-file.ts';
import type { CodexScope } from '../../../codex/home.ts';
import { type LoginFacts, readLoginFacts } from '../../../codex/login-facts.ts';
import { findPortOwner } from '../../../codex/ports.ts';
import type { Pool } from '../../account.ts';
import { accountLabel } from '../../account-label.ts';
import { type CodexLogin, readCodexLogin } from '../../codex-login/codex-login.ts';
import { recommendAccount } from '../recommend.ts';
import { error, ok, type PoolCheck, warn } from './pool-check.ts';
import { checkRuntime } from './runtime-check.ts';

const LOGIN_PORT = 1455;

/** All checks of Codex's side. */
export async function checkCodex(scope: CodexScope, pool: Pool): Promise<readonly PoolCheck[]> {
  const facts = await readLoginFacts(scope);
  const login = await readCodexLogin(scope, pool);
  return [
    checkAuthFile(facts),
    checkAuthReadable(facts, login),
    await checkConfigFile(scope),
    checkStore(facts),
    checkState(login),
    checkSelection(facts, login, pool),
    ...(await checkRecommendation(scope, pool)),
    await checkPort(scope),
  ];
}

function checkAuthFile({ auth, store }: LoginFacts): PoolCheck {
  if (auth.kind !== 'missing') return ok('codex-auth-file', 'Codex has an auth.json', auth.path);
  if (store === 'keyring' || store === 'ephemeral') {
    return ok('codex-auth-file', `no auth.json, as logins are kept in: ${store}`, auth.path);
  }
  return warn('codex-auth-file', 'Codex is not logged in: there is no auth.json', auth.path);
}

function checkAuthReadable({ auth }: LoginFacts, login: CodexLogin): PoolCheck {
  if (auth.kind === 'missing') return warn('codex-auth-readable', 'unknown: there is no auth.json');
  if (login.kind === 'unreadable')
    return error('codex-auth-readable', 'auth.json cannot be used', login.message);
  if (auth.kind === 'ok' && auth.value.defects.length > 0) {
    return error('codex-auth-readable', 'the login in auth.json cannot work', auth.value.defects.join(', '));
  }
  return ok('codex-auth-readable', 'auth.json can be read');
}

async function checkConfigFile(scope: CodexScope): Promise<PoolCheck> {
  const config = await readConfig(scope);
  switch (config.kind) {
    case 'ok':
      return ok('codex-config-file', 'config.toml can be read', config.path);
    case 'missing':
      return ok('codex-config-file', 'no config.toml: Codex uses its defaults', config.path);
    default:
      return error(
        'codex-config-file',
        'config.toml cannot be used',
        'steward doctor --only config shows where and why',
      );
  }
}

function checkStore({ store, configIncomplete }: LoginFacts): PoolCheck {
  if (configIncomplete) return warn('codex-auth-store', 'unknown: not all of the configuration can be read');
  if (store === 'file') return ok('codex-auth-store', 'Codex keeps its login in auth.json');
  const what =
    store === 'ephemeral'
      ? 'in memory only'
      : store === 'keyring'
        ? 'in the system keyring'
        : 'in the keyring where there is one';
  return warn(
    'codex-auth-store',
    `Codex keeps its login ${what}, where a switch does not reach it`,
    'doctor --fix sets cli_auth_credentials_store = "file"',
  );
}

function checkState(login: CodexLogin): PoolCheck {
  switch (login.kind) {
    case 'pool': {
      const label = accountLabel(login.account, login.index);
      return login.isNewer
        ? warn(
            'codex-cli-state',
            `Codex has newer tokens for ${label} than the pool`,
            'the next command that needs them takes them over',
          )
        : ok('codex-cli-state', `Codex is logged in as ${label}`);
    }
    case 'stranger':
      return warn(
        'codex-cli-state',
        'Codex is logged in as an account that the pool does not have',
        'steward auth import --codex takes it in',
      );
    case 'none':
      return warn('codex-cli-state', 'unknown: Codex is logged out, or keeps its login elsewhere');
    case 'other':
      return warn('codex-cli-state', `Codex uses a credential that no pool can hold (${login.mode})`);
    case 'unreadable':
      return warn('codex-cli-state', 'unknown: auth.json cannot be read', login.message);
  }
}

/** `ok` only when both sides were seen and agree. */
function checkSelection({ store }: LoginFacts, login: CodexLogin, pool: Pool): PoolCheck {
  const key = 'active-selection-sync';
  const active = pool.accounts[pool.activeIndex];
  if (active === undefined) return warn(key, 'unknown: no account is active');
  const label = accountLabel(active, pool.activeIndex);
  if (store !== 'file' && login.kind === 'none') {
    return warn(key, `unknown: ${label} is active, and Codex keeps its login in: ${store}`);
  }
  if (login.kind !== 'pool') return warn(key, `${label} is active, and Codex is not logged in with it`);
  if (login.account.key === active.key) return ok(key, `${label} is active here and in Codex`);
  return warn(
    key,
    `${label} is active, but Codex is logged in as ${accountLabel(login.account, login.index)}`,
    `steward auth switch ${pool.activeIndex + 1} aligns them`,
  );
}

async function checkRecommendation(scope: CodexScope, pool: Pool): Promise<readonly PoolCheck[]> {
  if (pool.accounts.length === 0) return [ok('recommended-switch', 'no accounts to choose from')];
  const { index, reason } = await recommendAccount(scope, pool, null);
  return [judgeRecommendation(pool, index, reason), await checkRuntime(scope, index)];
}

function judgeRecommendation(pool: Pool, index: number | null, reason: string): PoolCheck {
  const key = 'recommended-switch';
  if (index === null) {
    const enabled = pool.accounts.filter(({ isEnabled }) => isEnabled);
    const isDead = enabled.every((account) => account.kind === 'chatgpt' && account.invalidated !== null);
    return warn(
      key,
      'no account can serve now',
      isDead ? 'steward auth login logs one in again' : 'steward auth forecast says until when',
    );
  }
  if (index === pool.activeIndex) return ok(key, 'the active account is the one to use');
  return warn(key, `account ${index + 1} would serve better: ${reason}`, `steward auth switch ${index + 1}`);
}

async function checkPort({ host }: CodexScope): Promise<PoolCheck> {
  const owner = await findPortOwner(host, LOGIN_PORT);
  switch (owner.kind) {
    case 'free':
      return ok('login-port', `port ${LOGIN_PORT} is free for a browser login`);
    case 'held':
      return warn('login-port', `port ${LOGIN_PORT} is held by process ${owner.pid}`, owner.command);
    case 'held-unknown':
      return warn('login-port', `port ${LOGIN_PORT} is held by a process that cannot be seen from here`);
    case 'reserved':
      return warn(
        'login-port',
        `the system reserves port ${LOGIN_PORT}`,
        'steward auth login --device-auth needs no port',
      );
    case 'undecided':
      return warn('login-port', `unknown: ${owner.message}`);
  }
}
