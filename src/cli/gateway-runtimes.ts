/** What the running gateway of this home knows of the accounts, for forecasts and explanations. */
import type { AccountRuntime } from '../accounts/selection/facts.ts';
import type { CodexScope } from '../codex/home.ts';
import { findGateway } from '../gateway/daemon/control-client.ts';
import type { RuntimeByKey } from './accounts-view.ts';

/** By account key; `null` when no gateway runs or it does not answer. */
export async function readGatewayRuntimes(scope: CodexScope): Promise<RuntimeByKey | null> {
  const found = await findGateway(scope);
  if (found.kind !== 'running') return null;
  return new Map(
    found.status.accounts.map(({ key, isAvailable, untilMs, reason, inFlight }): [string, AccountRuntime] => [
      key,
      {
        inflight: inFlight,
        lastUsed: 0,
        blocked: isAvailable || untilMs === null ? null : { untilMs, reason: reason ?? 'a failure' },
        refusedModels: [],
      },
    ]),
  );
}
