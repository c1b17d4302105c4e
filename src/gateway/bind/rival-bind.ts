/**
 * What codex-multi-auth binds the app with (its version 2.8.7): a provider of its own in `config.toml`, a state file and a
 * backup below its root. Recognised so that a person who comes from there can be freed of it.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import * as v from 'valibot';
import { resolveAccountPaths } from '../../accounts/store/paths.ts';
import { readConfig } from '../../codex/config-file.ts';
import type { CodexScope } from '../../codex/home.ts';
import { readText } from '../../codex/reading.ts';
import { fingerprint } from '../../storage/fingerprint.ts';
import type { RepairPlan, Step, TomlEdit } from '../../storage/steps.ts';

export const RIVAL_PROVIDER = 'codex-multi-auth-runtime-proxy';

const StateSchema = v.looseObject({
  configPath: v.string(),
  boundConfigHash: v.optional(v.string()),
  startupPath: v.optional(v.nullable(v.string())),
  launchAgentPath: v.optional(v.nullable(v.string())),
});
const BackupSchema = v.looseObject({ existed: v.boolean(), content: v.string() });
const MAX_BYTES = 16 * 1024 * 1024;

/** The plan that restores the config and clears the rival's start-up entry; `null` when it has bound nothing here. */
export async function planRivalUnbind(scope: CodexScope): Promise<RepairPlan | null> {
  const config = await readConfig(scope);
  const value = config.kind === 'ok' ? config.value.value : {};
  const { root } = await resolveAccountPaths(scope);
  const folder = join(root, 'app-bind');
  const state = await readJson(join(folder, 'runtime-rotation-app-bind.json'), StateSchema);
  if (config.kind !== 'ok' || (value.model_provider !== RIVAL_PROVIDER && state === null)) return null;
  const backup = await readJson(join(folder, 'codex-config-backup.json'), BackupSchema);
  const steps: Step[] = [];
  if (value.model_provider === RIVAL_PROVIDER) {
    const expect = await fingerprint(config.path);
    const isUntouched =
      state?.boundConfigHash === createHash('sha256').update(config.value.text).digest('hex');
    if (isUntouched && backup?.existed)
      steps.push({ kind: 'write-file', path: config.path, expect, content: backup.content, mode: 0o600 });
    else
      steps.push({
        kind: 'toml-edit',
        path: config.path,
        expect,
        edits: await unbindEdits(backup?.content ?? ''),
      });
  }
  for (const path of [state?.startupPath, state?.launchAgentPath]) {
    if (path == null) continue;
    const expect = await fingerprint(path);
    if (expect.kind !== 'absent') steps.push({ kind: 'move-aside', path, expect, sidecars: [] });
  }
  const folderNow = await fingerprint(folder);
  if (folderNow.kind === 'folder')
    steps.push({ kind: 'move-aside', path: folder, expect: folderNow, sidecars: [] });
  return {
    repairId: 'gateway.unbind_rival',
    summary: 'Take codex-multi-auth out of config.toml and out of the start-up entries.',
    steps,
    requiresStopped: 'app',
  };
}

/** The two keys as they were before, and the provider's table gone; everything else stays as it is now. */
async function unbindEdits(before: string): Promise<readonly TomlEdit[]> {
  const { parse } = await import('smol-toml');
  let former: Record<string, unknown> = {};
  try {
    former = parse(before);
  } catch {
    // a backup that was no TOML tells nothing about the former values
  }
  const provider = former.model_provider;
  const edits: TomlEdit[] = [
    typeof provider === 'string' && provider !== RIVAL_PROVIDER
      ? { op: 'set', key: ['model_provider'], value: provider }
      : { op: 'delete', key: ['model_provider'] },
    { op: 'delete', key: ['model_providers', RIVAL_PROVIDER] },
  ];
  if (former.disable_response_storage === true)
    edits.push({ op: 'set', key: ['disable_response_storage'], value: true });
  return edits;
}

async function readJson<const S extends v.GenericSchema>(
  path: string,
  schema: S,
): Promise<v.InferOutput<S> | null> {
  const reading = await readText(path, MAX_BYTES);
  if (reading.kind !== 'ok') return null;
  try {
    return v.parse(schema, JSON.parse(reading.value));
  } catch {
    return null; // not what that program writes: nothing of it can be relied on
  }
}
