/** The accounts' doctor: looks at files, pool and Codex's own login, and with `fix` mends what can be mended. */
import type { CodexScope } from '../../../codex/home.ts';
import type { Pool } from '../../account.ts';
import { accountLabel } from '../../account-label.ts';
import { writeCodexLogin } from '../../codex-login/write-codex-login.ts';
import { type PoolReading, readPool, requirePool, updatePool } from '../../store/pool-store.ts';
import { refusalWords } from '../refusal-words.ts';
import { renewTokens } from '../renew.ts';
import { importCodexLogin } from '../switch-account.ts';
import { fixAuthStore, needsAuthStoreFix } from './auth-store-fix.ts';
import { checkCodex } from './codex-checks.ts';
import { checkCompanions, findCompanionInstalls } from './companion-installs.ts';
import { error, ok, type PoolCheck, type PoolFixAction, warn } from './pool-check.ts';
import { fixPool } from './pool-fixes.ts';
import { readRawPool } from './raw-pool.ts';
import { checkRows } from './row-checks.ts';
import { checkStorage } from './storage-checks.ts';

export interface PoolDoctorOptions {
  readonly fix: boolean;
  /** With `fix`: say what would be done; contact nobody, change nothing. */
  readonly dryRun: boolean;
}

export interface PoolDiagnosis {
  readonly storagePath: string;
  /** As things stand after the repairs. */
  readonly checks: readonly PoolCheck[];
  readonly changed: boolean;
  readonly actions: readonly PoolFixAction[];
}

export async function diagnosePool(scope: CodexScope, options: PoolDoctorOptions): Promise<PoolDiagnosis> {
  const before = await readPool(scope);
  const storagePath = before.paths.poolFile;
  // Nothing is mended on top of a pool that cannot be read.
  if (!options.fix || before.kind === 'corrupt') {
    const fixChecks = options.fix ? [warn('auto-fix', 'nothing was mended: the pool cannot be read')] : [];
    return {
      storagePath,
      checks: [...(await look(scope, before)), ...fixChecks],
      changed: false,
      actions: [],
    };
  }
  if (options.dryRun) {
    const actions = await plannedActions(scope, before);
    const checks = [
      ...(await look(scope, before)),
      ok('auto-fix', `${actions.length} repairs would be made`),
    ];
    return { storagePath, checks, changed: false, actions };
  }
  const { actions, checks } = await mend(scope, before);
  return {
    storagePath,
    checks: [...(await look(scope, await readPool(scope))), ...checks],
    changed: actions.length > 0,
    actions,
  };
}

async function look(scope: CodexScope, reading: PoolReading): Promise<readonly PoolCheck[]> {
  const storage = await checkStorage(scope, reading);
  const companions = checkCompanions(await findCompanionInstalls(scope));
  if (reading.kind === 'corrupt') return [...storage, ...companions];
  const raw = await rawOf(reading);
  return [
    ...storage,
    ...(await checkCodex(scope, reading.pool)),
    ...checkRows(reading.pool, raw),
    ...companions,
  ];
}

/** The file as it stands, where the pool was read from it; an empty pool has none. */
async function rawOf(reading: Extract<PoolReading, { readonly kind: 'ok' }>) {
  if (reading.recoveredFrom !== null) return null;
  const raw = await readRawPool(reading.paths.poolFile);
  if (raw !== null || reading.health === 'recoverable') return raw;
  return { version: null, rowCount: 0, rows: [], positions: new Map<string, unknown>() };
}

async function plannedActions(
  scope: CodexScope,
  reading: Extract<PoolReading, { readonly kind: 'ok' }>,
): Promise<readonly PoolFixAction[]> {
  const { pool, actions } = await fixPool(reading.pool, await rawOf(reading));
  const planned = [...recoveryActions(reading), ...actions];
  if (await needsAuthStoreFix(scope)) planned.push({ key: 'codex-auth-store', message: STORE_FIXED });
  const active = activeOf(pool);
  if (active === null) return planned;
  const { account, label } = active;
  const now = scope.host.now();
  if (account.kind === 'chatgpt' && (account.accessToken === null || (account.expiresAt ?? 0) <= now)) {
    planned.push({ key: 'doctor-refresh', message: `would refresh ${label}` });
  }
  const checks = await checkCodex(scope, pool);
  if (checks.some(({ key, severity }) => key === 'active-selection-sync' && severity !== 'ok')) {
    planned.push({ key: 'codex-active-sync', message: `would log Codex in as ${label}` });
  }
  return planned;
}

