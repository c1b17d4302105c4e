/** `steward gateway start|stop|status|logs|serve`: the one gateway process of this Codex home. */
import { spawn } from 'node:child_process';
import { type CodexScope, resolveCodexHome } from '../../codex/home.ts';
import { readText } from '../../codex/reading.ts';
import { EXIT, messageOf, StewardError } from '../../errors.ts';
import { followBinding } from '../../gateway/bind/follow-binding.ts';
import { runDaemon } from '../../gateway/daemon/daemon.ts';
import { START_AGAIN } from '../../gateway/daemon/guard.ts';
import { gatewayLogPath, writeLastWords } from '../../gateway/daemon/log-file.ts';
import { ensureGateway, stopGateway } from '../../gateway/daemon/start-daemon.ts';
import { openPoolSource } from '../../gateway/pool-source.ts';
import { isRotationWanted } from '../../gateway/rotation-wanted.ts';
import { readUpstreamBases } from '../../gateway/upstream-bases.ts';
import { readBinding } from '../../gateway-client/binding.ts';
import { findGateway, type GatewayStatus } from '../../gateway-client/control-client.ts';
import { createHost } from '../../host.ts';
import { openJournal } from '../journal.ts';
import type { CommandDeps } from '../main.ts';
import { ownProgram } from '../own-program.ts';
import { redacted } from '../render/redacted.ts';
import { tellRotationNotice } from '../rotation-notice.ts';

export interface GatewayOptions {
  readonly json?: boolean;
}

export interface GatewayStartOptions extends GatewayOptions {
  /** For the shim: start only where rotation is wanted, say nothing but the first-time notice and errors. */
  readonly quiet?: boolean;
}

export interface GatewayLogsOptions {
  readonly lines: number;
  readonly follow?: boolean;
}

export interface GatewayServeOptions {
  /** Minutes; 0 for ever. */
  readonly idle: number;
  /** For a service: waits while another one serves this home. */
  readonly wait?: boolean;
}

const FOLLOW_EVERY_MS = 500;

/** Starts it, or finds it running. Throws `ERR_GATEWAY_START`. */
export async function runGatewayStart(options: GatewayStartOptions, deps: CommandDeps): Promise<number> {
  const scope = openScope(deps);
  if (options.quiet) {
    const wanted = await isRotationWanted(scope);
    if (wanted.kind === 'not-wanted') return EXIT.ok;
    await tellRotationNotice(scope, deps.terminal);
  }
  const { file, how } = await ensureGateway(scope, ownProgram());
  if (options.quiet) return EXIT.ok;
  const { pid, port, startedAt } = file;
  if (options.json) return print(deps, { command: 'gateway start', how, pid, port, startedAt });
  const word = {
    'was-running': 'runs already',
    started: 'started',
    replaced: 'replaced the one of another version',
  }[how];
  deps.terminal.out(`${deps.terminal.paint('green', '✔')} gateway ${word}: pid ${pid}, 127.0.0.1:${port}\n`);
  const wanted = await isRotationWanted(scope);
  if (wanted.kind === 'not-wanted' && wanted.why === 'off')
    next(deps, 'rotation is switched off, so no session uses it: steward auth rotation enable');
  else next(deps, 'steward run -- …, or the shim: steward shim install');
  return EXIT.ok;
}

/** Stops it; streams under way get ten seconds. */
export async function runGatewayStop(options: GatewayOptions, deps: CommandDeps): Promise<number> {
  const scope = openScope(deps);
  const outcome = await stopGateway(scope);
  if (options.json) return print(deps, { command: 'gateway stop', outcome });
  deps.terminal.out(
    outcome === 'stopped'
      ? `${deps.terminal.paint('green', '✔')} gateway stopped\n`
      : `${deps.terminal.paint('dim', '·')} no gateway runs here\n`,
  );
  if ((await readBinding(scope)).kind === 'bound')
    next(deps, 'the app is bound to it, so its service starts it again: steward auth rotation unbind-app');
  return EXIT.ok;
}

/** What the running gateway says of itself; 1 when its process is there and does not answer. */
export async function runGatewayStatus(options: GatewayOptions, deps: CommandDeps): Promise<number> {
  const found = await findGateway(openScope(deps));
  const isTrouble = found.kind === 'mute' || found.kind === 'unreadable';
  if (options.json) {
    const status = found.kind === 'running' ? found.status : null;
    print(deps, {
      command: 'gateway status',
      state: found.kind,
      ...('reason' in found ? { reason: found.reason } : {}),
      status,
    });
    return isTrouble ? EXIT.problems : EXIT.ok;
  }
  const { terminal } = deps;
  if (found.kind === 'running') terminal.out(renderStatus(found.status, deps));
  else if (found.kind === 'absent') {
    terminal.out(
      `${terminal.paint('dim', '·')} no gateway runs here${found.died ? '; the last one died' : ''}\n`,
    );
    next(
      deps,
      found.died
        ? 'steward gateway logs'
        : 'it starts by itself with the next codex, or: steward gateway start',
    );
  } else {
    terminal.out(
      `${terminal.paint('red', '✖')} ${found.kind === 'mute' ? `process ${found.pid} holds the gateway: ${found.reason}` : `${found.path}: ${found.reason}`}\n`,
    );
    next(
      deps,
      found.kind === 'mute' ? `end it: kill ${found.pid}` : 'remove that file, then: steward gateway start',
    );
  }
  return isTrouble ? EXIT.problems : EXIT.ok;
}

