/** `steward auth report`: the pool's state, its forecast and the gateway's view in one object, for bug reports. */
import { resolve } from 'node:path';
import { familyOf } from '../../../accounts/selection/model-family.ts';
import { loadPool } from '../../../accounts/store/pool-read.ts';
import type { CodexScope } from '../../../codex/home.ts';
import { type ModelEntry, readModelsCache } from '../../../codex/models-cache.ts';
import { EXIT } from '../../../errors.ts';
import { findGateway } from '../../../gateway-client/control-client.ts';
import { writeFileAtomic } from '../../../storage/atomic-file.ts';
import { isThere } from '../../../storage/is-there.ts';
import type { AccountsView, HealthyReading } from '../../accounts-view.ts';
import { type AuthSession, openAuthSession } from '../../auth-session.ts';
import type { CommandDeps } from '../../main.ts';
import { renderOutlook, renderReadingAge, renderStorage } from '../../render/accounts.ts';
import { renderForecast } from '../../render/accounts-forecast.ts';
import { answerText } from '../../render/redacted.ts';
import { loadLiveView } from './live-view.ts';
import { gatewayToJson } from './rotation-status.ts';
import { forecastToJson, probeErrors } from './stored-forecast.ts';
import type { LiveView } from './stored-view.ts';

export interface ReportOptions {
  readonly live?: boolean;
  readonly explain?: boolean;
  readonly model?: string;
  readonly maxAccounts?: number;
  readonly maxProbes?: number;
  readonly cachedOnly?: boolean;
  readonly out?: string;
  readonly json?: boolean;
}

/** Shows or writes the report. Throws `ERR_ACCOUNTS_POOL` for a corrupt pool, `ERR_STORAGE_FILE` when `--out` fails. */
export async function runReport(options: ReportOptions, deps: CommandDeps): Promise<number> {
  const session = await openAuthSession(deps, { command: 'report', json: options.json });
  const { scope, terminal } = session;
  const { maxAccounts, maxProbes, cachedOnly } = options;
  const loaded = await loadLiveView(scope, terminal, {
    live: options.live === true,
    model: options.model ?? null,
    overlay: true,
    maxAccounts,
    maxProbes,
    cachedOnly,
  });
  const { view, probe } = loaded;
  const report = await reportToJson(scope, loaded, options);
  session.answer(report);
  if (options.out !== undefined) {
    const path = resolve(scope.host.cwd, options.out);
    await writeFileAtomic(path, answerText('report', report), { mode: 0o600 });
    session.say(`Report written to ${path}`);
  }
  if (session.json) return EXIT.ok;
  terminal.out(renderStorage(view, terminal, scope.host.userHome));
  sayCounts(session, report.accounts);
  if (view.reading.pool.accounts.length === 0) return EXIT.ok;
  terminal.out(renderOutlook(view, terminal));
  terminal.out(`\n${renderForecast(view, terminal, options.explain === true)}\n`);
  for (const line of probeErrors(view, probe)) session.say(`${terminal.paint('yellow', '▲')} ${line}`);
  if (probe === null) terminal.out(renderReadingAge(view, terminal));
  return EXIT.ok;
}

function sayCounts(session: AuthSession, counts: ReturnType<typeof countAccounts>): void {
  const { total, enabled, disabled, coolingDown, rateLimited, needsLogin } = counts;
  session.say(
    `Accounts: ${total} (${enabled} enabled, ${disabled} disabled, ${rateLimited} at a limit, ${coolingDown} cooling down, ${needsLogin} to log in again)`,
  );
}

/** The members of `auth report --json`; `steward report` carries them too. */
export async function reportToJson(
  scope: CodexScope,
  loaded: LiveView,
  { explain, model, maxAccounts, maxProbes, cachedOnly }: ReportOptions,
) {
  const { view, probe, hasOverlay } = loaded;
  const { pool, paths, health, recoveredFrom } = view.reading;
  const { generatedAt, warnings, ...forecast } = forecastToJson(loaded, explain === true);
  const resetMarkerPath = `${paths.poolFile}.reset-intent`;
  const walPath = `${paths.poolFile}.wal`;
  const gateway = await findGateway(scope);
  const listed = model === undefined ? undefined : await listedModel(scope, model);
  const activeNumber = pool.accounts.length === 0 ? null : pool.activeIndex + 1;
  return {
    generatedAt,
    storagePath: paths.poolFile,
    storageHealth: {
      state: health,
      path: paths.poolFile,
      resetMarkerPath,
      walPath,
      hasResetMarker: await isThere(resetMarkerPath),
      hasWal: await isThere(walPath),
      schemaErrors: await unusableRows(scope, view.reading),
      ...(recoveredFrom === null ? {} : { recoverySource: recoveredFrom }),
    },
    model: model ?? null,
    modelSelection: {
      requested: model ?? null,
      normalized: model ?? null,
      remapped: false,
      promptFamily: model === undefined ? null : familyOf(model),
      // What Codex's own list says; of codex-multi-auth's other two capabilities it says nothing.
      capabilities: { toolSearch: listed?.hasToolSearch ?? null },
    },
    liveProbe: probe !== null,
    liveProbeBudget: {
      cachedOnly: cachedOnly === true,
      maxAccounts: maxAccounts ?? null,
      maxProbes: maxProbes ?? null,
      consideredAccounts: probe?.considered ?? 0,
      executedProbes: probe?.executed ?? 0,
    },
    accounts: countAccounts(view),
    // Counts from 1 here, as other tools for this pool do.
    activeIndex: activeNumber,
    activeNumber,
    pinnedNumber: pool.pinnedIndex === null ? null : pool.pinnedIndex + 1,
    forecast,
    runtimeOverlay: hasOverlay,
    runtime: gateway.kind === 'running' ? gatewayToJson(gateway) : null,
    runtimeSnapshotLoadError: 'reason' in gateway ? gateway.reason : null,
    warnings,
  };
}

/** Rows of the pool file that are no account, which are kept as they are. */
async function unusableRows(scope: CodexScope, { paths }: HealthyReading): Promise<readonly string[]> {
  const loaded = await loadPool(paths, scope.host.now());
  const count = loaded.kind === 'ok' ? loaded.document.unusableRows.length : 0;
  return count === 0 ? [] : [`accounts: ${count} without a refresh token`];
}

async function listedModel(scope: CodexScope, model: string): Promise<ModelEntry | undefined> {
  const list = await readModelsCache(scope);
  return list.kind === 'ok' ? list.value.entries.find(({ id }) => id === model) : undefined;
}

function countAccounts({ reading, forecast, input }: AccountsView) {
  const { accounts } = reading.pool;
  const waiting = (...causes: readonly string[]) =>
    forecast.accounts.filter(
      ({ availability }) => availability.kind === 'delayed' && causes.includes(availability.cause),
    ).length;
  return {
    total: accounts.length,
    enabled: accounts.filter(({ isEnabled }) => isEnabled).length,
    disabled: accounts.filter(({ isEnabled }) => !isEnabled).length,
    coolingDown: waiting('cooldown', 'gateway'),
    rateLimited: waiting('limit', 'rate-limit'),
    needsLogin: input.candidates.filter(({ blockedFor }) => blockedFor === 'needs-login').length,
  };
}
