/** `steward auth rotation reset-runtime`: the running gateway forgets what it learnt. Files, login and the app stay as they are. */
import { EXIT } from '../../../errors.ts';
import { readBinding } from '../../../gateway-client/binding.ts';
import { findGateway, forgetInGateway } from '../../../gateway-client/control-client.ts';
import { openAuthSession } from '../../auth-session.ts';
import type { CommandDeps } from '../../main.ts';
import { gatewayToJson } from './rotation-status.ts';

export interface ResetRuntimeOptions {
  readonly json?: boolean;
}

/** Throws what the gateway's control API throws. */
export async function runRotationResetRuntime(
  options: ResetRuntimeOptions,
  deps: CommandDeps,
): Promise<number> {
  const session = await openAuthSession(deps, { command: 'rotation reset-runtime', json: options.json });
  const { scope } = session;
  const wasRunning = await forgetInGateway(scope, null);
  const binding = await readBinding(scope);
  session.answer({
    ok: true,
    resetVolatileRuntimeState: wasRunning,
    appBindRestarted: false, // nothing that is bound or not is touched here
    bindStatus: { state: binding.kind },
    gateway: gatewayToJson(await findGateway(scope)),
  });
  session.say(
    wasRunning
      ? 'The gateway forgot its cool-downs, refused models and which thread is whose.'
      : 'No gateway runs here, so nothing is remembered outside the files.',
  );
  session.say('Limits in the pool file stay: `steward auth rotation reset-rate-limits` forgets them.');
  return EXIT.ok;
}
