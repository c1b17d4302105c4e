import { createServer as createHttp, type Server } from 'node:http';
import { createServer as createHttps } from 'node:https';
import {
  type AddressInfo,
  connect,
  createServer as createTcp,
  type Socket,
  type Server as TcpServer,
} from 'node:net';
import { rootCertificates } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { makeAuthority, makeServerCertificate } from '../../test/support/certificates.ts';
import { type ProxySetting, parseProxy } from './proxy.ts';
import { type RouteDeps, type RouteReport, walkRoute } from './route.ts';
import { trust } from './route-trust.ts';

const corporate = makeAuthority('Example Corp Inspection CA');
const leaf = makeServerCertificate(['backend.example'], corporate);
const TRUSTED = trust([corporate.certificate]);

const open: (Server | TcpServer)[] = [];
const connections = new Set<Socket>();
afterEach(async () => {
  for (const socket of connections) socket.destroy();
  connections.clear();
  for (const server of open.splice(0)) await new Promise((resolve) => server.close(resolve));
});

async function listen(server: Server | TcpServer): Promise<number> {
  open.push(server);
  server.on('connection', (socket: Socket) => connections.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

interface BackendOptions {
  readonly status?: number;
  readonly body?: string;
  readonly upgrade?: 'accept' | 'refuse' | 'cut';
  readonly headers?: Record<string, string>;
}

/** A TLS backend of that certificate; remembers what it was sent. */
async function backend(options: BackendOptions = {}) {
  const seen: { method: string; url: string; headers: Record<string, unknown> }[] = [];
  const server = createHttps({ cert: leaf.certificate, key: leaf.privateKey }, (request, response) => {
    seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers });
    response.writeHead(options.status ?? 401, options.headers);
    response.end(options.body ?? '{"detail":"Unauthorized"}');
  });
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    seen.push({ method: 'UPGRADE', url: request.url ?? '', headers: request.headers });
    if (options.upgrade === 'cut') socket.destroy();
    else if (options.upgrade === 'accept') sockets.handleUpgrade(request, socket, head, () => {});
    else socket.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\n\r\n{}');
  });
  return { port: await listen(server), seen };
}

/** A real CONNECT proxy that sends every name to this machine. */
async function connectProxy(answer: 'tunnel' | 407 = 'tunnel') {
  const asked: { target: string; authorization: string | undefined }[] = [];
  const server = createHttp();
  server.on('connect', (request, socket) => {
    asked.push({ target: request.url ?? '', authorization: request.headers['proxy-authorization'] });
    if (answer === 407) return socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    const port = Number((request.url ?? '').split(':').pop());
    const upstream = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on('error', () => socket.destroy());
    socket.on('error', () => upstream.destroy());
  });
  return { port: await listen(server), asked };
}

function deps(overrides: Partial<RouteDeps> = {}): RouteDeps {
  return {
    lookup: async () => [{ address: '127.0.0.1', family: 4 }],
    roots: async () => ({ secureContext: TRUSTED, sources: ['test'], systemSeen: true }),
    stageTimeoutMs: 2000,
    signal: new AbortController().signal,
    ...overrides,
  };
}

function endpoint(port: number) {
  return {
    name: 'model traffic',
    url: new URL(`https://backend.example:${port}/v1/models`),
    webSocketUrl: new URL(`https://backend.example:${port}/v1/responses`),
  };
}

function viaProxy(text: string): { kind: 'proxy'; proxy: ProxySetting } {
  const proxy = parseProxy(text);
  if ('reason' in proxy) throw new Error(proxy.reason);
  return { kind: 'proxy', proxy };
}

const outline = (report: RouteReport) =>
  report.stages.map((stage) => `${stage.stage} ${stage.kind === 'ok' ? 'ok' : stage.code}`);

