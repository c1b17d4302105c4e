/** Freeing the packaged app: `config.toml` as it was before, to the byte where nobody edited it since; the service gone. */
import { stat } from 'node:fs/promises';
import { MAX_CONFIG_BYTES, readConfig } from '../../codex/config-file.ts';
import type { CodexScope } from '../../codex/home.ts';
import { readBytes } from '../../codex/reading.ts';
import { StewardError } from '../../errors.ts';
import {
  type BindRecord,
  readBindRecord,
  removeBindRecord,
  sha256,
} from '../../gateway-client/bind-record.ts';
import { fingerprint } from '../../storage/fingerprint.ts';
import type { RepairPlan, Step } from '../../storage/steps.ts';
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

async function planUnbind(
  scope: CodexScope,
  record: BindRecord,
): Promise<{ readonly plan: RepairPlan; readonly isAsBefore: boolean }> {
  const config = await configSteps(scope, record);
  const expect = await fingerprint(record.serviceFile);
  const service: readonly Step[] =
    expect.kind === 'absent' ? [] : [{ kind: 'move-aside', path: record.serviceFile, expect, sidecars: [] }];
  return {
    isAsBefore: config.isAsBefore,
    plan: {
      repairId: 'gateway.unbind_app',
      summary: 'Let the packaged app reach OpenAI directly again.',
      steps: [...config.steps, ...service],
      requiresStopped: 'app',
      // Undone, it would point at a gateway that nobody keeps there: binding again is the way back.
      credentials: true,
    },
  };
}

async function configSteps(
  scope: CodexScope,
  record: BindRecord,
): Promise<{ readonly steps: readonly Step[]; readonly isAsBefore: boolean }> {
  const config = await readConfig(scope);
  const { path } = config;
  const bytes = await readBytes(path, MAX_CONFIG_BYTES);
  if (bytes.kind === 'missing') return { steps: [], isAsBefore: !record.existed };
  const expect = await fingerprint(path);
  const isUntouched = bytes.kind === 'ok' && sha256(bytes.value) === record.boundSha256;
  if (isUntouched && !record.existed)
    return { steps: [{ kind: 'move-aside', path, expect, sidecars: [] }], isAsBefore: true };
  const steps: Step[] = [];
  if (isUntouched) {
    const content = Buffer.from(record.before, 'base64').toString('utf8');
    steps.push({ kind: 'write-file', path, expect, content, mode: record.mode });
  } else {
    if (config.kind !== 'ok')
      throw new StewardError('ERR_BIND_CONFIG', 'user', `${path} cannot be edited now`, {
        hint: 'steward doctor',
      });
    // Somebody who chose another upstream since keeps it.
    if (config.value.value.openai_base_url === record.baseUrl)
      steps.push({
        kind: 'toml-edit',
        path,
        expect,
        edits: [
          record.formerBaseUrl === null
            ? { op: 'delete', key: ['openai_base_url'] }
            : { op: 'set', key: ['openai_base_url'], value: record.formerBaseUrl },
        ],
      });
  }
  const mode = (await stat(path)).mode & 0o7777;
  if (record.existed && mode !== record.mode && mode === (record.mode & 0o700))
    steps.push({ kind: 'set-mode', path, expect, mode: record.mode });
  return { steps, isAsBefore: isUntouched };
}
