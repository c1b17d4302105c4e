/** `steward auth rotation status`: whether sessions rotate, what says so, which gateway runs, and what each account waits for. */
import { accountLabel } from '../../../accounts/account-label.ts';
import { readSettings } from '../../../accounts/store/settings-store.ts';
import type { CodexScope } from '../../../codex/home.ts';
import { EXIT } from '../../../errors.ts';
import { type Binding, readBinding } from '../../../gateway-client/binding.ts';
import { type FoundGateway, findGateway } from '../../../gateway-client/control-client.ts';
import { openAuthSession } from '../../auth-session.ts';
import type { CommandDeps } from '../../main.ts';
import { markersOf } from '../../render/account-markers.ts';
import { renderOutlook } from '../../render/accounts.ts';
import { forecastRows, isoTime } from '../../render/accounts-json.ts';
import { tilde } from '../../render/layout.ts';
import { loadLiveView } from './live-view.ts';

export interface RotationStatusOptions {
  readonly json?: boolean;
}

const OVERRIDE = 'CODEX_MULTI_AUTH_RUNTIME_ROTATION_PROXY';

/** Shows it; reads files and asks a running gateway. Throws `ERR_ACCOUNTS_POOL` for a corrupt pool. */
export async function runRotationStatus(options: RotationStatusOptions, deps: CommandDeps): Promise<number> {
  const session = await openAuthSession(deps, { command: 'rotation status', json: options.json });
  const { scope, terminal } = session;
  const rotation = await readRotation(scope);
  const gateway = await findGateway(scope);
  const binding = await readBinding(scope);
  const { view } = await loadLiveView(scope, terminal, { live: false, overlay: true, model: null });
  const { pool, paths } = view.reading;
  session.answer({
    ...rotation,
    gateway: gatewayToJson(gateway),
    app: appToJson(binding),
    storagePath: paths.poolFile,
    accountCount: pool.accounts.length,
    accounts: forecastRows(view, null),
  });
  session.say(`Rotation: ${word(rotation.enabled)}`);
  session.say(
    `Stored setting: ${rotation.stored === null ? 'none (the default is enabled)' : word(rotation.stored)}`,
  );
  session.say(`Env override: ${rotation.envOverride ?? 'none'}`);
  session.say(`Gateway: ${gatewayWords(gateway)}`);
  session.say(`App: ${appWords(binding)}`);
  session.say(`Storage: ${tilde(paths.poolFile, scope.host.userHome)}`);
  if (paths.projectKey !== null)
    session.say(
      'This folder has a pool of its own, which the gateway does not serve: codex uses the active account',
    );
  session.say(`Accounts: ${pool.accounts.length}`);
  for (const [index, account] of pool.accounts.entries()) {
    const markers = markersOf(view, index).map(({ text, style }) => ` ${terminal.paint(style, `[${text}]`)}`);
    session.say(`${index + 1}. ${accountLabel(account, index)}${markers.join('')}`);
  }
  if (pool.accounts.length > 0 && !session.json) terminal.out(renderOutlook(view, terminal));
  for (const warning of view.loaded.warnings) session.say(`${terminal.paint('yellow', '▲')} ${warning}`);
  return EXIT.ok;
}

async function readRotation(scope: CodexScope) {
  const { settings, sources } = await readSettings(scope);
  const source = sources.get('codexRuntimeRotationProxy') ?? 'default';
  // What the file says stays visible behind a variable.
  const env = { ...scope.host.env, [OVERRIDE]: undefined };
  const below = await readSettings({ ...scope, host: { ...scope.host, env } });
  const isStored = below.sources.get('codexRuntimeRotationProxy') === 'file';
  return {
    enabled: settings.codexRuntimeRotationProxy,
    source,
    stored: isStored ? below.settings.codexRuntimeRotationProxy : null,
    envOverride: source === 'env' ? `${OVERRIDE}=${scope.host.env[OVERRIDE] ?? ''}` : null,
  };
}

/** The gateway's state and counters; no token of it. */
export function gatewayToJson(gateway: FoundGateway) {
  if (gateway.kind !== 'running') return { state: gateway.kind };
  const { pid, port, startedAt, stewardVersion, counters } = gateway.status;
  return { state: 'running', pid, port, startedAt: isoTime(startedAt), stewardVersion, counters };
}

function gatewayWords(gateway: FoundGateway): string {
  switch (gateway.kind) {
    case 'running':
      return `running (process ${gateway.status.pid}, port ${gateway.status.port})`;
    case 'absent':
      return gateway.died
        ? 'not running: it ended without notice; the next session starts it again'
        : 'not running: the next session starts it';
    case 'mute':
      return `does not answer (process ${gateway.pid}): ${gateway.reason}`;
    case 'unreadable':
      return `unknown: ${gateway.path}: ${gateway.reason}`;
  }
}

/** The address has a token in it. */
function appToJson(binding: Binding) {
  if (binding.kind === 'unreadable')
    return { state: binding.kind, path: binding.path, reason: binding.reason };
  if (binding.kind === 'none' || binding.kind === 'rival') return { state: binding.kind };
  return {
    state: binding.kind,
    service: binding.record.service,
    boundAt: isoTime(binding.record.boundAt),
  };
}

function appWords(binding: Binding): string {
  switch (binding.kind) {
    case 'none':
      return 'not bound (steward auth rotation bind-app)';
    case 'bound':
      return `bound; a ${binding.record.service} service keeps the gateway there`;
    case 'half':
      return 'no longer in config.toml, but its service is still there: steward auth rotation unbind-app';
    case 'rival':
      return 'bound to codex-multi-auth: steward auth rotation unbind-app frees it';
    case 'unreadable':
      return `unknown: ${binding.path}: ${binding.reason}`;
  }
}

function word(on: boolean): string {
  return on ? 'enabled' : 'disabled';
}
