/**
 * The one gateway process of a Codex home: holds the lock, serves, writes down where it is, and goes when nobody needs it.
 * It keeps port and token of the one before it, so that sessions that were pointed there go on.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CodexScope } from '../../codex/home.ts';
import { StewardError } from '../../errors.ts';
import { readBindRecord } from '../../gateway-client/bind-record.ts';
import { type GatewayFile, readGatewayFile, writeGatewayFile } from '../../gateway-client/gateway-file.ts';
import { readSessionsAt } from '../../gateway-client/sessions.ts';
import { type LockResult, takeLock } from '../../storage/lock.ts';
import type { GatewayEvent } from '../events.ts';
import { type Gateway, startGateway } from '../gateway.ts';
import type { PoolSource } from '../pool-source.ts';
import { createThreadProjects, type ThreadProjects } from '../thread-projects.ts';
import type { UpstreamBases } from '../upstream-route.ts';
import { createControlRoutes } from './control-routes.ts';
import { startControlServer } from './control-server.ts';
import { createLedgerWriter } from './ledger-writer.ts';
import { openLogFile } from './log-file.ts';
import { createProgramWatch } from './program-watch.ts';

export interface DaemonOptions {
  readonly scope: CodexScope;
  readonly stewardVersion: string;
  /** Without traffic and without a session that points here, it ends after so long; `null`: never. */
  readonly idleMs: number | null;
  /** How often it looks at that, and at its file. Default 15 s. */
  readonly lookEveryMs?: number;
  /** What serves here: when the file is replaced, the new one is started, and takes over where it is of another version. */
  readonly program?: { readonly file: string; startNew(): void };
  /** Waits while another one holds this home, instead of ending: a service manager would start it again at once. */
  readonly waits: boolean;
  /** Asked for once this home is ours. */
  readBases(): Promise<UpstreamBases>;
  /** The pool; closed when the daemon ends. */
  openSource(projects: ThreadProjects): Promise<PoolSource>;
  /** Called once it serves. */
  readonly onReady?: (file: GatewayFile) => void;
}

export type DaemonEnd =
  | { readonly kind: 'held'; readonly pid: number }
  | { readonly kind: 'stopped'; readonly why: 'asked' | 'idle' | 'replaced' | 'signal' };

/** How long streams under way may go on after the daemon was told to stop. */
const DRAIN_MS = { asked: 10_000, signal: 10_000, idle: 0, replaced: 12 * 60 * 60_000 } as const;
const LOOK_EVERY_MS = 15_000;
const ASK_LOCK_EVERY_MS = 400;

/** Runs until it is stopped; returns at once when another one holds this home. */
export async function runDaemon(options: DaemonOptions): Promise<DaemonEnd> {
  const { scope } = options;
  const { host, home } = scope;
  const taken = await takeHome(options);
  if (taken === null) return { kind: 'stopped', why: 'signal' };
  if (taken.kind === 'held') return { kind: 'held', pid: taken.pid };
  const projects = createThreadProjects(scope);
  const [bases, source] = await Promise.all([options.readBases(), options.openSource(projects)]);
  const log = await openLogFile(home.path);
  const onTrouble = (message: string) => log.write({ kind: 'ledger', message });
  const ledger = createLedgerWriter({ scope, projects, onTrouble });
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
  const port = former.kind === 'ok' ? former.value.port : 0;
  const gateway = await listen({ scope, source, bases }, port, sessionToken, onEvent);
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

  const wasReplaced = options.program === undefined ? null : createProgramWatch(options.program.file);
  await wasReplaced?.(); // from now on
  const onAbort = () => stop('signal');
  scope.signal.addEventListener('abort', onAbort, { once: true });
  if (scope.signal.aborted) stop('signal');
  const timer = setInterval(() => {
    look().catch((error: unknown) => log.write({ kind: 'fault', message: String(error) }));
  }, options.lookEveryMs ?? LOOK_EVERY_MS);
  const look = async () => {
    if (await wasReplaced?.()) options.program?.startNew();
    const written = await readGatewayFile(home.path);
    // Somebody cleared our folder: sessions still know the address, new ones have to learn it again.
    if (written.kind === 'missing') await writeGatewayFile(home.path, file);
    if (options.idleMs === null || gateway.counters.active > 0 || gateway.counters.sockets > 0) return;
    if (performance.now() - lastTraffic < options.idleMs || (await isNeeded(scope, file))) return;
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

/** The lock of this home; `null` when a signal came while waiting for it. */
async function takeHome({ scope, waits }: DaemonOptions): Promise<LockResult | null> {
  for (;;) {
    const taken = await takeLock(join(scope.home.path, 'steward', 'gateway.lock'), scope.host.now());
    if (taken.kind === 'taken' || !waits) return taken;
    await sleep(ASK_LOCK_EVERY_MS, undefined, { signal: scope.signal }).catch(() => {}); // told by the signal itself
    if (scope.signal.aborted) return null;
  }
}

/** On the former port where that is free. */
async function listen(
  {
    scope,
    source,
    bases,
  }: { readonly scope: CodexScope; readonly source: PoolSource; readonly bases: UpstreamBases },
  port: number,
  token: string,
  onEvent: (event: GatewayEvent) => void,
): Promise<Gateway> {
  const clients = [{ id: 'session', token }];
  const start = (wanted: number) =>
    startGateway({ scope, accounts: source, bases, clients, port: wanted, onEvent });
  try {
    return await start(port);
  } catch (error) {
    if (port === 0 || !(error instanceof StewardError) || error.code !== 'ERR_GATEWAY_LISTEN') throw error;
    return await start(0);
  }
}

/** A Codex that was started with our address, or an app that is bound to it, would be left with a dead port. */
async function isNeeded(scope: CodexScope, { port, baseUrl }: GatewayFile): Promise<boolean> {
  const bound = await readBindRecord(scope);
  if (bound.kind === 'ok' && bound.value.baseUrl === baseUrl) return true;
  return (await readSessionsAt(scope, port)).length > 0;
}

function randomToken(): string {
  return randomBytes(32).toString('base64url');
}
