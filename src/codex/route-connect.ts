/** The stages below HTTP: name resolution, TCP, a proxy's CONNECT, TLS. */
import { request as httpRequest } from 'node:http';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';
import { messageOf, systemCode } from '../errors.ts';
import type { ProxySetting } from './proxy.ts';
import type { CertificateName, RouteDeps, StageName, StageResult } from './route.ts';

/** Directly, or through that proxy. */
export type RouteWay = { readonly kind: 'direct' } | { readonly kind: 'proxy'; readonly proxy: ProxySetting };

export type OpenedConnection =
  | {
      readonly kind: 'open';
      readonly socket: Socket;
      readonly stages: readonly StageResult[];
      readonly chain: readonly CertificateName[];
    }
  | {
      readonly kind: 'failed';
      readonly stages: readonly StageResult[];
      readonly chain: readonly CertificateName[];
    };

/**
 * A connection on which HTTP for that URL can be spoken. Plain `http:` through a proxy needs no tunnel, except for a
 * WebSocket (`tunnel`), for which Codex asks the proxy to CONNECT in any case (measured with 0.133.0 and 0.169.0).
 */
export async function openConnection(
  url: URL,
  way: RouteWay,
  deps: RouteDeps,
  mode: 'request' | 'tunnel' = 'request',
): Promise<OpenedConnection> {
  const stages: StageResult[] = [];
  let chain: readonly CertificateName[] = [];
  let socket: Socket | null = null;
  const secure = url.protocol === 'https:' || url.protocol === 'wss:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  const first = way.kind === 'proxy' ? { host: way.proxy.host, port: way.proxy.port } : { host, port };
  try {
    const addresses = await timed('dns', stages, deps, () => resolve(first.host, deps));
    socket = await timed('tcp', stages, deps, (signal) => connectTcp(addresses, first.port, signal));
    if (way.kind === 'proxy') {
      const { proxy } = way;
      const plain: Socket = socket;
      socket = await timed('proxy', stages, deps, async (signal) => {
        const talker =
          proxy.scheme === 'https' ? (await startTls(plain, proxy.host, deps, signal)).socket : plain;
        return secure || mode === 'tunnel' ? tunnel(talker, proxy, host, port, signal) : talker;
      });
    }
    if (secure) {
      const below: Socket = socket;
      const secured = await timed('tls', stages, deps, async (signal) => {
        try {
          return await startTls(below, host, deps, signal);
        } catch (error) {
          if (error instanceof UntrustedPeer) chain = error.chain;
          throw error;
        }
      });
      socket = secured.socket;
      chain = secured.chain;
    }
    return { kind: 'open', socket, stages, chain };
  } catch (error) {
    socket?.destroy();
    if (stages.at(-1)?.kind !== 'failed') throw error; // not of a stage: our own mistake
    return { kind: 'failed', stages, chain };
  }
}

/** Runs one stage under its deadline and writes down how it went; rethrows what it threw. */
export async function timed<T>(
  stage: StageName,
  stages: StageResult[],
  deps: Pick<RouteDeps, 'signal' | 'stageTimeoutMs'>,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const started = performance.now();
  // Ends with its stage: the sockets that a stage made live on in the next one.
  const deadline = new AbortController();
  let late = false;
  const stop = () => deadline.abort();
  const timer = setTimeout(() => {
    late = true;
    stop();
  }, deps.stageTimeoutMs);
  deps.signal.addEventListener('abort', stop, { once: true });
  if (deps.signal.aborted) stop();
  const ms = () => Math.round(performance.now() - started);
  try {
    const value = await Promise.race([work(deadline.signal), rejectOn(deadline.signal)]);
    stages.push({ stage, kind: 'ok', ms: ms(), detail: describe(value) });
    return value;
  } catch (error) {
    stages.push({
      stage,
      kind: 'failed',
      ms: ms(),
      code: late ? 'TIMEOUT' : deps.signal.aborted ? 'ABORTED' : (systemCode(error) ?? 'EUNKNOWN'),
      message: late ? `no answer within ${deps.stageTimeoutMs / 1000} s` : messageOf(error),
    });
    throw error;
  } finally {
    clearTimeout(timer);
    deps.signal.removeEventListener('abort', stop);
  }
}

