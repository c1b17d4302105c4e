/**
 * The one gateway process of a Codex home: holds the lock, serves, writes down where it is, and goes when nobody needs it.
 * It keeps port and token of the one before it, so that sessions that were pointed there go on.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { CodexScope } from '../../codex/home.ts';
import { processesOfHome, readCodexProcesses } from '../../codex/processes.ts';
import { StewardError } from '../../errors.ts';
import { type GatewayFile, readGatewayFile, writeGatewayFile } from '../../gateway-client/gateway-file.ts';
import { takeLock } from '../../storage/lock.ts';
import type { GatewayEvent } from '../events.ts';
import { type Gateway, startGateway } from '../gateway.ts';
import type { PoolSource } from '../pool-source.ts';
import type { UpstreamBases } from '../upstream-route.ts';
import { createControlRoutes } from './control-routes.ts';
import { startControlServer } from './control-server.ts';
import { createLedgerWriter } from './ledger-writer.ts';
import { openLogFile } from './log-file.ts';

export interface DaemonOptions {
  readonly scope: CodexScope;
  readonly stewardVersion: string;
  /** Without traffic and without a session that points here, it ends after so long; `null`: never. */
  readonly idleMs: number | null;
  readonly bases: UpstreamBases;
  /** The pool; `close` when the daemon ends. */
  readonly source: PoolSource;
  /** Called once it serves. */
  readonly onReady?: (file: GatewayFile) => void;
}

export type DaemonEnd =
  | { readonly kind: 'held'; readonly pid: number }
  | { readonly kind: 'stopped'; readonly why: 'asked' | 'idle' | 'replaced' | 'signal' };

/** How long streams under way may go on after the daemon was told to stop. */
const DRAIN_MS = { asked: 10_000, signal: 10_000, idle: 0, replaced: 12 * 60 * 60_000 } as const;
const LOOK_EVERY_MS = 15_000;

/** Runs until it is stopped; returns at once when another one holds this home. */
export async function runDaemon(options: DaemonOptions): Promise<DaemonEnd> {
  const { scope, source } = options;
  const { host, home } = scope;
  const taken = await takeLock(join(home.path, 'steward', 'gateway.lock'), host.now());
  if (taken.kind === 'held') {
    await source.close();
    return { kind: 'held', pid: taken.pid };
  }
  const log = await openLogFile(home.path);
  const ledger = createLedgerWriter(scope, (message) => log.write({ kind: 'ledger', message }));
  let lastTraffic = performance.now();
  const recent: GatewayEvent[] = [];
  const onEvent = (event: GatewayEvent) => {
    lastTraffic = performance.now();
    recent.push(event);
    if (recent.length > 200) recent.shift();
    log.write({ ...event });
    if (event.kind === 'request') ledger.add(event);
  };

  const former = await readGatewayFile(home.path);
  const sessionToken = former.kind === 'ok' ? former.value.sessionToken : randomToken();
  const gateway = await listen(options, former.kind === 'ok' ? former.value.port : 0, sessionToken, onEvent);
  let stop: (why: Exclude<DaemonEnd, { kind: 'held' }>['why']) => void = () => {};
  const ended = new Promise<Exclude<DaemonEnd, { kind: 'held' }>['why']>((resolve) => {
    stop = resolve;
  });
  const startedAt = host.now();
  const controlToken = randomToken();
  const control = await startControlServer(
    controlToken,
    createControlRoutes({
      gateway,
      view: source,
      recent,
      stewardVersion: options.stewardVersion,
      startedAt,
      stop: (why) => stop(why),
    }),
  );
  const file: GatewayFile = {
    version: 1,
    pid: process.pid,
    port: gateway.address.port,
    baseUrl: gateway.address.baseUrl(sessionToken),
    sessionToken,
    controlUrl: control.url,
    controlToken,
    startedAt,
    stewardVersion: options.stewardVersion,
  };
  await writeGatewayFile(home.path, file);
  log.write({ kind: 'started', pid: process.pid, port: file.port, version: file.stewardVersion });
  options.onReady?.(file);

  const onAbort = () => stop('signal');
  scope.signal.addEventListener('abort', onAbort, { once: true });
  if (scope.signal.aborted) stop('signal');
  const timer = setInterval(() => {
    look().catch((error: unknown) => log.write({ kind: 'fault', message: String(error) }));
  }, LOOK_EVERY_MS);
  const look = async () => {
    const written = await readGatewayFile(home.path);
    // Somebody cleared our folder: sessions still know the address, new ones have to learn it again.
    if (written.kind === 'missing') await writeGatewayFile(home.path, file);
    if (options.idleMs === null || gateway.counters.active > 0 || gateway.counters.sockets > 0) return;
    if (performance.now() - lastTraffic < options.idleMs || (await hasSession(scope, file.port))) return;
    stop('idle');
  };

  const why = await ended;
  clearInterval(timer);
  scope.signal.removeEventListener('abort', onAbort);
  log.write({ kind: 'stopping', why });
  if (why === 'replaced') {
    // The next one takes port and lock while our streams run to their end.
    const drained = gateway.stop(DRAIN_MS.replaced);
    await control.stop();
    await taken.lock.release();
    await drained;
  } else {
    await gateway.stop(DRAIN_MS[why]);
    await control.stop();
    const { pid: _gone, ...rest } = file;
    await writeGatewayFile(home.path, rest);
  }
  await ledger.close();
  await source.close();
  log.write({ kind: 'stopped', why });
  await log.close();
  if (why !== 'replaced') await taken.lock.release();
  return { kind: 'stopped', why };
}

/** On the former port where that is free. */
async function listen(
  { scope, source, bases }: DaemonOptions,
  port: number,
  token: string,
  onEvent: (event: GatewayEvent) => void,
): Promise<Gateway> {
  const clients = [{ id: 'session', token, onlyAccount: null }];
  const start = (wanted: number) =>
    startGateway({ scope, accounts: source, bases, clients, port: wanted, onEvent });
  try {
    return await start(port);
  } catch (error) {
    if (port === 0 || !(error instanceof StewardError) || error.code !== 'ERR_GATEWAY_LISTEN') throw error;
    return await start(0);
  }
}

/** A Codex that was started with our address would be left with a dead port. */
async function hasSession(scope: CodexScope, port: number): Promise<boolean> {
  const processes = processesOfHome(await readCodexProcesses(scope), scope.home.path);
  return processes.some(({ command }) => command.includes(`127.0.0.1:${port}/`));
}

function randomToken(): string {
  return randomBytes(32).toString('base64url');
}
