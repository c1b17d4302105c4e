/**
 * Binding the packaged app: it starts no shim, so its one key `openai_base_url` is set in `config.toml`, and a service keeps
 * the gateway there. Both or neither: a config that points at a dead port is worse than no rotation.
 */
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MAX_CONFIG_BYTES, readConfig } from '../../codex/config-file.ts';
import type { CodexScope } from '../../codex/home.ts';
import { readBytes } from '../../codex/reading.ts';
import { StewardError } from '../../errors.ts';
import {
  readBindRecord,
  removeBindRecord,
  sha256,
  writeBindRecord,
} from '../../gateway-client/bind-record.ts';
import { askGateway } from '../../gateway-client/control-client.ts';
import { fingerprint } from '../../storage/fingerprint.ts';
import type { ApplyOutcome, Journal } from '../../storage/journal.ts';
import type { RepairPlan, Step } from '../../storage/steps.ts';
import { type DaemonProgram, ensureGateway, waitForGateway } from '../daemon/start-daemon.ts';
import { RIVAL_PROVIDER } from './rival-bind.ts';
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
  | { readonly kind: 'already-bound'; readonly baseUrl: string }
  | { readonly kind: 'refused'; readonly reason: string };

const COMMAND_MS = 20_000;
const START_MS = 15_000;

/** Binds; either everything is in place and answers, or nothing was changed. Throws `ERR_BIND_…` for what is in the way. */
export async function bindApp(deps: BindDeps): Promise<BindOutcome> {
  const { scope, journal, program } = deps;
  const { home, host } = scope;
  const config = await readConfig(scope);
  if (config.kind === 'malformed' || config.kind === 'unreadable')
    throw blocked('ERR_BIND_CONFIG', `${config.path} cannot be edited: ${config.message}`, 'steward doctor');
  const settings = config.kind === 'ok' ? config.value.value : {};
  if (settings.model_provider === RIVAL_PROVIDER)
    throw blocked(
      'ERR_BIND_RIVAL',
      'the app is bound to codex-multi-auth',
      'steward auth rotation unbind-app',
    );
  if (settings.model_provider !== undefined && settings.model_provider !== 'openai')
    throw blocked(
      'ERR_BIND_PROVIDER',
      `${config.path} selects the provider ${JSON.stringify(settings.model_provider)}, which does not go through the gateway`,
      'Remove model_provider first, if you want rotation in the app.',
    );
  const service = describeService(host, { ...program, codexHome: home.path });
  await requireService(deps, service);

  const { file } = await ensureGateway(scope, program);
  const former = settings.openai_base_url;
  const record = await readBindRecord(home.path);
  if (former === file.baseUrl && record.kind === 'ok')
    return { kind: 'already-bound', baseUrl: file.baseUrl };
  const before = await readBytes(config.path, MAX_CONFIG_BYTES);
  const bytes = before.kind === 'ok' ? before.value : Buffer.alloc(0);
  const mode = before.kind === 'ok' ? (await stat(config.path)).mode & 0o7777 : 0o600;
  const outcome = await journal.apply(await planBind(config.path, file.baseUrl, mode, service), {
    verify: async () => {
      const now = await readConfig(scope);
      return now.kind === 'ok' && now.value.value.openai_base_url === file.baseUrl
        ? { kind: 'verified' }
        : { kind: 'not-verified', reason: 'config.toml does not name the gateway' };
    },
  });
  if (outcome.kind !== 'repaired') return { kind: 'refused', reason: reasonOf(outcome) };
  const after = await readBytes(config.path, MAX_CONFIG_BYTES);
  await writeBindRecord(home.path, {
    version: 1,
    boundAt: host.now(),
    existed: before.kind === 'ok',
    before: bytes.toString('base64'),
    mode,
    boundSha256: after.kind === 'ok' ? sha256(after.value) : '',
    // Bound anew after the port changed: the user's own upstream is the one from before the first time.
    formerBaseUrl:
      record.kind === 'ok' ? record.value.formerBaseUrl : typeof former === 'string' ? former : null,
    baseUrl: file.baseUrl,
    service: service.kind,
  });
  const trouble = await enable(deps, service, file.port);
  if (trouble === null)
    return { kind: 'bound', undoId: outcome.id, service: service.kind, baseUrl: file.baseUrl };
  await journal.undo(outcome.id);
  await removeBindRecord(home.path);
  await ensureGateway(scope, program); // whoever used the gateway until now goes on using it
  return { kind: 'refused', reason: `the ${service.kind} service does not come up: ${trouble}` };
}

