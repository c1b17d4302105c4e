/** `steward auth rotation enable|disable|reset-rate-limits`: whether the gateway rotates, and what it still waits for. */
import { accountLabel } from '../../../accounts/account-label.ts';
import { noAccounts, requireAccount } from '../../../accounts/actions/account-reference.ts';
import { type LimitReset, resetLimits } from '../../../accounts/actions/reset-limits.ts';
import { resolveAccountPaths } from '../../../accounts/store/paths.ts';
import { requirePool } from '../../../accounts/store/pool-store.ts';
import { readSettings, updateSettings } from '../../../accounts/store/settings-store.ts';
import { EXIT } from '../../../errors.ts';
import { readBinding } from '../../../gateway-client/binding.ts';
import { findGateway, forgetInGateway } from '../../../gateway-client/control-client.ts';
import { openAuthSession } from '../../auth-session.ts';
import type { CommandDeps } from '../../main.ts';

const OVERRIDE = 'CODEX_MULTI_AUTH_RUNTIME_ROTATION_PROXY';

export interface RotationOptions {
  readonly json?: boolean;
}

export interface ResetRateLimitsOptions extends RotationOptions {
  readonly all?: boolean;
  /** From 1. */
  readonly account?: number;
  readonly dryRun?: boolean;
}

/** Stores that rotation is wanted. */
export function runRotationEnable(options: RotationOptions, deps: CommandDeps): Promise<number> {
  return store(true, options, deps);
}

/** Stores that only the active account is to be used. */
export function runRotationDisable(options: RotationOptions, deps: CommandDeps): Promise<number> {
  return store(false, options, deps);
}

async function store(wanted: boolean, options: RotationOptions, deps: CommandDeps): Promise<number> {
  const command = wanted ? 'rotation enable' : 'rotation disable';
  const session = await openAuthSession(deps, { command, json: options.json });
  await updateSettings(session.scope, { codexRuntimeRotationProxy: wanted });
  const { settings, sources, warnings } = await readSettings(session.scope);
  const effective = settings.codexRuntimeRotationProxy;
  const overridden = sources.get('codexRuntimeRotationProxy') === 'env';
  const word = (on: boolean) => (on ? 'enabled' : 'disabled');
  session.say(`Rotation is stored as ${word(wanted)}.`);
  if (overridden && effective !== wanted) {
    session.say(`The variable ${OVERRIDE} still keeps it ${word(effective)}: unset it.`);
  }
  if (!effective && (await findGateway(session.scope)).kind === 'running')
    session.say('Sessions that run already go through the gateway to their end; new ones do not.');
  const isAppBound = (await readBinding(session.scope)).kind === 'bound';
  if (!effective && isAppBound)
    session.say('The app stays bound to the gateway: steward auth rotation unbind-app');
  for (const warning of warnings) session.terminal.err(`${warning}\n`);
  session.answer({
    stored: wanted,
    isAppBound,
    effective,
    envOverride: overridden ? (session.scope.host.env[OVERRIDE] ?? null) : null,
    warnings,
  });
  return effective === wanted ? EXIT.ok : EXIT.problems;
}

/** Forgets limits and waits of all accounts, or of one. Throws for an empty pool or a number that is not there. */
export async function runRotationResetRateLimits(
  options: ResetRateLimitsOptions,
  deps: CommandDeps,
): Promise<number> {
  const dryRun = options.dryRun === true;
  const session = await openAuthSession(deps, {
    command: 'rotation reset-rate-limits',
    json: options.json,
    readOnly: dryRun,
  });
  const pool = await requirePool(session.scope);
  if (pool.accounts.length === 0) throw noAccounts();
  const only = options.account === undefined ? null : requireAccount(pool, String(options.account));
  const onlyKey = only === null ? undefined : pool.accounts[only]?.key;
  if (!dryRun) await forgetInGateway(session.scope, onlyKey ?? null); // first: what it still has to write comes with it
  const outcome = await resetLimits(session.scope, {
    dryRun,
    ...(onlyKey === undefined ? {} : { onlyKey }),
  });
  const { poolFile } = await resolveAccountPaths(session.scope);
  const verb = dryRun ? 'Would forget' : 'Forgot';
  for (const change of outcome.changes) {
    session.say(`${verb} for ${accountLabel(change.account, change.index)}: ${describe(change)}`);
  }
  if (outcome.changes.length === 0) session.say('No account waits for anything.');
  session.answer({
    ok: true,
    dryRun,
    scope: only === null ? 'all' : `account ${only + 1}`,
    storagePath: poolFile,
    accountsScanned: outcome.scanned,
    accountsChanged: outcome.changes.length,
    changes: outcome.changes.map((change) => ({
      index: change.index,
      label: accountLabel(change.account, change.index),
      clearedRateLimitKeys: change.clearedRateLimitKeys,
      clearedCoolingDown: change.clearedCoolingDown,
    })),
  });
  return EXIT.ok;
}

function describe({ clearedRateLimitKeys, clearedCoolingDown }: LimitReset): string {
  const limits = clearedRateLimitKeys.map((key) => `limit of ${key}`);
  return [...limits, ...(clearedCoolingDown ? ['its cool-down'] : [])].join(', ');
}
