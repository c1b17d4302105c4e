/**
 * JSON-RPC with a running app-server over its control socket: a WebSocket on a Unix socket, one object a text frame,
 * without a `jsonrpc` member (measured with Codex 0.133 and 0.169).
 */
import { realpath } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import * as v from 'valibot';
import type WebSocket from 'ws';
import { messageOf, systemCode } from '../errors.ts';
import type { CodexScope } from './home.ts';

/** What an app-server says to a request. Never thrown. */
export type RpcAnswer =
  | { readonly kind: 'result'; readonly value: unknown }
  | { readonly kind: 'error'; readonly code: number | null; readonly message: string }
  /** No answer: too late, or the connection ended. */
  | { readonly kind: 'silent'; readonly message: string };

export interface AppServer {
  readonly kind: 'connected';
  /** As it introduced itself: `codex_cli_rs/0.169.0 (…)`. */
  readonly userAgent: string | null;
  request(method: string, params: unknown, timeoutMs: number): Promise<RpcAnswer>;
  close(): void;
}

export interface NoAppServer {
  readonly kind: 'unreachable';
  /** `ENOENT`: no socket; `ECONNREFUSED`: nobody listens; `ETIMEDOUT`, `EPROTO`: it does not speak. */
  readonly code: string;
  readonly message: string;
}

const ANSWER = v.looseObject({
  id: v.optional(v.union([v.number(), v.string()])),
  result: v.optional(v.unknown()),
  error: v.optional(
    v.looseObject({ code: v.optional(v.number()), message: v.optional(v.string(), 'no reason given') }),
  ),
});
const MAX_FRAME_BYTES = 8 * 1024 * 1024;

/** The socket at which the daemon of that home listens. */
export function controlSocketPath(home: string): string {
  return join(home, 'app-server-control', 'app-server-control.sock');
}

/** Connects and introduces itself. `experimentalApi` is on: without it every `remoteControl/…` request is refused. */
export async function connectAppServer(
  scope: CodexScope,
  options: { readonly timeoutMs: number },
): Promise<AppServer | NoAppServer> {
  let path: string;
  try {
    path = await realpath(controlSocketPath(scope.home.path)); // short enough for `sun_path`, where it is a link
  } catch (error) {
    return { kind: 'unreachable', code: systemCode(error) ?? 'EUNKNOWN', message: messageOf(error) };
  }
  const opened = await open(path, options.timeoutMs, scope.signal);
  if ('kind' in opened) return opened;
  const rpc = createRpc(opened);
  const hello = await rpc.request(
    'initialize',
    {
      clientInfo: { name: 'codex_steward', title: 'codex-steward', version: '1' },
      capabilities: { experimentalApi: true, requestAttestation: false },
    },
    options.timeoutMs,
  );
  if (hello.kind !== 'result') {
    rpc.close();
    return { kind: 'unreachable', code: 'EPROTO', message: `initialize: ${hello.message}` };
  }
  rpc.notify('initialized');
  const introduced = v.safeParse(v.looseObject({ userAgent: v.string() }), hello.value);
  return {
    kind: 'connected',
    userAgent: introduced.success ? introduced.output.userAgent : null,
    request: rpc.request,
    close: rpc.close,
  };
}

async function open(path: string, timeoutMs: number, signal: AbortSignal): Promise<WebSocket | NoAppServer> {
  const { WebSocket } = await import('ws');
  return await new Promise((resolve) => {
    const socket = new WebSocket('ws://localhost/', {
      createConnection: () => connect(path),
      maxPayload: MAX_FRAME_BYTES,
      perMessageDeflate: false,
    });
    // The library's own limit does not reach a connection that it has not made.
    const timer = setTimeout(() => fail('ETIMEDOUT', 'no handshake'), timeoutMs);
    const stop = () => fail('ECANCELED', 'stopped');
    const finish = (result: WebSocket | NoAppServer) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      resolve(result);
    };
    const fail = (code: string, message: string) => {
      finish({ kind: 'unreachable', code, message });
      socket.terminate();
    };
    signal.addEventListener('abort', stop, { once: true });
    socket.once('open', () => finish(socket));
    socket.on('error', (error) => fail(systemCode(error) ?? 'EPROTO', messageOf(error)));
    if (signal.aborted) stop();
  });
}

function createRpc(socket: WebSocket) {
  const waiting = new Map<number, (answer: RpcAnswer) => void>();
  let lastId = 0;
  socket.on('message', (data) => {
    const message = parse(String(data));
    if (message === null || typeof message.id !== 'number') return; // notifications are not needed here
    const { error, result } = message;
    waiting.get(message.id)?.(
      error === undefined
        ? { kind: 'result', value: result }
        : { kind: 'error', code: error.code ?? null, message: error.message },
    );
  });
  socket.on('close', () => {
    for (const answer of [...waiting.values()]) answer({ kind: 'silent', message: 'the connection ended' });
  });
  return {
    request: (method: string, params: unknown, timeoutMs: number): Promise<RpcAnswer> =>
      new Promise((resolve) => {
        lastId += 1;
        const id = lastId;
        const finish = (answer: RpcAnswer) => {
          clearTimeout(timer);
          waiting.delete(id);
          resolve(answer);
        };
        const timer = setTimeout(
          () => finish({ kind: 'silent', message: `no answer within ${timeoutMs} ms` }),
          timeoutMs,
        );
        waiting.set(id, finish);
        socket.send(JSON.stringify({ id, method, ...(params === undefined ? {} : { params }) }), (error) => {
          if (error) finish({ kind: 'silent', message: messageOf(error) });
        });
      }),
    notify: (method: string) => socket.send(JSON.stringify({ method }), () => {}),
    close: () => socket.terminate(),
  };
}

function parse(text: string): v.InferOutput<typeof ANSWER> | null {
  try {
    const parsed = v.safeParse(ANSWER, JSON.parse(text));
    return parsed.success ? parsed.output : null;
  } catch {
    return null; // not ours to judge: a frame that is no JSON answers nothing
  }
}