async function planBind(path: string, baseUrl: string, mode: number, service: Service): Promise<RepairPlan> {
  const expect = await fingerprint(path);
  const steps: Step[] =
    expect.kind === 'absent'
      ? [{ kind: 'write-file', path, expect, content: `openai_base_url = "${baseUrl}"\n`, mode: 0o600 }]
      : [
          {
            kind: 'toml-edit',
            path,
            expect,
            edits: [{ op: 'set', key: ['openai_base_url'], value: baseUrl }],
          },
        ];
  // The address carries the session's token.
  if (expect.kind !== 'absent' && (mode & 0o077) !== 0)
    steps.push({ kind: 'set-mode', path, expect, mode: mode & 0o700 });
  if (service.file !== null) {
    const folder = dirname(service.file.path);
    const folderNow = await fingerprint(folder);
    if (folderNow.kind === 'absent')
      steps.push({ kind: 'make-folder', path: folder, expect: folderNow, mode: 0o755 });
    steps.push({
      kind: 'write-file',
      path: service.file.path,
      expect: await fingerprint(service.file.path),
      content: service.file.content,
      mode: 0o600, // a proxy's address may carry a password
    });
  }
  return {
    repairId: 'gateway.bind_app',
    summary: 'Send the packaged app through the gateway, and keep the gateway running.',
    steps,
    requiresStopped: 'app',
  };
}

async function requireService({ scope }: BindDeps, service: Service): Promise<void> {
  const [file = '', ...args] = service.probe;
  const ran = await scope.host.run(file, args, { timeoutMs: COMMAND_MS });
  if (ran.kind === 'exited' && ran.code === 0) return;
  const why =
    ran.kind === 'unstartable'
      ? ran.message
      : ran.kind === 'timeout'
        ? 'it does not answer'
        : ran.stderr.trim();
  throw blocked(
    'ERR_BIND_NO_SERVICE',
    `this system has no ${service.kind} for your user now (${why.split('\n')[0]}), so nothing would keep the gateway there for the app`,
    'Start the app from a terminal with `steward run -- app`, which needs no binding.',
  );
}

/** Hands the gateway's place to the service. `null`, or why it did not come up. */
async function enable({ scope, program }: BindDeps, service: Service, port: number): Promise<string | null> {
  const { file } = await ensureGateway(scope, program);
  await askGateway(file, 'POST', '/replace');
  for (const [program, ...args] of service.enable) {
    const ran = await scope.host.run(program as string, args, { timeoutMs: COMMAND_MS });
    if (ran.kind !== 'exited' || ran.code !== 0) {
      const what = [program, ...args].join(' ');
      return `${what}: ${ran.kind === 'exited' ? ran.stderr.trim().split('\n')[0] : ran.kind}`;
    }
  }
  const running = await waitForGateway(scope, program, START_MS);
  if (running === null) return 'no gateway answers';
  return running.file.port === port ? null : `it listens on port ${running.file.port} instead of ${port}`;
}

function reasonOf(outcome: Exclude<ApplyOutcome, { kind: 'repaired' }>): string {
  return outcome.reason;
}

function blocked(code: string, message: string, hint: string): StewardError {
  return new StewardError(code, 'user', message, { hint });
}

/** The user's own `config.toml` of that home. */
export function configPath(codexHome: string): string {
  return join(codexHome, 'config.toml');
}
