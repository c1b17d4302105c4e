/** From a request to an answer: identify, let faults have their way, find the route, log. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { TrieRouter } from 'hono/router/trie-router';
import type { LabAccount } from './accounts.ts';
import { apiError, json, type LabAnswer, reasonOf, unknownPath } from './answer.ts';
import { ACCOUNT_ROUTES } from './backend/account-routes.ts';
import { MCP_ROUTES } from './backend/mcp-routes.ts';
import { RESPONSES_ROUTES } from './backend/responses.ts';
import type { Caller } from './caller.ts';
import { bodyFields, type Exchange, readBody, textField } from './exchange.ts';
import type { FaultBook, Harm } from './fault-book.ts';
import { harmed, insteadOf } from './harm.ts';
import { AUTHORIZE_ROUTES } from './issuer/authorize.ts';
import { DEVICE_ROUTES } from './issuer/device-routes.ts';
import { TOKEN_ROUTES } from './issuer/token-routes.ts';
import { CLIENT_ROUTES } from './remote/client-routes.ts';
import { ENVIRONMENT_ROUTES } from './remote/environment-routes.ts';
import { HOST_ROUTES } from './remote/host-routes.ts';
import { type RequestLog, redactPath } from './request-log.ts';
import type { LabRoute } from './routes.ts';
import { sendAnswer } from './send.ts';
import type { LabWorld } from './world.ts';

const ALL_ROUTES: readonly LabRoute[] = [
  ...AUTHORIZE_ROUTES,
  ...DEVICE_ROUTES,
  ...TOKEN_ROUTES,
  ...RESPONSES_ROUTES,
  ...ACCOUNT_ROUTES,
  ...HOST_ROUTES,
  ...CLIENT_ROUTES,
  ...ENVIRONMENT_ROUTES,
  ...MCP_ROUTES,
];

export interface DispatchDeps {
  readonly world: LabWorld;
  readonly faults: FaultBook;
  readonly log: RequestLog;
}

/** What is known of a request before its route is looked for. */
export interface Arrival {
  readonly exchange: Exchange;
  readonly account: LabAccount | undefined;
  readonly transport: 'http' | 'websocket';
}

/** Reads and identifies; `undefined` when the body cannot be read. */
export async function arrive(
  request: IncomingMessage,
  transport: 'http' | 'websocket',
  world: LabWorld,
): Promise<Arrival | undefined> {
  const method = request.method ?? 'GET';
  const url = new URL(request.url ?? '/', world.baseUrl);
  const body = transport === 'http' ? await readBody(request) : Buffer.alloc(0);
  if (body === undefined) return undefined;
  const caller = await world.identify(request.headers.authorization);
  const exchange: Exchange = { method, url, headers: request.headers, params: {}, body, caller };
  return { exchange, account: accountOf(caller, exchange, world), transport };
}

/** What the faults in force do to a request; counts it. */
export function meetFaults({ exchange, account, transport }: Arrival, faults: FaultBook): Harm {
  return faults.take({
    method: exchange.method,
    path: exchange.url.pathname,
    transport,
    account: account?.name,
  });
}

/** The account behind a request: by its bearer, or by the refresh token that it spends. */
function accountOf(caller: Caller, exchange: Exchange, world: LabWorld): LabAccount | undefined {
  if (caller.kind !== 'nobody') return caller.account;
  if (!exchange.url.pathname.startsWith('/oauth/')) return undefined;
  const fields = bodyFields(exchange);
  return world.sessions.ownerOf(textField(fields, 'refresh_token') || textField(fields, 'token'));
}

/** The handler of all ordinary requests. */
export function createDispatcher(
  deps: DispatchDeps,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { world, log } = deps;
  const router = new TrieRouter<LabRoute>();
  for (const route of ALL_ROUTES) router.add(route.method, route.path, route);

  const answerTo = async (exchange: Exchange): Promise<LabAnswer> => {
    const { method, url } = exchange;
    const [found] = router.match(method, url.pathname)[0];
    if (found === undefined) return unknownPath(method, redactPath(url));
    const [route, params] = found;
    return route.handle({ ...exchange, params: stringParams(params) }, world);
  };

  return async (request, response) => {
    const started = performance.now();
    const time = world.clock.iso();
    const record = (
      arrival: Arrival | undefined,
      names: readonly string[],
      status: number | null,
      note: string | undefined,
    ) => {
      const url = arrival?.exchange.url ?? new URL(request.url ?? '/', world.baseUrl);
      const notes = [...names, ...(note === undefined ? [] : [note])];
      log.add({
        time,
        method: request.method ?? 'GET',
        path: redactPath(url),
        account: arrival?.account?.name ?? null,
        status,
        ms: Math.round(performance.now() - started),
        note: notes.length === 0 ? null : notes.join(', '),
      });
    };

    const arrival = await arrive(request, 'http', world);
    if (arrival === undefined) {
      record(undefined, [], 400, 'unreadable body');
      return sendAnswer(response, apiError(400, null, 'The body could not be read.'), undefined, world.clock);
    }
    const { exchange, account } = arrival;
    const harm = meetFaults(arrival, deps.faults);
    await pause(harm.delayMs);
    if (harm.instead?.kind === 'hang') return record(arrival, harm.names, null, 'never answered');
    const answer = harmed(
      insteadOf(harm, world, account) ?? (await answerTo(exchange)),
      harm,
      world,
      account,
    );
    const status = answer.kind === 'events' ? 200 : answer.status;
    const reset = harm.line?.kind === 'reset' && harm.line.afterBytes === 0;
    record(arrival, harm.names, reset ? null : status, reasonOf(answer));
    sendAnswer(response, answer, harm.line, world.clock);
  };
}

/** An answer for a request whose handling failed in the lab itself. */
export function ownFault(error: unknown): LabAnswer {
  return json(500, { detail: `the lab failed: ${error instanceof Error ? error.message : String(error)}` });
}

/** Waits that long; a delayed answer must not keep a lab alive that was stopped. */
export function pause(ms: number): Promise<void> {
  return ms === 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms).unref());
}

function stringParams(params: unknown): Readonly<Record<string, string>> {
  if (typeof params !== 'object' || params === null) return {};
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, String(value)]));
}