function rejectOn(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = () => reject(failure('ABORTED', 'stopped'));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

function describe(value: unknown): string {
  return Array.isArray(value)
    ? value.map((entry) => String(Reflect.get(Object(entry), 'address'))).join(', ')
    : '';
}

async function resolve(host: string, deps: RouteDeps) {
  if (isIP(host) !== 0) return [{ address: host, family: isIP(host) }];
  const addresses = await deps.lookup(host);
  if (addresses.length === 0) throw failure('ENOTFOUND', `no address for ${host}`);
  return addresses;
}

/** The first address that answers. They are tried in the resolver's order, each for a share of the deadline. */
async function connectTcp(
  addresses: readonly { readonly address: string; readonly family: number }[],
  port: number,
  signal: AbortSignal,
): Promise<Socket> {
  let last: unknown = failure('ENOTFOUND', 'no address');
  for (const [index, { address }] of addresses.slice(0, 4).entries()) {
    try {
      return await connectOne(address, port, signal, index < addresses.length - 1 ? 1500 : 60_000);
    } catch (error) {
      last = error;
      if (signal.aborted) break;
    }
  }
  throw last;
}

function connectOne(host: string, port: number, signal: AbortSignal, timeoutMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (port < 1 || port > 65_535) return reject(failure('ERR_PORT', `${port} is no port`));
    const socket = connect({ host, port, signal });
    const timer = setTimeout(
      () => socket.destroy(failure('ETIMEDOUT', `${host} does not answer`)),
      timeoutMs,
    );
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.on('error', () => {}); // whoever uses the socket next hears of it through its own request
      resolve(socket);
    });
    socket.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}

/** Asks the proxy for a tunnel, in HTTP: that is how Codex speaks to any proxy, a `socks5://` one included. */
function tunnel(
  socket: Socket,
  proxy: ProxySetting,
  host: string,
  port: number,
  signal: AbortSignal,
): Promise<Socket> {
  const target = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      method: 'CONNECT',
      path: target,
      headers: {
        host: target,
        ...(proxy.authorization === null ? {} : { 'proxy-authorization': proxy.authorization }),
      },
      createConnection: () => socket,
      signal,
    });
    request.once('connect', (response, tunnelled: Socket, head: Buffer) => {
      if (response.statusCode === 200) {
        if (head.length > 0) tunnelled.unshift(head);
        return resolve(tunnelled);
      }
      tunnelled.destroy();
      const status = `${response.statusCode} ${response.statusMessage ?? ''}`.trim();
      reject(failure(`HTTP_${response.statusCode}`, `the proxy answered ${status} to CONNECT ${target}`));
    });
    request.once('error', (error) =>
      reject(failure(systemCode(error) ?? 'EPROXY', `the proxy: ${messageOf(error)}`)),
    );
    request.end();
  });
}

/** A certificate that no known authority vouches for, with the names in its chain. */
class UntrustedPeer extends Error {
  readonly code: string;
  readonly chain: readonly CertificateName[];

  constructor(code: string, message: string, chain: readonly CertificateName[]) {
    super(message);
    this.code = code;
    this.chain = chain;
  }
}

async function startTls(
  socket: Socket,
  host: string,
  deps: RouteDeps,
  signal: AbortSignal,
): Promise<{ readonly socket: TLSSocket; readonly chain: readonly CertificateName[] }> {
  const { secureContext } = await deps.roots();
  return new Promise((resolve, reject) => {
    const secured = connectTls({
      socket,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      host,
      secureContext,
      ALPNProtocols: ['http/1.1'],
      // The handshake may end so that we can name who stands in the way; below it is judged as always, and a connection
      // that is not trusted is closed before a byte of ours is sent.
      rejectUnauthorized: false,
    });
    const stop = () => secured.destroy();
    signal.addEventListener('abort', stop, { once: true });
    secured.once('secureConnect', () => {
      signal.removeEventListener('abort', stop);
      const chain = chainOf(secured.getPeerCertificate(true));
      if (secured.authorized) {
        secured.on('error', () => {}); // as above
        return resolve({ socket: secured, chain });
      }
      secured.destroy();
      const reason: unknown = secured.authorizationError;
      const code = typeof reason === 'string' ? reason : (systemCode(reason) ?? 'UNTRUSTED');
      reject(new UntrustedPeer(code, messageOf(reason), chain));
    });
    secured.once('error', reject);
  });
}

function chainOf(leaf: DetailedPeerCertificate): readonly CertificateName[] {
  const chain: CertificateName[] = [];
  const seen = new Set<string>();
  let certificate: Partial<DetailedPeerCertificate> | undefined = leaf; // Node's type hides that the end has no issuer
  while (certificate?.fingerprint256 !== undefined && !seen.has(certificate.fingerprint256)) {
    seen.add(certificate.fingerprint256);
    chain.push({ subject: nameOf(certificate.subject), issuer: nameOf(certificate.issuer) });
    certificate = certificate.issuerCertificate;
  }
  return chain;
}

/** Common name and organisation: enough to tell who it is. */
function nameOf(name: DetailedPeerCertificate['subject'] | undefined): string {
  const parts = [name?.CN, name?.O].flatMap((part) => part ?? []).filter((part) => part !== '');
  return parts.length === 0 ? 'without a name' : [...new Set(parts)].join(', ');
}

/** An error with a code, as the system's own have one. */
export function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
