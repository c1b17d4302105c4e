import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { createHost } from '../host.ts';
import { connectAppServer, controlSocketPath } from './app-server-client.ts';
import type { CodexScope } from './home.ts';

let home: string;
let scope: CodexScope;
const undo: (() => void)[] = [];
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'steward-rpc-'));
  scope = {
    host: createHost({ env: {} }),
    home: { path: home, source: 'env' },
    signal: new AbortController().signal,
  };
});
afterEach(async () => {
  for (const back of undo.splice(0)) back();
  await rm(home, { recursive: true, force: true });
});

/** An app-server that answers each request as told; `null`: not at all. */
async function serve(answer: (method: string, socket: WebSocket) => object | null): Promise<Server> {
  const path = controlSocketPath(home);
  await mkdir(dirname(path), { recursive: true });
  const server = createServer();
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => {
    socket.on('message', (data) => {
      const { id, method } = JSON.parse(String(data)) as { id?: number; method: string };
      const said = answer(method, socket);
      if (said !== null) socket.send(JSON.stringify({ id, ...said }));
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  undo.push(() => {
    for (const socket of sockets.clients) socket.terminate();
    server.close();
  });
  return server;
}

const hello = { result: { userAgent: 'codex_steward/0.169.0' } };

it('introduces itself and asks', async () => {
  await serve((method) => (method === 'initialize' ? hello : method === 'x' ? { result: { a: 1 } } : null));
  const server = await connectAppServer(scope, { timeoutMs: 2000 });
  if (server.kind !== 'connected') throw new Error(server.message);
  expect(server.userAgent).toBe('codex_steward/0.169.0');
  expect(await server.request('x', undefined, 2000)).toEqual({ kind: 'result', value: { a: 1 } });
  server.close();
});

it('gives a refusal in its own words, and silence as silence', async () => {
  await serve((method) => {
    if (method === 'initialize') return hello;
    return method === 'no' ? { error: { code: -32600, message: 'unknown variant `no`' } } : null;
  });
  const server = await connectAppServer(scope, { timeoutMs: 2000 });
  if (server.kind !== 'connected') throw new Error(server.message);
  expect(await server.request('no', {}, 2000)).toEqual({
    kind: 'error',
    code: -32600,
    message: 'unknown variant `no`',
  });
  expect(await server.request('mute', {}, 50)).toMatchObject({ kind: 'silent' });
  server.close();
});

it('lives with frames that are no answer, and with a connection that ends in the middle', async () => {
  await serve((method, socket) => {
    if (method === 'initialize') {
      socket.send('not json');
      socket.send('[1]');
      socket.send('{"method":"remoteControl/status/changed","params":{}}');
      return hello;
    }
    if (method === 'die') socket.terminate();
    return null;
  });
  const server = await connectAppServer(scope, { timeoutMs: 2000 });
  if (server.kind !== 'connected') throw new Error(server.message);
  expect(await server.request('die', {}, 2000)).toEqual({ kind: 'silent', message: 'the connection ended' });
  expect(await server.request('again', {}, 200)).toMatchObject({ kind: 'silent' });
});

it('says that nobody is there, or that who is there does not speak', async () => {
  expect(await connectAppServer(scope, { timeoutMs: 200 })).toMatchObject({
    kind: 'unreachable',
    code: 'ENOENT',
  });
  await serve(() => null);
  expect(await connectAppServer(scope, { timeoutMs: 200 })).toMatchObject({
    kind: 'unreachable',
    code: 'EPROTO',
  });
});

it('does not wait for a program that listens and never shakes hands', async () => {
  const path = controlSocketPath(home);
  await mkdir(dirname(path), { recursive: true });
  const { createServer: createSocket } = await import('node:net');
  const mute = createSocket(() => {});
  await new Promise<void>((resolve) => mute.listen(path, resolve));
  undo.push(() => void mute.close());
  expect(await connectAppServer(scope, { timeoutMs: 200 })).toMatchObject({ kind: 'unreachable' });
});
