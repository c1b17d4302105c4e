/** `steward auth forecast`: which account can be used now, which next, when all limits are reset. */
import { openAuthSession } from '../../auth-session.ts';
import type { CommandDeps } from '../../main.ts';
import { loadLiveView } from './live-view.ts';
import { runStoredForecast, showForecast } from './stored-forecast.ts';

export interface ForecastOptions {
  readonly live?: boolean;
  readonly explain?: boolean;
  readonly model?: string;
  /** `false` with `--no-runtime-overlay`. */
  readonly runtimeOverlay?: boolean;
  readonly json?: boolean;
}

/** Shows the forecast; 0 unless it cannot be made. Throws `ERR_ACCOUNTS_POOL` for a corrupt pool. */
export async function runForecast(options: ForecastOptions, deps: CommandDeps): Promise<number> {
  if (options.live !== true) return runStoredForecast(options, deps);
  const session = await openAuthSession(deps, { command: 'forecast', json: options.json });
  const loaded = await loadLiveView(session.scope, session.terminal, {
    live: true,
    overlay: options.runtimeOverlay !== false,
    model: options.model ?? null,
  });
  return showForecast(session, loaded, options.explain === true);
}
