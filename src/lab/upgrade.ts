/** WebSocket upgrades: the same faults and log as ordinary requests, then the socket's own protocol. */
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { type LabAnswer, reasonOf, unknownPath } from './answer.ts';
import { RESPONSES_SOCKETS } from './backend/responses.ts';
import { type Arrival, arrive, type DispatchDeps, meetFaults, pause } from './dispatch.ts';
import { type Harm, NO_HARM } from './fault-book.ts';
import { createFrameSender } from './frames.ts';
import { harmed, insteadOf } from './harm.ts';
import { CLIENT_SOCKET } from './remote/client-socket.ts';
import { HOST_SOCKET } from './remote/host-routes.ts';
import { redactPath } from './request-log.ts';
import type { FrameHarm, SocketRoute } from './routes.ts';

const ALL_SOCKETS: readonly SocketRoute[] = [...RESPONSES_SOCKETS, HOST_SOCKET, CLIENT_SOCKET];

export interface UpgradeHandler {
  handle(request: IncomingMessage, stream: Duplex, head: Buffer): Promise<void>;
  /** Ends every open WebSocket. */
  closeAll(): void;
}

export function createUpgradeHandler(deps: DispatchDeps): UpgradeHandler {
  const { world, log } = deps;
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, clientTracking: true });

  const handle = async (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    if (!(stream instanceof Socket)) return;
    stream.on('error', () => stream.destroy()); // a client that goes away during the handshake is an ordinary end
    const started = performance.now();
    const arrival = await arrive(request, 'websocket', world);
    if (arrival === undefined) return void stream.destroy();
    const { exchange, account } = arrival;
    const route = ALL_SOCKETS.find((candidate) => candidate.path === exchange.url.pathname);
    const off = route?.switchedOff?.(world);
    const harm = off === undefined ? meetFaults(arrival, deps.faults) : NO_HARM;
    const time = world.clock.iso();
    const record = (method: string, path: string, status: number | null, note?: string) =>
      log.add({
        time: method === 'WS' ? time : world.clock.iso(),
        method,
        path,
        account: account?.name ?? null,
        status,
        ms: method === 'WS' ? Math.round(performance.now() - started) : 0,
        note: [...harm.names, ...(note === undefined ? [] : [note])].join(', ') || null,
      });
    const path = redactPath(exchange.url);

    await pause(harm.delayMs);
    if (harm.instead?.kind === 'hang') return record('WS', path, null, 'never answered');
    if (harm.line?.kind === 'reset' && harm.line.afterBytes === 0) {
      record('WS', path, null, 'reset');
      return void stream.resetAndDestroy();
    }
    const refusal = off ?? refusalOf(arrival, harm, route, deps);
    if (refusal !== undefined || route === undefined) {
      const answer = refusal ?? unknownPath('WS', path);
      record('WS', path, answer.kind === 'full' ? answer.status : 200, reasonOf(answer));
      return writeRefusal(stream, harmed(answer, harm, world, account));
    }
    record('WS', path, 101);
    sockets.handleUpgrade(request, stream, head, (socket) => {
      socket.on('error', () => socket.terminate()); // a broken frame ends this connection and nothing else
      const { instead } = harm;
      if (instead?.kind === 'close') return socket.close(instead.code, instead.reason);
      const frames = createFrameSender(socket, stream, harm.line);
      const logFrame = (what: string, status: number) => record('FRAME', `${path} ${what}`, status);
      const script = insteadOf(harm, world, account);
      const meetFrame = async (): Promise<FrameHarm> => {
        const met = deps.faults.take({
          method: 'FRAME',
          path: exchange.url.pathname,
          transport: 'frame',
          account: account?.name,
        });
        await pause(met.delayMs);
        if (met.instead?.kind === 'close') socket.close(met.instead.code, met.instead.reason);
        const isMute = met.instead?.kind === 'hang' || met.instead?.kind === 'close';
        return {
          instead: isMute ? 'nothing' : insteadOf(met, world, account),
          frames: met.line === undefined ? frames : createFrameSender(socket, stream, met.line),
        };
      };
      route.open({
        socket,
        exchange,
        world,
        frames,
        meetFrame,
        logFrame,
        script: script?.kind === 'events' ? script : undefined,
      });
    });
  };

  return {
    handle,
    closeAll: () => {
      for (const socket of sockets.clients) socket.terminate();
    },
  };
}

/** Why the upgrade is refused: by a fault, by the route, or because there is no such route. */
function refusalOf(
  arrival: Arrival,
  harm: Harm,
  route: SocketRoute | undefined,
  deps: DispatchDeps,
): LabAnswer | undefined {
  const instead = insteadOf(harm, deps.world, arrival.account);
  if (instead?.kind === 'full') return instead;
  if (instead?.kind === 'events') return undefined;
  return route?.refuse(arrival.exchange, deps.world);
}

function writeRefusal(stream: Socket, answer: LabAnswer): void {
  const status = answer.kind === 'full' ? answer.status : 200;
  const body = answer.kind === 'full' ? Buffer.from(answer.body) : Buffer.alloc(0);
  const lines = Object.entries({
    ...answer.headers,
    'content-length': String(body.length),
    connection: 'close',
  }).map(([name, value]) => `${name}: ${value}`);
  stream.end(
    Buffer.concat([
      Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('\r\n')}\r\n\r\n`),
      body,
    ]),
  );
}
