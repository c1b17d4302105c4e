/**
 * What codex-multi-auth binds the app with (its version 2.8.7): a provider of its own in `config.toml`, a state file and a
 * backup below its root, a router process and, on macOS and Windows, a start-up entry. Recognised so that a person who comes
 * from there can be freed of it.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import * as v from 'valibot';
import { resolveAccountPaths } from '../../accounts/store/paths.ts';
import { type ConfigReading, readConfig, readConfigFile } from '../../codex/config-file.ts';
import type { CodexScope } from '../../codex/home.ts';
import { readText } from '../../codex/reading.ts';
import { RIVAL_PROVIDER } from '../../gateway-client/binding.ts';
import { type Host, systemPath } from '../../host.ts';
import { fingerprint } from '../../storage/fingerprint.ts';
import type { Journal } from '../../storage/journal.ts';
import type { RepairPlan, Step, TomlEdit } from '../../storage/steps.ts';
import type { UnbindOutcome } from './unbind-app.ts';

const AGENT = 'com.ndycode.codex-multi-auth.runtime-router';
const StateSchema = v.looseObject({
  configPath: v.string(),
  boundConfigHash: v.optional(v.string()),
  startupPath: v.optional(v.nullable(v.string())),
  launchAgentPath: v.optional(v.nullable(v.string())),
  statusPath: v.optional(v.string()),
});
const BackupSchema = v.looseObject({ configPath: v.string(), existed: v.boolean(), content: v.string() });
const StatusSchema = v.looseObject({ pid: v.number(), routerScriptPath: v.pipe(v.string(), v.minLength(8)) });
const MAX_BYTES = 16 * 1024 * 1024;

interface RivalBinding {
  readonly folder: string;
  readonly config: ConfigReading;
  readonly state: v.InferOutput<typeof StateSchema> | null;
  readonly backup: v.InferOutput<typeof BackupSchema> | null;
}

/** Takes the rival's binding back: the config, its start-up entry, its router. */
export async function freeOfRival(scope: CodexScope, journal: Journal): Promise<UnbindOutcome> {
  const binding = await findRivalBinding(scope);
  if (binding === null) return { kind: 'not-bound' };
  const { config, state, folder } = binding;
  const { steps, isAsBefore } = await configSteps(binding);
  const plan: RepairPlan = {
    repairId: 'gateway.unbind_rival',
    summary: 'Take codex-multi-auth out of config.toml and out of the start-up entries.',
    steps: [...steps, ...(await asideSteps([state?.startupPath, state?.launchAgentPath, folder]))],
    requiresStopped: 'app',
  };
  // Told by files that are moved away.
  const router = await findRouter(scope.host, binding);
  const outcome = await journal.apply(plan, {
    verify: async () => {
      const now = await readConfigFile(config.path);
      return now.kind === 'ok' && now.value.value.model_provider === RIVAL_PROVIDER
        ? { kind: 'not-verified', reason: 'config.toml still selects it' }
        : { kind: 'verified' };
    },
  });
  if (outcome.kind !== 'repaired') return { kind: 'refused', reason: outcome.reason };
  const notes = await stopRouter(scope.host, state?.launchAgentPath != null, router);
  return { kind: 'unbound', what: 'rival', isAsBefore, undoId: outcome.id, notes };
}

/** It always binds `~/.codex`, whatever `CODEX_HOME` says: its state names the file, and this home's own is looked at too. */
async function findRivalBinding(scope: CodexScope): Promise<RivalBinding | null> {
  const { root } = await resolveAccountPaths(scope);
  const folder = join(root, 'app-bind');
  const state = await readJson(join(folder, 'runtime-rotation-app-bind.json'), StateSchema);
  const own = await readConfig(scope);
  const isHere = own.kind === 'ok' && own.value.value.model_provider === RIVAL_PROVIDER;
  if (!isHere && state === null) return null;
  const config = isHere || state === null ? own : await readConfigFile(resolve(state.configPath));
  const backup = await readJson(join(folder, 'codex-config-backup.json'), BackupSchema);
  const belongs = backup !== null && resolve(backup.configPath) === resolve(config.path);
  return { folder, config, state, backup: belongs ? backup : null };
}

async function configSteps({
  config,
  state,
  backup,
}: RivalBinding): Promise<{ readonly steps: readonly Step[]; readonly isAsBefore: boolean }> {
  if (config.kind !== 'ok' || config.value.value.model_provider !== RIVAL_PROVIDER)
    return { steps: [], isAsBefore: false };
  const { path } = config;
  const expect = await fingerprint(path);
  const digest = createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
  if (state?.boundConfigHash !== digest || backup === null)
    return {
      steps: [{ kind: 'toml-edit', path, expect, edits: await unbindEdits(backup?.content ?? '') }],
      isAsBefore: false,
    };
  const step: Step = backup.existed
    ? { kind: 'write-file', path, expect, content: backup.content, mode: 0o600 }
    : { kind: 'move-aside', path, expect, sidecars: [] };
  return { steps: [step], isAsBefore: true };
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

async function asideSteps(paths: readonly (string | null | undefined)[]): Promise<readonly Step[]> {
  const steps: Step[] = [];
  for (const path of paths) {
    if (path == null) continue;
    const expect = await fingerprint(path);
    if (expect.kind !== 'absent') steps.push({ kind: 'move-aside', path, expect, sidecars: [] });
  }
  return steps;
}

/** The pid of its router, if the process with that number still is the one that was started. */
async function findRouter(host: Host, { folder, state }: RivalBinding): Promise<number | null> {
  const path = state?.statusPath ?? join(folder, 'runtime-rotation-app-bind-status.json');
  const status = await readJson(path, StatusSchema);
  if (status === null || host.platform === 'win32') return null;
  return (await commandLine(host, status.pid)).includes(status.routerScriptPath) ? status.pid : null;
}

async function commandLine(host: Host, pid: number): Promise<string> {
  if (host.platform === 'linux')
    return await readFile(systemPath(host, `/proc/${pid}/cmdline`), 'utf8').catch(() => ''); // it has ended
  const ran = await host.run('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { timeoutMs: 5_000 });
  return ran.kind === 'exited' ? ran.stdout : '';
}

/** Its config is gone, so it ends in peace; what keeps it from that is told. */
async function stopRouter(host: Host, hasAgent: boolean, router: number | null): Promise<readonly string[]> {
  if (hasAgent) {
    // Loaded, it would come back; not loaded, there is nothing to take away.
    await host.run('launchctl', ['bootout', `gui/${host.uid ?? 0}/${AGENT}`], { timeoutMs: 20_000 });
  }
  if (router === null) return [];
  try {
    process.kill(router, 'SIGTERM');
    return [];
  } catch {
    return (await commandLine(host, router)) === '' ? [] : [`its router (pid ${router}) could not be ended`];
  }
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
