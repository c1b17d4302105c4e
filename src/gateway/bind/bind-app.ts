/**
 * Binding the packaged app: it starts no shim, so its one key `openai_base_url` is set in `config.toml`, and a service keeps
 * the gateway there. Both or neither: a config that points at a dead port is worse than no rotation.
 */
import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type ConfigFile, MAX_CONFIG_BYTES, readConfig } from '../../codex/config-file.ts';
import type { CodexScope } from '../../codex/home.ts';
import { readBytes } from '../../codex/reading.ts';
import { StewardError } from '../../errors.ts';
import {
  type BindRecord,
  readBindRecord,
  removeBindRecord,
  sha256,
  writeBindRecord,
} from '../../gateway-client/bind-record.ts';
import { RIVAL_PROVIDER } from '../../gateway-client/binding.ts';
import { fingerprint } from '../../storage/fingerprint.ts';
import type { Journal } from '../../storage/journal.ts';
import type { RepairPlan, Step } from '../../storage/steps.ts';
import { type DaemonProgram, ensureGateway } from '../daemon/start-daemon.ts';
import { forgetService, startService, stopService, whyNoService } from './run-service.ts';
import { describeService, type Service } from './service.ts';

export interface BindDeps {
  readonly scope: CodexScope;
  readonly journal: Journal;
  readonly program: DaemonProgram;
}

export type BindOutcome =
  | {
      readonly kind: 'bound';
      readonly undoId: string;
      readonly service: Service['kind'];
      readonly baseUrl: string;
    }
  | { readonly kind: 'already-bound'; readonly service: Service['kind']; readonly baseUrl: string }
  | { readonly kind: 'refused'; readonly reason: string };

/** The config as it is before the binding. */
interface Before {
  readonly path: string;
  readonly bytes: Buffer | null;
  readonly mode: number;
  readonly baseUrl: string | null;
}

/** Binds; either everything is in place and answers, or nothing was changed. Throws `ERR_BIND_…` for what is in the way. */
export async function bindApp(deps: BindDeps): Promise<BindOutcome> {
  const { scope, journal, program } = deps;
  const { home } = scope;
  const before = await readBefore(scope);
  const former = await readBindRecord(scope);
  if (former.kind === 'malformed' || former.kind === 'unreadable')
    throw blocked('ERR_BIND_RECORD', `${former.path}: ${former.message}`, 'Move that file away.');
  const service = describeService(scope.host, { ...program, codexHome: home.path });
  const complaint = await whyNoService(scope, service);
  if (complaint !== null)
    throw blocked(
      'ERR_BIND_NO_SERVICE',
      `this system has no ${service.kind} for your user now (${complaint}), so nothing would keep the gateway there for the app`,
      'Start the app from a terminal with `steward run -- app`, which needs no binding.',
    );
  const { file } = await ensureGateway(scope, program);
  const known = former.kind === 'ok' ? former.value : null;
  if (known !== null && before.baseUrl === file.baseUrl && (await isSameFile(service)))
    return { kind: 'already-bound', service: service.kind, baseUrl: file.baseUrl };

  const record = recordOf(before, known, {
    boundAt: scope.host.now(),
    baseUrl: file.baseUrl,
    service: service.kind,
    serviceFile: service.file.path,
    program: { node: program.node, steward: program.steward },
  });
  // Before the config: whatever happens in between, what was there before is known.
  await writeBindRecord(home.path, record);
  const outcome = await journal.apply(await planBind(before, file.baseUrl, service), {
    verify: async () => {
      const now = await readConfig(scope);
      return now.kind === 'ok' && now.value.value.openai_base_url === file.baseUrl
        ? { kind: 'verified' }
        : { kind: 'not-verified', reason: 'config.toml does not name the gateway' };
    },
  });
  if (outcome.kind !== 'repaired') {
    await putRecord(home.path, known);
    return { kind: 'refused', reason: outcome.reason };
  }
  const after = await readBytes(before.path, MAX_CONFIG_BYTES);
  const isWhole = after.kind === 'ok' && isUntouched(before, known);
  await writeBindRecord(home.path, { ...record, boundSha256: isWhole ? sha256(after.value) : '' });
  const trouble = await startService(scope, program, service, file.port);
  if (trouble === null)
    return { kind: 'bound', undoId: outcome.id, service: service.kind, baseUrl: file.baseUrl };

  await stopService(scope, service);
  const undone = await journal.undo(outcome.id);
  await forgetService(scope, service);
  if (undone.kind === 'undone') await putRecord(home.path, known);
  await ensureGateway(scope, program); // whoever used the gateway until now goes on using it
  const rest = undone.kind === 'undone' ? '' : `; and config.toml could not be put back: ${undone.reason}`;
  return { kind: 'refused', reason: `the ${service.kind} service does not come up: ${trouble}${rest}` };
}

