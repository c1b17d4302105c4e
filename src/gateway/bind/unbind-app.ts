/** Freeing the packaged app: `config.toml` as it was before, to the byte where nobody edited it since; the service gone. */
import { stat } from 'node:fs/promises';
import { MAX_CONFIG_BYTES, readConfig } from '../../codex/config-file.ts';
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
import { type BindDeps, configPath } from './bind-app.ts';
import { planRivalUnbind, RIVAL_PROVIDER } from './rival-bind.ts';
import { describeService } from './service.ts';

export type UnbindOutcome =
  | {
      readonly kind: 'unbound';
      readonly what: 'ours' | 'rival';
      readonly undoId: string | null;
      readonly notes: readonly string[];
    }
  | { readonly kind: 'not-bound' }
  | { readonly kind: 'refused'; readonly reason: string };

const COMMAND_MS = 20_000;

/** Takes back our binding, or, without one, the rival's. */
export async function unbindApp(deps: BindDeps): Promise<UnbindOutcome> {
  const { scope, journal } = deps;
  const record = await readBindRecord(scope.home.path);
  if (record.kind === 'malformed' || record.kind === 'unreadable')
    throw new StewardError('ERR_BIND_RECORD', 'environment', `${record.path}: ${record.message}`, {
      hint: 'Remove openai_base_url from config.toml by hand, then that file.',
    });
  const plan = record.kind === 'ok' ? await planUnbind(deps, record.value) : await planRivalUnbind(scope);
  if (plan === null && record.kind !== 'ok') return { kind: 'not-bound' };
  let undoId: string | null = null;
  if (plan !== null && plan.steps.length > 0) {
    const outcome = await journal.apply(plan, {
      verify: async () => {
        const now = await readConfig(scope);
        const value = now.kind === 'ok' ? now.value.value : {};
        const isStill =
          record.kind === 'ok'
            ? value.openai_base_url === record.value.baseUrl
            : value.model_provider === RIVAL_PROVIDER;
        return isStill ? { kind: 'not-verified', reason: 'config.toml still has it' } : { kind: 'verified' };
      },
    });
    if (outcome.kind !== 'repaired') return { kind: 'refused', reason: outcome.reason };
    undoId = outcome.id;
  }
  if (record.kind !== 'ok') return { kind: 'unbound', what: 'rival', undoId, notes: [] };
  const notes = await disable(deps);
  await removeBindRecord(scope.home.path);
  return { kind: 'unbound', what: 'ours', undoId, notes };
}

async function planUnbind({ scope, program }: BindDeps, record: BindRecord): Promise<RepairPlan> {
  const path = configPath(scope.home.path);
  const steps: Step[] = [];
  const now = await readBytes(path, MAX_CONFIG_BYTES);
  if (now.kind === 'ok') {
    const expect = await fingerprint(path);
    const isUntouched = sha256(now.value) === record.boundSha256;
    if (isUntouched && !record.existed) steps.push({ kind: 'move-aside', path, expect, sidecars: [] });
    else if (isUntouched) {
      const content = Buffer.from(record.before, 'base64').toString('utf8');
      steps.push({ kind: 'write-file', path, expect, content, mode: record.mode });
    } else {
      const config = await readConfig(scope);
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
  }
  const service = describeService(scope.host, { ...program, codexHome: scope.home.path });
  if (service.file !== null) {
    const expect = await fingerprint(service.file.path);
    if (expect.kind !== 'absent')
      steps.push({ kind: 'move-aside', path: service.file.path, expect, sidecars: [] });
  }
  return {
    repairId: 'gateway.unbind_app',
    summary: 'Let the packaged app reach OpenAI directly again.',
    steps,
    requiresStopped: 'app',
  };
}

/** Ends the service; what it complained about. */
async function disable({ scope, program }: BindDeps): Promise<readonly string[]> {
  const service = describeService(scope.host, { ...program, codexHome: scope.home.path });
  const notes: string[] = [];
  for (const [file, ...args] of service.disable) {
    const ran = await scope.host.run(file as string, args, { timeoutMs: COMMAND_MS });
    if (ran.kind === 'exited' && ran.code === 0) continue;
    const why = ran.kind === 'exited' ? (ran.stderr.trim().split('\n')[0] ?? `code ${ran.code}`) : ran.kind;
    notes.push(`${[file, ...args].join(' ')}: ${why}`);
  }
  return notes;
}
