/** Taking the binding of the packaged app out of `config.toml`: its bytes from before, or, edited since, our key alone. */
import { stat } from 'node:fs/promises';
import { MAX_CONFIG_BYTES, readConfig } from '../codex/config-file.ts';
import type { CodexScope } from '../codex/home.ts';
import { readBytes } from '../codex/reading.ts';
import { StewardError } from '../errors.ts';
import { fingerprint } from '../storage/fingerprint.ts';
import type { RepairPlan, Step } from '../storage/steps.ts';
import { type BindRecord, sha256 } from './bind-record.ts';

/** The plan, and whether it brings the bytes from before back. The record and the running service stay. Throws `ERR_BIND_CONFIG`. */
export async function planUnbind(
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
