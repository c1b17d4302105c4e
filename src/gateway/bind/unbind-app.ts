/** Freeing the packaged app: `config.toml` as it was before, to the byte where nobody edited it since; the service gone. */
import { readConfig } from '../../codex/config-file.ts';
import { StewardError } from '../../errors.ts';
import { readBindRecord, removeBindRecord } from '../../gateway-client/bind-record.ts';
import { planUnbind } from '../../gateway-client/unbind-plan.ts';
import type { BindDeps } from './bind-app.ts';
import { freeOfRival } from './rival-bind.ts';
import { forgetService, stopService } from './run-service.ts';
import { describeService } from './service.ts';

export type UnbindOutcome =
  | {
      readonly kind: 'unbound';
      readonly what: 'ours' | 'rival';
      /** Whether `config.toml` has the bytes from before; else only our part was taken out of it. */
      readonly isAsBefore: boolean;
      readonly undoId: string | null;
      readonly notes: readonly string[];
    }
  | { readonly kind: 'not-bound' }
  | { readonly kind: 'refused'; readonly reason: string };

/** Takes back our binding, or, without one, the rival's. Throws `ERR_BIND_RECORD`, `ERR_BIND_CONFIG`. */
export async function unbindApp(deps: BindDeps): Promise<UnbindOutcome> {
  const { scope, journal, program } = deps;
  const record = await readBindRecord(scope);
  if (record.kind === 'missing') return await freeOfRival(scope, journal);
  if (record.kind !== 'ok')
    throw new StewardError('ERR_BIND_RECORD', 'environment', `${record.path}: ${record.message}`, {
      hint: 'Remove openai_base_url from config.toml by hand, then that file.',
    });
  const { baseUrl } = record.value;
  const { plan, isAsBefore } = await planUnbind(scope, record.value);
  let undoId: string | null = null;
  if (plan.steps.length > 0) {
    const outcome = await journal.apply(plan, {
      verify: async () => {
        const now = await readConfig(scope);
        const isStill = now.kind === 'ok' && now.value.value.openai_base_url === baseUrl;
        return isStill ? { kind: 'not-verified', reason: 'config.toml still has it' } : { kind: 'verified' };
      },
    });
    if (outcome.kind !== 'repaired') return { kind: 'refused', reason: outcome.reason };
    undoId = outcome.id;
  }
  const service = describeService(scope.host, { ...program, codexHome: scope.home.path });
  const notes = [...(await stopService(scope, service)), ...(await forgetService(scope, service))];
  await removeBindRecord(scope.home.path);
  return { kind: 'unbound', what: 'ours', isAsBefore, undoId, notes };
}
