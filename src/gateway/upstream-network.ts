/**
 * The way out: the same proxy and the same authorities as the Codex process of this home would use, for HTTP and WebSocket
 * alike. Connections are kept; nothing is followed, nothing is timed out once it is open.
 */
import { lookup } from 'node:dns/promises';
import type { Socket } from 'node:net';
import { Agent, type buildConnector, type Dispatcher } from 'undici';
import type { CodexScope } from '../codex/home.ts';
import { type NetworkEnvironment, readNetworkEnvironment } from '../codex/network-env.ts';
import { proxyFor } from '../codex/proxy.ts';
import { openConnection, type RouteWay } from '../codex/route-connect.ts';
import { readTrustedRoots, type TrustedRoots } from '../codex/route-trust.ts';
import { readCaSettings } from '../codex/tls-ca.ts';
import { messageOf } from '../errors.ts';

/** For a name, TCP, a proxy's tunnel and TLS each; a stream that is open has no limit but its client's. */
const CONNECT_TIMEOUT_MS = 15_000;
const IDLE_CONNECTION_MS = 60_000;

export interface UpstreamNetwork {
  /** The dispatcher for that origin (`https://chatgpt.com`). */
  dispatcher(origin: string): Dispatcher;
  /** A connection on which a WebSocket handshake can be spoken. */
  connect(url: URL, signal: AbortSignal): Promise<Socket>;
  close(): Promise<void>;
}

/** Reads the home's proxy and CA settings once. Never fails: a bad setting shows at the first connection. */
export async function openUpstreamNetwork(scope: CodexScope): Promise<UpstreamNetwork> {
  const [env, settings] = await Promise.all([readNetworkEnvironment(scope), readCaSettings(scope)]);
  let roots: Promise<TrustedRoots> | null = null;
  const readRoots = () => {
    roots ??= readTrustedRoots(scope.host, settings);
    return roots;
  };
  const open = async (url: URL, signal: AbortSignal): Promise<Socket> => {
    const opened = await openConnection(
      url,
      wayTo(url, env),
      {
        lookup: (host) => lookup(host, { all: true, verbatim: true }),
        roots: readRoots,
        stageTimeoutMs: CONNECT_TIMEOUT_MS,
        signal,
      },
      'tunnel',
    );
    if (opened.kind === 'open') return opened.socket;
    const stage = opened.stages.at(-1);
    throw Object.assign(new Error(stage?.kind === 'failed' ? `${stage.stage}: ${stage.message}` : 'no way'), {
      code: stage?.kind === 'failed' ? stage.code : 'ECONNREFUSED',
    });
  };

  const dispatchers = new Map<string, Dispatcher>();
  const dispatcher = (origin: string) => {
    const known = dispatchers.get(origin);
    if (known !== undefined) return known;
    const made = createAgent(new URL(origin), env, open);
    dispatchers.set(origin, made);
    return made;
  };
  return {
    dispatcher,
    connect: open,
    close: async () => {
      await Promise.all([...dispatchers.values()].map((agent) => agent.destroy()));
    },
  };
}

function createAgent(
  origin: URL,
  env: NetworkEnvironment,
  open: (url: URL, signal: AbortSignal) => Promise<Socket>,
): Agent {
  // Plain HTTP without a proxy is a local upstream: nothing to trust, no tunnel.
  const isPlain = origin.protocol === 'http:' && wayTo(origin, env).kind === 'direct';
  return new Agent({
    connect: isPlain ? { timeout: CONNECT_TIMEOUT_MS } : connectorOver(open),
    pipelining: 1,
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: IDLE_CONNECTION_MS,
    keepAliveMaxTimeout: IDLE_CONNECTION_MS * 5,
    maxHeaderSize: 128 * 1024,
  });
}

function connectorOver(open: (url: URL, signal: AbortSignal) => Promise<Socket>): buildConnector.connector {
  return (options, callback) => {
    const port = options.port === '' ? '' : `:${options.port}`;
    open(new URL(`${options.protocol}//${options.hostname}${port}`), new AbortController().signal).then(
      (socket) => {
        socket.setNoDelay(true);
        socket.setKeepAlive(true, IDLE_CONNECTION_MS); // a laptop that slept, a NAT that forgot
        callback(null, socket);
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error(messageOf(error)), null),
    );
  };
}

/** A setting that is no proxy is skipped, as Codex does; the doctor tells of it. */
function wayTo(url: URL, env: NetworkEnvironment): RouteWay {
  const choice = proxyFor(url, env);
  return choice.kind === 'proxy' ? { kind: 'proxy', proxy: choice.proxy } : { kind: 'direct' };
}