const STORE_FIXED = 'set cli_auth_credentials_store = "file" in config.toml';

function recoveryActions({
  health,
  recoveredFrom,
}: Extract<PoolReading, { readonly kind: 'ok' }>): PoolFixAction[] {
  if (health !== 'recoverable') return [];
  return [
    {
      key: 'storage-recovered',
      message: `write the accounts that ${recoveredFrom ?? 'a copy'} holds back to the pool file`,
    },
  ];
}

interface Mended {
  readonly actions: readonly PoolFixAction[];
  readonly checks: readonly PoolCheck[];
}

async function mend(
  scope: CodexScope,
  before: Extract<PoolReading, { readonly kind: 'ok' }>,
): Promise<Mended> {
  const actions: PoolFixAction[] = [...recoveryActions(before)];
  const checks: PoolCheck[] = [];
  const imported = await importCodexLogin(scope);
  if (imported !== null) {
    actions.push({
      key: 'codex-login-imported',
      message: `took in ${accountLabel(imported.account, imported.index)}, with which Codex is logged in`,
    });
  }
  const raw = await rawOf(before);
  const mended = await updatePool(scope, async (pool) => {
    const { pool: next, actions: made } = await fixPool(pool, raw);
    // A new object is written, and writing is what brings a pool back from its copy.
    return { pool: before.health === 'recoverable' && made.length === 0 ? { ...next } : next, result: made };
  });
  actions.push(...mended);
  if (await needsAuthStoreFix(scope)) {
    const refusal = await fixAuthStore(scope);
    checks.push(
      refusal === null ? ok('codex-auth-store-fix', STORE_FIXED) : warn('codex-auth-store-fix', refusal),
    );
    if (refusal === null) actions.push({ key: 'codex-auth-store', message: STORE_FIXED });
  }
  const synced = await syncActive(scope);
  actions.push(...synced.actions);
  checks.push(
    ...synced.checks,
    ok('auto-fix', actions.length === 0 ? 'nothing to mend' : `${actions.length} repairs made`),
  );
  return { actions, checks };
}

/** Good tokens for the active account, and Codex logged in with it. */
async function syncActive(scope: CodexScope): Promise<Mended> {
  const active = activeOf(await requirePool(scope));
  if (active === null) return { actions: [], checks: [] };
  const actions: PoolFixAction[] = [];
  const checks: PoolCheck[] = [];
  const { account, label } = active;
  if (account.kind === 'chatgpt') {
    const tokens = await renewTokens(scope, account);
    if (tokens.kind === 'refused') {
      checks.push(error('doctor-refresh', `${label}: ${refusalWords(tokens)}`, tokens.action));
      return { actions, checks };
    }
    if (tokens.kind === 'failed') {
      checks.push(
        warn('doctor-refresh', `${label} could not be refreshed: ${tokens.message}`, tokens.action),
      );
      return { actions, checks };
    }
    if (tokens.kind !== 'fresh')
      actions.push({ key: 'doctor-refresh', message: `${tokens.kind} the tokens of ${label}` });
    checks.push(ok('doctor-refresh', `${label} has good tokens`));
  }
  const login = await writeCodexLogin(scope, account);
  switch (login.kind) {
    case 'written':
      actions.push({ key: 'codex-active-sync', message: `logged Codex in as ${label}` });
      checks.push(ok('codex-active-sync', `Codex is logged in as ${label}`));
      break;
    case 'unchanged':
      checks.push(ok('codex-active-sync', `Codex is logged in as ${label}`));
      break;
    case 'refused':
      checks.push(warn('codex-active-sync', `Codex's login was not changed: ${login.message}`, login.hint));
  }
  return { actions, checks };
}

function activeOf(pool: Pool) {
  const account = pool.accounts[pool.activeIndex];
  if (account === undefined || !account.isEnabled) return null;
  return { account, label: accountLabel(account, pool.activeIndex) };
}