async function readBefore(scope: CodexScope): Promise<Before> {
  const config = await readConfig(scope);
  if (config.kind === 'malformed' || config.kind === 'unreadable')
    throw blocked('ERR_BIND_CONFIG', `${config.path} cannot be edited: ${config.message}`, 'steward doctor');
  const settings: ConfigFile['value'] = config.kind === 'ok' ? config.value.value : {};
  const provider = settings.model_provider;
  if (provider === RIVAL_PROVIDER)
    throw blocked(
      'ERR_BIND_RIVAL',
      'the app is bound to codex-multi-auth',
      'steward auth rotation unbind-app',
    );
  if (provider !== undefined && provider !== 'openai')
    throw blocked(
      'ERR_BIND_PROVIDER',
      `${config.path} selects the provider ${JSON.stringify(provider)}, which does not go through the gateway`,
      'Remove model_provider first, if you want rotation in the app.',
    );
  const bytes = await readBytes(config.path, MAX_CONFIG_BYTES);
  const url = settings.openai_base_url;
  return {
    path: config.path,
    bytes: bytes.kind === 'ok' ? bytes.value : null,
    mode: bytes.kind === 'ok' ? (await stat(config.path)).mode & 0o7777 : 0o600,
    baseUrl: typeof url === 'string' ? url : null,
  };
}

/** Bound anew (the port, Node or steward itself has moved): what was there before is what was there the first time. */
function recordOf(
  before: Before,
  known: BindRecord | null,
  now: Pick<BindRecord, 'boundAt' | 'baseUrl' | 'service' | 'serviceFile' | 'program'>,
): BindRecord {
  if (known !== null && before.baseUrl === known.baseUrl) return { ...known, ...now, boundSha256: '' };
  return {
    ...now,
    version: 1,
    existed: before.bytes !== null,
    before: (before.bytes ?? Buffer.alloc(0)).toString('base64'),
    mode: before.mode,
    boundSha256: '',
    formerBaseUrl: before.baseUrl,
  };
}

/** Whether nobody has edited the file since the first binding, so that its bytes from before can come back. */
function isUntouched(before: Before, known: BindRecord | null): boolean {
  if (known === null || before.baseUrl !== known.baseUrl) return true;
  return before.bytes !== null && sha256(before.bytes) === known.boundSha256;
}

async function isSameFile({ file }: Service): Promise<boolean> {
  return (await readFile(file.path, 'utf8').catch(() => null)) === file.content;
}

async function putRecord(codexHome: string, record: BindRecord | null): Promise<void> {
  if (record === null) await removeBindRecord(codexHome);
  else await writeBindRecord(codexHome, record);
}

async function planBind(
  { path, bytes, mode, baseUrl }: Before,
  wanted: string,
  { file }: Service,
): Promise<RepairPlan> {
  const expect = await fingerprint(path);
  const steps: Step[] = [];
  if (bytes === null)
    steps.push({ kind: 'write-file', path, expect, content: `openai_base_url = "${wanted}"\n`, mode: 0o600 });
  else if (baseUrl !== wanted)
    steps.push({
      kind: 'toml-edit',
      path,
      expect,
      edits: [{ op: 'set', key: ['openai_base_url'], value: wanted }],
    });
  // The address carries the session's token.
  if (bytes !== null && (mode & 0o077) !== 0)
    steps.push({ kind: 'set-mode', path, expect, mode: mode & 0o700 });
  const folder = dirname(file.path);
  const folderNow = await fingerprint(folder);
  if (folderNow.kind === 'absent')
    steps.push({ kind: 'make-folder', path: folder, expect: folderNow, mode: 0o755 });
  steps.push({
    kind: 'write-file',
    path: file.path,
    expect: await fingerprint(file.path),
    content: file.content,
    mode: 0o600, // a proxy's address may carry a password
  });
  return {
    repairId: 'gateway.bind_app',
    summary: 'Send the packaged app through the gateway, and keep the gateway running.',
    steps,
    requiresStopped: 'app',
  };
}

function blocked(code: string, message: string, hint: string): StewardError {
  return new StewardError(code, 'user', message, { hint });
}
