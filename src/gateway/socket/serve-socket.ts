/** A WebSocket upgrade: the upstream is asked first, so that the client gets its answer, be it a refusal or a welcome. */
import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import { messageOf } from '../../errors.ts';
import type { Admitted } from '../admission.ts';
import { createFailover } from '../failover.ts';
import { createAccountPicker } from '../pick-account.ts';
import { threadOf } from '../request-facts.ts';
import { createRequestRecord } from '../request-record.ts';
import { responseHeaders } from '../response-headers.ts';
import type { Traffic } from '../traffic.ts';
import { type Link, type LinkDeps, openLink } from './link.ts';
import { type Session, startSession } from './session.ts';

export interface SocketServer {
  serve(admitted: Admitted, request: IncomingMessage, wire: Socket, head: Buffer): Promise<void>;
  /** Sessions close as soon as they have nothing under way. */
  drain(): void;
}

export function createSocketServer(traffic: Traffic, onTurn: (change: 1 | -1) => void): SocketServer {
  const welcomes = new WeakMap<IncomingMessage, Link>();
  const sessions = new Set<Session>();
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: traffic.maxBodyBytes,
    autoPong: false,
    skipUTF8Validation: true,
    clientTracking: false,
    handleProtocols: (_offered, request) => welcomes.get(request)?.socket.protocol || false,
  });
  server.on('headers', (lines, request) => {
    const link = welcomes.get(request);
    if (link === undefined) return;
    const headers = responseHeaders(link.head.rawHeaders, traffic.accounts.limits());
    for (let index = 0; index + 1 < headers.length; index += 2)
      lines.push(`${headers[index]}: ${headers[index + 1]}`);
  });

  return {
    serve: async (admitted, request, wire, head) => {
      const gone = new AbortController();
      const onGone = () => gone.abort();
      wire.once('close', onGone);
      const client = new EventEmitter();
      wire.once('close', () => client.emit('close'));
      const threadId = threadOf(request.headers) ?? `connection-${randomUUID()}`;
      const deps: LinkDeps = { traffic, admitted, threadId, request, client, signal: gone.signal };
      const opened = await openFirst(deps);
      if (opened.kind === 'client-gone') return void wire.destroy();
      // A refusal that no time lifts: Codex takes it from an answer over HTTP, where it would knock here for seven seconds.
      if (opened.kind === 'none')
        return writeRefusal(
          wire,
          opened.refusal.event === null ? opened.refusal : { ...opened.refusal, status: 426 },
        );
      const { link } = opened;
      // Frames that come before the session listens would be lost.
      link.socket.pause();
      welcomes.set(request, link);
      wire.once('close', () => link.socket.terminate());
      server.handleUpgrade(request, wire, head, (clientSocket) => {
        traffic.counters.sockets += 1;
        const session = startSession(
          {
            ...deps,
            clientSocket,
            clientWire: wire,
            onTurn,
            onFault: (error) => traffic.emit({ kind: 'fault', message: messageOf(error) }),
          },
          link,
        );
        sessions.add(session);
        clientSocket.once('close', () => {
          traffic.counters.sockets -= 1;
          sessions.delete(session);
        });
        link.socket.resume();
      });
    },
    drain: () => {
      for (const session of sessions) session.closeWhenIdle();
    },
  };
}

/** The way for a connection whose first request is not known yet. */
async function openFirst(deps: LinkDeps) {
  const { traffic, admitted, threadId, client, signal } = deps;
  const failover = createFailover({ accounts: traffic.accounts, trouble: traffic.trouble, model: null });
  const subject = {
    client: admitted.client.id,
    transport: 'websocket',
    method: 'WS',
    path: admitted.path,
    threadId,
    model: null,
  } as const;
  const record = createRequestRecord(traffic, subject);
  const wanted = {
    path: admitted.path,
    threadId,
    previousResponseId: null,
    model: null,
    excluded: failover.excluded,
    onlyAccount: admitted.client.onlyAccount,
  };
  const picker = createAccountPicker({
    traffic,
    failover,
    record,
    client,
    isGone: () => signal.aborted,
    wanted,
  });
  const opened = await openLink(deps, { failover, picker, record });
  if (opened.kind === 'none') {
    const { refusal, account } = opened;
    record.finish({ account, status: refusal.status, end: refusal.isExhausted ? 'refused' : 'whole' });
  } else if (opened.kind === 'client-gone') {
    record.finish({ account: null, status: 0, end: 'client-gone' });
  } else if (opened.link.account !== null) {
    failover.succeeded(opened.link.account);
  }
  return opened;
}

function writeRefusal(
  wire: Socket,
  answer: { readonly status: number; readonly headers: readonly string[]; readonly body: Buffer },
): void {
  const headers = responseHeaders(answer.headers, null);
  const lines = [`HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}`];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    if (headers[index]?.toLowerCase() !== 'content-length')
      lines.push(`${headers[index]}: ${headers[index + 1]}`);
  }
  lines.push(`content-length: ${answer.body.length}`, 'connection: close', '', '');
  wire.end(Buffer.concat([Buffer.from(lines.join('\r\n'), 'latin1'), answer.body]));
}
