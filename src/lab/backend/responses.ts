/** The model endpoint over HTTP (server-sent events) and over WebSocket, below `/v1` and `/backend-api/codex`. */
import { apiError, type LabAnswer, type ModelEvent } from '../answer.ts';
import { unauthorized } from '../caller.ts';
import { type Exchange, parseFields } from '../exchange.ts';
import type { LabRoute, SocketContext, SocketRoute } from '../routes.ts';
import type { LabWorld } from '../world.ts';
import { limitHeaders } from './limits.ts';
import { replyEvents } from './model-events.ts';

export const MODEL_BASES = ['/v1', '/backend-api/codex'] as const;

/** Refuses whoever may not ask the model: nobody, a machine's token, or a session under another account's name. */
export function refuseModelCaller({ caller, headers }: Exchange): LabAnswer | undefined {
  if (caller.kind === 'nobody') return unauthorized(caller.why);
  if (caller.kind === 'server') return unauthorized('unknown');
  const named =
    String(headers['chatgpt-account-id'] ?? '')
      .split(',')[0]
      ?.trim() ?? '';
  if (caller.kind === 'session' && named !== '' && named !== caller.account.accountId) {
    return apiError(401, 'account_mismatch', 'The token belongs to another account.');
  }
  return undefined;
}

function reply(
  world: LabWorld,
  exchange: Exchange,
  request: Readonly<Record<string, unknown>>,
): readonly ModelEvent[] {
  const account = exchange.caller.kind === 'nobody' ? 'nobody' : exchange.caller.account.name;
  const text =
    request.generate === false ? undefined : world.settings().reply.replaceAll('{account}', account);
  return replyEvents({ response: `resp_${world.ids.hex(32)}`, message: `msg_${world.ids.hex(32)}` }, text);
}

function handleHttp(exchange: Exchange, world: LabWorld): LabAnswer {
  const refused = refuseModelCaller(exchange);
  if (refused !== undefined) return refused;
  const request = parseFields(exchange.body.toString('utf8'));
  if (typeof request?.model !== 'string') return apiError(400, null, 'The body must be JSON with a model.');
  return {
    kind: 'events',
    headers: limitHeaders(world),
    events: reply(world, exchange, request),
    ending: 'end',
  };
}

function openSocket(context: SocketContext): void {
  const { socket, frames, logFrame } = context;
  socket.on('message', (data) => {
    const request = parseFields(data.toString());
    if (request?.type === 'response.create') return void answerFrame(context, request);
    logFrame(`unknown frame ${String(request?.type)}`, 400);
    frames.send(errorFrame(400, { error: { type: 'invalid_request_error', message: 'Unknown frame.' } }));
  });
}

async function answerFrame(
  { socket, exchange, world, frames, logFrame, meetFrame, script }: SocketContext,
  request: Readonly<Record<string, unknown>>,
): Promise<void> {
  // Faults concern the answer; the prewarm, which asks for none, stays healthy.
  if (request.generate === false) {
    logFrame('response.create (prewarm)', 200);
    for (const event of reply(world, exchange, request)) frames.send(event);
    return;
  }
  const { instead, frames: line } = await meetFrame();
  logFrame(
    'response.create',
    instead === undefined || instead === 'nothing' || instead.kind === 'events' ? 200 : instead.status,
  );
  if (instead === 'nothing') return;
  if (instead?.kind === 'full') return line.send(errorFrame(instead.status, parseFields(instead.body) ?? {}));
  const scripted = instead ?? script;
  for (const event of scripted?.events ?? reply(world, exchange, request)) line.send(event);
  if (scripted?.ending === 'end' && !scripted.events.some(isFinal)) socket.close(1000);
}

/** How an HTTP answer is told inside a WebSocket. */
function errorFrame(status: number, body: Readonly<Record<string, unknown>>): object {
  return { type: 'error', status, ...body };
}

function isFinal(event: ModelEvent): boolean {
  return ['response.completed', 'response.failed', 'response.incomplete', 'error'].includes(event.type);
}

export const RESPONSES_ROUTES: readonly LabRoute[] = MODEL_BASES.map((base) => ({
  method: 'POST',
  path: `${base}/responses`,
  handle: handleHttp,
}));

export const RESPONSES_SOCKETS: readonly SocketRoute[] = MODEL_BASES.map((base) => ({
  path: `${base}/responses`,
  switchedOff: (world) =>
    world.settings().websocket === 'accept'
      ? undefined
      : apiError(426, 'websocket_not_supported', 'Upgrade Required'),
  refuse: refuseModelCaller,
  open: openSocket,
}));