/** The end of its log, and with `--follow` what comes. */
export async function runGatewayLogs(options: GatewayLogsOptions, deps: CommandDeps): Promise<number> {
  const path = gatewayLogPath(openScope(deps).home.path);
  const read = async (): Promise<readonly string[]> => {
    const reading = await readText(path, 16 * 1024 * 1024);
    if (reading.kind === 'missing') return [];
    if (reading.kind !== 'ok')
      throw new StewardError('ERR_GATEWAY_LOG', 'environment', `${path}: ${reading.message}`, {
        hint: 'ls -l that file',
      });
    return reading.value.split('\n').slice(0, -1);
  };
  const lines = await read();
  for (const line of lines.slice(-options.lines)) deps.terminal.out(`${line}\n`);
  let shown = lines.length;
  while (options.follow && !deps.signal.aborted) {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, FOLLOW_EVERY_MS);
      const onAbort = () => {
        clearTimeout(timer);
        resolve();
      };
      deps.signal.addEventListener('abort', onAbort, { once: true });
    });
    const now = await read();
    if (now.length < shown) shown = 0; // it began a new file
    for (const line of now.slice(shown)) deps.terminal.out(`${line}\n`);
    shown = now.length;
  }
  return options.follow ? EXIT.interrupted : EXIT.ok;
}

/** The process itself; started by the others, or by a service. */
export async function runGatewayServe(options: GatewayServeOptions, deps: CommandDeps): Promise<number> {
  const scope = openScope(deps);
  const { node, steward, stewardVersion } = ownProgram();
  const end = await runDaemon({
    scope,
    stewardVersion,
    program: {
      file: steward,
      startNew: () => {
        const child = spawn(node, [steward, 'gateway', 'start', '--quiet'], {
          detached: true,
          stdio: 'ignore',
        });
        child.on('error', () => {}); // Node itself is being replaced; the next session starts the new one
        child.unref();
      },
    },
    idleMs: options.idle === 0 ? null : options.idle * 60_000,
    waits: options.wait === true,
    readBases: () => readUpstreamBases(scope),
    openSource: (projects) => openPoolSource(scope, { projects }),
    onReady: (file) => {
      // What is broken now may be broken in any request's way: a new process serves the sessions from the same address.
      process.once('uncaughtException', (error) => {
        writeLastWords(scope.home.path, error);
        process.exit(START_AGAIN);
      });
      // Whoever started us waits for this one line and then closes the pipe.
      deps.terminal.out(`${JSON.stringify({ kind: 'ready', pid: file.pid, port: file.port })}\n`);
      followBinding({ scope, journal: openJournal(scope) }, file.baseUrl).then(
        (complaint) => complaint !== null && deps.terminal.err(`${complaint}\n`),
        (error: unknown) => deps.terminal.err(`the app's binding: ${messageOf(error)}\n`),
      );
    },
  });
  if (end.kind === 'held') deps.terminal.out(`${JSON.stringify(end)}\n`);
  return EXIT.ok;
}

function renderStatus(status: GatewayStatus, { terminal }: CommandDeps): string {
  const minutes = Math.round((Date.now() - status.startedAt) / 60_000);
  const { counters } = status;
  const lines = [
    `${terminal.paint('green', '✔')} gateway runs: pid ${status.pid}, 127.0.0.1:${status.port}, for ${minutes} min, ${Math.round(status.memoryBytes / 1024 / 1024)} MB`,
    `  requests   ${counters.requests ?? 0}, ${counters.active ?? 0} under way, ${counters.failovers ?? 0} answered by another account than the first, ${counters.exhausted ?? 0} by none`,
    ...status.accounts.map((account) => {
      const mark = account.isAvailable ? terminal.paint('green', '●') : terminal.paint('yellow', '○');
      const until =
        account.untilMs === null ? '' : ` until ${new Date(account.untilMs).toLocaleTimeString()}`;
      return `  ${mark} ${account.label}${account.isAvailable ? '' : ` · ${account.reason ?? 'not available'}${until}`}${account.inFlight > 0 ? ` · ${account.inFlight} under way` : ''}`;
    }),
  ];
  return `${lines.join('\n')}\n`;
}

function print(deps: CommandDeps, payload: Readonly<Record<string, unknown>>): number {
  deps.terminal.out(`${JSON.stringify(redacted({ schemaVersion: 1, ...payload }), null, 2)}\n`);
  return EXIT.ok;
}

function next({ terminal }: CommandDeps, text: string): void {
  terminal.out(`  ${terminal.paint('cyan', '→')} ${text}\n`);
}

function openScope({ signal }: CommandDeps): CodexScope {
  const host = createHost();
  return { host, home: resolveCodexHome(host), signal };
}