describe('walkRoute', () => {
  it('walks name, connection, TLS, HTTPS and WebSocket directly, and sends no credentials', async () => {
    const server = await backend({ upgrade: 'accept' });
    const report = await walkRoute(endpoint(server.port), { kind: 'direct' }, deps());
    expect(outline(report)).toEqual(['dns ok', 'tcp ok', 'tls ok', 'https ok', 'websocket ok']);
    expect(report.answer).toMatchObject({ status: 401, body: '{"detail":"Unauthorized"}' });
    expect(report.webSocketAnswer).toBeNull();
    expect(report.chain[0]).toEqual({ subject: 'backend.example', issuer: 'Example Corp Inspection CA' });
    expect(server.seen.map(({ method, url }) => `${method} ${url}`).sort()).toEqual([
      'GET /v1/models',
      'UPGRADE /v1/responses',
    ]);
    for (const { headers } of server.seen) {
      expect(headers.authorization).toBeUndefined();
      expect(headers.cookie).toBeUndefined();
    }
  });

  it('takes the CONNECT way through a proxy, with the credentials of its URL, for both transports', async () => {
    const server = await backend();
    const proxy = await connectProxy();
    const way = viaProxy(`http://ada:se%40cret@localhost:${proxy.port}`);
    const report = await walkRoute(endpoint(server.port), way, deps());
    expect(outline(report)).toEqual(['dns ok', 'tcp ok', 'proxy ok', 'tls ok', 'https ok', 'websocket ok']);
    expect(report.webSocketAnswer?.status).toBe(401);
    expect(proxy.asked).toEqual(
      Array(2).fill({
        target: `backend.example:${server.port}`,
        authorization: `Basic ${Buffer.from('ada:se@cret').toString('base64')}`,
      }),
    );
    expect(JSON.stringify(report.stages)).not.toContain('cret');
  });

  it('speaks HTTP to a socks5 proxy, as Codex does, and so fails where only SOCKS is understood', async () => {
    const heard: string[] = [];
    const socks = createTcp((socket) => {
      socket.on('error', () => {});
      socket.once('data', (bytes) => {
        heard.push(bytes.toString('latin1').split('\r\n')[0] ?? '');
        socket.destroy();
      });
    });
    const report = await walkRoute(
      endpoint(443),
      viaProxy(`socks5://127.0.0.1:${await listen(socks)}`),
      deps(),
    );
    expect(outline(report)).toEqual(['dns ok', 'tcp ok', 'proxy ECONNRESET']);
    expect(heard[0]).toBe('CONNECT backend.example:443 HTTP/1.1');
  });

  it('names the status of a proxy that refuses', async () => {
    const proxy = await connectProxy(407);
    const report = await walkRoute(endpoint(443), viaProxy(`http://127.0.0.1:${proxy.port}`), deps());
    expect(report.stages.at(-1)).toMatchObject({ stage: 'proxy', kind: 'failed', code: 'HTTP_407' });
    expect(report.stages.at(-1)).toMatchObject({ message: expect.stringContaining('407') });
  });

  it('stops before HTTP when nobody vouches for the certificate, and names who issued it', async () => {
    const server = await backend();
    const roots = async () => ({ secureContext: trust(rootCertificates), sources: [], systemSeen: true });
    const report = await walkRoute(endpoint(server.port), { kind: 'direct' }, deps({ roots }));
    expect(outline(report)).toEqual(['dns ok', 'tcp ok', 'tls UNABLE_TO_VERIFY_LEAF_SIGNATURE']);
    expect(report.chain).toEqual([{ subject: 'backend.example', issuer: 'Example Corp Inspection CA' }]);
    expect(server.seen).toEqual([]);
  });

  it('refuses a certificate for another name', async () => {
    const server = await backend();
    const other = {
      ...endpoint(server.port),
      url: new URL(`https://other.example:${server.port}/`),
      webSocketUrl: null,
    };
    const report = await walkRoute(other, { kind: 'direct' }, deps());
    expect(report.stages.at(-1)).toMatchObject({ stage: 'tls', code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    expect(server.seen).toEqual([]);
  });

  it('stops at a name that does not resolve', async () => {
    const lookup = async () => {
      throw Object.assign(new Error('getaddrinfo ENOTFOUND backend.example'), { code: 'ENOTFOUND' });
    };
    const report = await walkRoute(endpoint(443), { kind: 'direct' }, deps({ lookup }));
    expect(outline(report)).toEqual(['dns ENOTFOUND']);
  });

  it('stops at a closed port, after trying each address', async () => {
    const server = createTcp();
    const port = await listen(server);
    await new Promise((resolve) => server.close(resolve));
    open.pop();
    const lookup = async () => [
      { address: '127.0.0.2', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ];
    const report = await walkRoute(endpoint(port), { kind: 'direct' }, deps({ lookup }));
    expect(outline(report)).toEqual(['dns ok', 'tcp ECONNREFUSED']);
  });

  it('uses the second address when the first refuses', async () => {
    const server = await backend();
    const lookup = async () => [
      { address: '127.0.0.3', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ];
    const report = await walkRoute(endpoint(server.port), { kind: 'direct' }, deps({ lookup }));
    expect(report.answer?.status).toBe(401);
  });

  it('gives up a silent stage at its deadline', async () => {
    const silent = await listen(createTcp((socket) => socket.on('error', () => {})));
    const report = await walkRoute(endpoint(silent), { kind: 'direct' }, deps({ stageTimeoutMs: 150 }));
    expect(outline(report)).toEqual(['dns ok', 'tcp ok', 'tls TIMEOUT']);
  });

  it('ends at once when the run is cancelled', async () => {
    const silent = await listen(createTcp((socket) => socket.on('error', () => {})));
    const controller = new AbortController();
    const walking = walkRoute(
      endpoint(silent),
      { kind: 'direct' },
      deps({ stageTimeoutMs: 60_000, signal: controller.signal }),
    );
    setTimeout(() => controller.abort(), 50);
    expect(outline(await walking).at(-1)).toBe('tls ABORTED');
  });

  it('tells a WebSocket that is cut from HTTPS that works', async () => {
    const server = await backend({ upgrade: 'cut' });
    const report = await walkRoute(endpoint(server.port), { kind: 'direct' }, deps());
    expect(outline(report)).toEqual(['dns ok', 'tcp ok', 'tls ok', 'https ok', 'websocket ECONNRESET']);
  });

  it('does not follow a redirect', async () => {
    const server = await backend({ status: 302, headers: { location: 'https://evil.example/' } });
    const names: string[] = [];
    const lookup = async (host: string) => {
      names.push(host);
      return [{ address: '127.0.0.1', family: 4 }];
    };
    const report = await walkRoute(endpoint(server.port), { kind: 'direct' }, deps({ lookup }));
    expect(report.answer?.status).toBe(302);
    expect(new Set(names)).toEqual(new Set(['backend.example']));
  });

  it('reads no more of an endless answer than it needs', async () => {
    const server = await backend({ body: 'x'.repeat(5_000_000) });
    const report = await walkRoute(endpoint(server.port), { kind: 'direct' }, deps());
    expect(report.answer?.body.length).toBe(64 * 1024);
  });
});
