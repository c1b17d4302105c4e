import { writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import {
  type AddressInfo,
  connect,
  createServer as createTcpServer,
  type Server as TcpServer,
} from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { makeAuthority, makeServerCertificate } from '../../test/support/certificates.ts';
import { makePlainHome } from '../../test/support/plain-home.ts';
import { createHttp, type Http } from './http.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

async function listen(server: Server | TcpServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    if ('closeAllConnections' in server) server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

async function makeHttp(
  env: Record<string, string> = {},
  signal = new AbortController().signal,
): Promise<Http> {
  const home = await makePlainHome();
  cleanups.push(() => home.remove());
  const http = createHttp({
    host: home.host({ env }),
    home: { path: home.path, source: 'env' },
    signal,
  });
  cleanups.push(() => http.close());
  return http;
}

const serve = (listener: RequestListener) => listen(createServer(listener));

test('an answer of any status is an answer, and a redirect is not followed', async () => {
  const seen: string[] = [];
  const port = await serve((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    response.writeHead(302, { location: '/elsewhere', 'X-Two': ['a', 'b'] }).end('moved');
  });
  const outcome = await (await makeHttp()).request({
    method: 'POST',
    url: `http://127.0.0.1:${port}/token`,
    headers: { authorization: 'Bearer x' },
    body: '{}',
    timeoutMs: 5000,
  });
  expect(outcome).toMatchObject({ kind: 'answer', status: 302, text: 'moved' });
  expect(outcome.kind === 'answer' && outcome.headers['x-two']).toBe('a, b');
  expect(seen).toEqual(['POST /token Bearer x']);
});

test('a refused connection says so, and that nothing was sent', async () => {
  const port = await listen(createTcpServer());
  await cleanups.pop()?.();
  const outcome = await (await makeHttp()).request({
    method: 'GET',
    url: `http://127.0.0.1:${port}/`,
    timeoutMs: 5000,
  });
  expect(outcome).toMatchObject({ kind: 'failed', reason: 'network', code: 'ECONNREFUSED', isSent: false });
});

test('a server that never answers is a time-out whose request was sent', async () => {
  const port = await serve(() => {});
  const outcome = await (await makeHttp()).request({
    method: 'POST',
    url: `http://127.0.0.1:${port}/`,
    body: 'x',
    timeoutMs: 300,
  });
  expect(outcome).toMatchObject({ kind: 'failed', reason: 'timeout', isSent: true });
});

test('a connection that is reset after the request is a network failure whose request was sent', async () => {
  const port = await serve((request) => request.socket.destroy());
  const outcome = await (await makeHttp()).request({
    method: 'POST',
    url: `http://127.0.0.1:${port}/`,
    body: 'x',
    timeoutMs: 5000,
  });
  expect(outcome).toMatchObject({ kind: 'failed', reason: 'network', isSent: true });
});

test('an endless answer is cut off', async () => {
  const port = await serve((_, response) => {
    const feed = setInterval(() => response.write('x'.repeat(1000)), 1);
    response.on('close', () => clearInterval(feed));
  });
  const outcome = await (await makeHttp()).request({
    method: 'GET',
    url: `http://127.0.0.1:${port}/`,
    timeoutMs: 5000,
    maxBytes: 10_000,
  });
  expect(outcome).toMatchObject({ kind: 'failed', reason: 'too-large', isSent: true });
});

test('stopping the scope ends the request', async () => {
  const stop = new AbortController();
  const port = await serve(() => stop.abort());
  const http = await makeHttp({}, stop.signal);
  const outcome = await http.request({ method: 'GET', url: `http://127.0.0.1:${port}/`, timeoutMs: 5000 });
  expect(outcome).toMatchObject({ kind: 'failed', reason: 'aborted' });
});

test('plain HTTP goes through HTTP_PROXY, with its credentials, and NO_PROXY is honoured', async () => {
  const seen: string[] = [];
  const proxy = await serve((request, response) => {
    seen.push(`${request.url} ${request.headers['proxy-authorization']}`);
    response.end('via proxy');
  });
  const http = await makeHttp({ HTTP_PROXY: `http://u:p@127.0.0.1:${proxy}` });
  const outcome = await http.request({ method: 'GET', url: 'http://issuer.test/a?b', timeoutMs: 5000 });
  expect(outcome).toMatchObject({ kind: 'answer', text: 'via proxy' });
  expect(seen).toEqual([`http://issuer.test/a?b Basic ${Buffer.from('u:p').toString('base64')}`]);

  const direct = await serve((_, response) => response.end('direct'));
  const around = await makeHttp({ HTTP_PROXY: `http://127.0.0.1:${proxy}`, NO_PROXY: '127.0.0.1' });
  expect(
    await around.request({ method: 'GET', url: `http://127.0.0.1:${direct}/`, timeoutMs: 5000 }),
  ).toMatchObject({ text: 'direct' });
});

test('HTTPS is refused for a strange authority, and works directly and through a tunnel with CODEX_CA_CERTIFICATE', async () => {
  const authority = makeAuthority('Company CA');
  const server = makeServerCertificate(['localhost'], authority);
  const port = await listen(
    createTlsServer({ key: server.privateKey, cert: server.certificate }, (_, response) =>
      response.end('secret'),
    ),
  );
  const tunnels: string[] = [];
  const proxyServer = createServer();
  proxyServer.on('connect', (request, socket) => {
    tunnels.push(request.url ?? '');
    const inner = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      inner.pipe(socket).pipe(inner);
    });
    inner.on('error', () => socket.destroy());
    socket.on('error', () => inner.destroy());
  });
  const proxy = await listen(proxyServer);
  const url = `https://localhost:${port}/`;

  const strange = await (await makeHttp()).request({ method: 'GET', url, timeoutMs: 5000 });
  expect(strange).toMatchObject({ kind: 'failed', reason: 'network', isSent: false });
  expect(strange.kind === 'failed' && strange.code).toMatch(/CERT|SIGNATURE|ISSUER/);

  const home = await makePlainHome();
  cleanups.push(() => home.remove());
  const ca = join(home.path, 'ca.pem');
  await writeFile(ca, authority.certificate);
  const trusting = await makeHttp({ CODEX_CA_CERTIFICATE: ca });
  expect(await trusting.request({ method: 'GET', url, timeoutMs: 5000 })).toMatchObject({ text: 'secret' });
  const tunnelled = await makeHttp({ CODEX_CA_CERTIFICATE: ca, HTTPS_PROXY: `http://127.0.0.1:${proxy}` });
  expect(await tunnelled.request({ method: 'GET', url, timeoutMs: 5000 })).toMatchObject({ text: 'secret' });
  expect(tunnels).toEqual([`localhost:${port}`]);
});
