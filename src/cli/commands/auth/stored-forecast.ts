/** The forecast from what is stored, which is quick because nothing of the network is loaded; and how every forecast is shown. */
import { accountLabel } from '../../../accounts/account-label.ts';
import type { PoolProbe } from '../../../accounts/forecast/probe-pool.ts';
import { EXIT } from '../../../errors.ts';
import type { AccountsView } from '../../accounts-view.ts';
import { type AuthSession, openAuthSession } from '../../auth-session.ts';
import type { CommandDeps } from '../../main.ts';
import { renderOutlook, renderReadingAge } from '../../render/accounts.ts';
import { renderForecast } from '../../render/accounts-forecast.ts';
import { forecastRows, outlookToJson, probeErrorLine } from '../../render/accounts-json.ts';
import type { ForecastOptions } from './forecast.ts';
import { type LiveView, loadStoredView } from './stored-view.ts';

/** Shows the forecast without asking the server. Throws `ERR_ACCOUNTS_POOL` for a corrupt pool. */
export async function runStoredForecast(
  options: Omit<ForecastOptions, 'live'>,
  deps: CommandDeps,
): Promise<number> {
  const session = await openAuthSession(deps, { command: 'forecast', json: options.json });
  const loaded = await loadStoredView(session.scope, {
    overlay: options.runtimeOverlay !== false,
    model: options.model ?? null,
  });
  return showForecast(session, loaded, options.explain === true);
}

/** Tells a person or a program what was worked out. */
export function showForecast(session: AuthSession, loaded: LiveView, explain: boolean): number {
  const { view, probe } = loaded;
  if (session.json) {
    session.answer(forecastToJson(loaded, explain));
    return EXIT.ok;
  }
  const { terminal } = session;
  if (view.reading.pool.accounts.length === 0) {
    session.say('There are no accounts yet: `steward auth login` adds one.');
    return EXIT.ok;
  }
  terminal.out(renderOutlook(view, terminal));
  terminal.out(`\n${renderForecast(view, terminal, explain)}\n`);
  for (const line of probeErrors(view, probe)) terminal.out(`${terminal.paint('yellow', '▲')} ${line}\n`);
  if (probe === null) terminal.out(renderReadingAge(view, terminal));
  return EXIT.ok;
}

/** The members that `forecast --json` and the forecast of `report --json` share. */
export function forecastToJson({ view, probe, hasOverlay }: LiveView, explain: boolean) {
  const { forecast, input, now, loaded } = view;
  const { next, fullAgainAt, unknownAccounts, ...recommendation } = outlookToJson(view);
  const accounts = forecastRows(view, probe);
  const considered = accounts.map(
    ({ index, number, selected, availability, riskScore, riskLevel, reasons }) => ({
      index,
      number,
      selected,
      availability,
      riskScore,
      riskLevel,
      reasons,
    }),
  );
  return {
    generatedAt: new Date(now).toISOString(),
    model: input.model,
    strategy: input.strategy,
    project: loaded.projectName,
    liveProbe: probe !== null,
    runtimeOverlay: hasOverlay,
    summary: forecast.summary,
    recommendation: { ...recommendation, selectedReason: recommendation.reason },
    next,
    fullAgainAt,
    unknownAccounts,
    ...(explain
      ? {
          explanation: {
            recommendedIndex: recommendation.recommendedIndex,
            recommendationReason: recommendation.reason,
            considered,
          },
        }
      : {}),
    probeErrors: probeErrors(view, probe),
    warnings: loaded.warnings,
    accounts,
  };
}

/** What could not be asked, a line each, with the server's code. */
export function probeErrors(view: AccountsView, probe: PoolProbe | null): readonly string[] {
  if (probe === null) return [];
  return view.reading.pool.accounts.flatMap((account, index) => {
    const failure = probe.failures.get(account.key);
    return failure === undefined ? [] : [probeErrorLine(accountLabel(account, index), failure)];
  });
}
