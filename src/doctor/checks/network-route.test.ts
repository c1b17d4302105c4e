import { createServer as createHttp, type Server as HttpServer } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, connect, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeAuthority, makeServerCertificate } from '../../../test/support/certificates.ts';
import { makeRemoteHome, type RemoteHome } from '../../../test/support/remote-home.ts';
import { createNetworkRouteCheck } from './network-route.ts';

const authority = makeAuthority('Example Corp Inspection CA');
const leaf = makeServerCertificate(['backend.example', 'login.example'], authority);

let home: RemoteHome;
const servers: (Server | HttpServer)[] = [];
const sockets = new Set<Socket>();
beforeEach(async () => {
  home = await makeRemoteHome();
  await home.login();
  await home.write('ca.pem', authority.certificate);
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
  await home.remove();
});

async function listen(server: Server | HttpServer): Promise<number> {
  servers.push(server);
  server.on('connection', (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

interface Backend {
  readonly status?: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly upgrade?: string;
}

const seen: { path: string; headers: Readonly<Record<string, unknown>> }[] = [];

async function backend({
  status = 401,
  body = '{}',
  headers = {},
  upgrade = 'HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n',
}: Backend = {}) {
  seen.length = 0;
  const server = createHttps({ cert: leaf.certificate, key: leaf.privateKey }, (request, response) => {
    seen.push({ path: request.url ?? '', headers: request.headers });
    response.writeHead(status, headers).end(body);
  });
  server.on('upgrade', (request, socket) => {
    seen.push({ path: request.url ?? '', headers: request.headers });
    if (upgrade === '') socket.destroy();
    else socket.end(upgrade);
  });
  const port = await listen(server);
  await home.write(
    'config.toml',
    `chatgpt_base_url = "https://backend.example:${port}/backend-api"\nopenai_base_url = "https://backend.example:${port}/v1"\n`,
  );
  return port;
}

async function run(
  port: number,
  env: Readonly<Record<string, string>> = {},
  names?: (host: string) => never | undefined,
) {
  const check = createNetworkRouteCheck({
    lookup: async (host) => {
      names?.(host);
      return [{ address: '127.0.0.1', family: 4 }];
    },
  });
  const all = {
    SSL_CERT_FILE: join(home.path, 'ca.pem'),
    CODEX_APP_SERVER_LOGIN_ISSUER: `https://login.example:${port}`,
    ...env,
  };
  return home.run(check, { live: true, host: { env: all } });
}

const told = (result: Awaited<ReturnType<typeof run>>) =>
  result.problems.map(({ finding }) => [finding.id, finding.severity]);

it('uses no network without --live, and says so', async () => {
  const check = createNetworkRouteCheck({
    lookup: () => {
      throw new Error('looked up');
    },
  });
  expect(await home.run(check)).toMatchObject({ status: 'skipped', problems: [] });
});

describe('with --live', () => {
  it('asks the endpoints of this home, without any credential, and takes 401 for health', async () => {
    const result = await run(await backend());
    expect(result).toMatchObject({ status: 'ok', problems: [], summary: '3 endpoints answer' });
    expect(seen.map(({ path }) => path).sort()).toEqual([
      '/.well-known/openid-configuration',
      '/backend-api/wham/usage',
      '/v1/models',
      '/v1/responses',
    ]);
    for (const { headers } of seen)
      expect([headers.authorization, headers.cookie, headers['chatgpt-account-id']]).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
  });

  it.each<readonly [string, Backend, string, string]>([
    [
      'a challenge page',
      { status: 403, body: '<html><title>Just a moment...</title>', headers: { 'cf-ray': 'r1' } },
      'network.edge_blocked',
      'fail',
    ],
    [
      'a marked challenge',
      { status: 403, headers: { 'cf-mitigated': 'challenge' } },
      'network.edge_blocked',
      'fail',
    ],
    [
      'the region',
      { status: 403, body: '{"error":{"code":"unsupported_country_region_territory"}}' },
      'network.region_blocked',
      'fail',
    ],
    ['an outage', { status: 503, body: 'upstream connect error' }, 'server.error', 'warn'],
    ['a proxy in between that asks who we are', { status: 407 }, 'network.proxy', 'fail'],
    ['a WebSocket that is cut', { upgrade: '' }, 'network.stream_disconnected', 'warn'],
    [
      'a WebSocket that a filter answers',
      { upgrade: 'HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n' },
      'network.stream_disconnected',
      'warn',
    ],
  ])('tells %s', async (_, options, id, severity) => {
    const result = await run(await backend(options));
    expect(new Set(told(result).map(String))).toEqual(new Set([`${id},${severity}`]));
  });

  it('takes 403 with JSON, 404, 302 and a 426 to the upgrade for reachable', async () => {
    const upgrade = 'HTTP/1.1 426 Upgrade Required\r\ncontent-length: 0\r\n\r\n';
    for (const status of [200, 302, 403, 404, 405]) {
      expect(told(await run(await backend({ status, body: '{"detail":"x"}', upgrade })))).toEqual([]);
    }
  });

  it('names who inspects TLS when nobody vouches for the certificate', async () => {
    const result = await run(await backend(), { SSL_CERT_FILE: '' });
    expect(told(result)).toEqual([
      ['network.tls_ca', 'fail'],
      ['network.tls_ca', 'fail'],
    ]);
    expect(result.problems[0]?.finding.cause).toContain('"Example Corp Inspection CA"');
    expect(seen).toEqual([]);
  });

  it('tells a name that does not resolve', async () => {
    const result = await run(await backend(), {}, (host) => {
      throw Object.assign(new Error(`queryA EAI_AGAIN ${host}`), { code: 'EAI_AGAIN' });
    });
    expect(new Set(told(result).map(String))).toEqual(new Set(['network.dns,fail']));
  });

  it('goes through the proxy of .env for both transports, and offers to take a dead one out', async () => {
    const port = await backend();
    const targets: string[] = [];
    const proxy = createHttp();
    proxy.on('connect', (request, socket) => {
      targets.push(request.url ?? '');
      const upstream = connect(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        upstream.pipe(socket).pipe(upstream);
      });
      socket.on('error', () => upstream.destroy());
      upstream.on('error', () => socket.destroy());
    });
    const proxyPort = await listen(proxy);
    await home.write('.env', `HTTPS_PROXY=http://127.0.0.1:${proxyPort}\n`);
    expect(told(await run(port))).toEqual([]);
    expect(targets.sort()).toEqual([...Array(3).fill(`backend.example:${port}`), `login.example:${port}`]);

    proxy.removeAllListeners('connect');
    proxy.on('connect', (_, socket) => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'));
    const refused = await run(port);
    expect(refused.problems[0]?.finding).toMatchObject({
      id: 'network.proxy',
      fix: { repairId: 'network.proxy.dotenv' },
    });
    expect(await refused.problems[0]?.plan?.()).toMatchObject({ steps: [{ kind: 'text-edit' }] });
  });

  it('tells a base URL on this machine where nobody listens, and one that is no URL', async () => {
    const port = await backend();
    await home.write(
      'config.toml',
      'openai_base_url = "http://127.0.0.1:1/v1"\nchatgpt_base_url = "not a url"\n',
    );
    const result = await run(port);
    expect(told(result)).toEqual([
      ['provider.local_endpoint_down', 'fail'],
      ['network.proxy', 'fail'],
    ]);
  });

  it('asks only the API for an API-key login', async () => {
    const port = await backend();
    await home.write('auth.json', { auth_mode: 'apikey', OPENAI_API_KEY: 'sk-invented-for-a-test' });
    await run(port);
    expect(seen.map(({ path }) => path).sort()).toEqual(['/v1/models', '/v1/responses']);
    expect(JSON.stringify(seen)).not.toContain('sk-invented');
  });
});
