/** The way from a client's WebSocket to an account: found by the same rules as for a request, over and over until one opens. */
import type { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { GatewayAccount } from '../account-source.ts';
import type { Admitted } from '../admission.ts';
import { classifyFailure } from '../classify.ts';
import { exhaustionAnswer } from '../exhaustion.ts';
import type { Failover } from '../failover.ts';
import { parseHttpFailure } from '../failure.ts';
import { ownError, unreachable } from '../own-answers.ts';
import type { AccountPicker, Nobody, Pick } from '../pick-account.ts';
import { isRecord, parseObject } from '../request-body.ts';
import { ownAccountOf } from '../request-facts.ts';
import { requestHeaders } from '../request-headers.ts';
import { type RequestRecord, verdictName } from '../request-record.ts';
import { pause, type Traffic } from '../traffic.ts';
import type { UpstreamHead } from '../upstream-exchange.ts';
import type { Verdict } from '../verdict.ts';
import { openUpstreamSocket } from './upstream-socket.ts';

export interface Link {
  /** `null`: the client's own login. */
  readonly account: GatewayAccount | null;
  readonly socket: WebSocket;
  /** Below the WebSocket. */
  readonly wire: Socket;
  readonly head: UpstreamHead;
}

/** Why there is no way, as the answer to the upgrade; a running session turns it into an error frame. */
export interface NoLink {
  readonly status: number;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly body: Buffer;
  /** The error in the body, when it is one of the API's. */
  readonly error: Readonly<Record<string, unknown>>;
  /** What a running session gets in place of the error; `null`: the error itself. */
  readonly event: Readonly<Record<string, unknown>> | null;
  /** Nobody was left to ask. */
  readonly isExhausted: boolean;
}

export type LinkOutcome =
  | { readonly kind: 'link'; readonly link: Link; readonly reason: string }
  | { readonly kind: 'none'; readonly account: string | null; readonly refusal: NoLink }
  | { readonly kind: 'client-gone' };

export interface LinkDeps {
  readonly traffic: Traffic;
  readonly admitted: Admitted;
  /** What holds the account: the client's thread, or this connection. */
  readonly threadId: string;
  /** The client's upgrade request. */
  readonly request: IncomingMessage;
  readonly client: EventEmitter;
  readonly signal: AbortSignal;
}

type Chosen = Extract<Pick, { kind: 'account' }>;

/** Opens a way. `first` is a choice made already. */
export async function openLink(
  deps: LinkDeps,
  turn: { readonly failover: Failover; readonly picker: AccountPicker; readonly record: RequestRecord },
  first: Chosen | null = null,
): Promise<LinkOutcome> {
  const { traffic } = deps;
  const { failover, picker, record } = turn;
  let last: NoLink | null = null;
  let chosen = first;
  for (;;) {
    const pick: Pick = chosen ?? (await picker.pick(last !== null));
    chosen = null;
    if (pick.kind === 'client-gone') return { kind: 'client-gone' };
    if (pick.kind === 'nobody') {
      return {
        kind: 'none',
        account: null,
        refusal: nobodyAnswer(traffic, pick.none, pick.credentialFailure),
      };
    }
    if (pick.kind === 'tell-last') {
      return last === null ? { kind: 'client-gone' } : { kind: 'none', account: null, refusal: last };
    }

    const { account } = pick;
    const key = account?.key ?? null;
    const { outcome, origin } = await tryOnce(deps, pick);
    if (deps.signal.aborted) {
      if (outcome.kind === 'open') outcome.socket.terminate();
      return { kind: 'client-gone' };
    }
    if (outcome.kind !== 'unreachable' && key !== null)
      traffic.accounts.report({ kind: 'headers', key, headers: outcome.head.headers });
    if (outcome.kind === 'open') {
      const { socket, wire, head } = outcome;
      return { kind: 'link', link: { account, socket, wire, head }, reason: pick.reason };
    }
    const failure =
      outcome.kind === 'refused'
        ? parseHttpFailure(outcome.head.status, outcome.head.headers, outcome.body, traffic.now())
        : null;
    const verdict: Verdict =
      failure === null
        ? { kind: 'wait', why: 'network', afterMs: null }
        : classifyFailure(failure, traffic.now());
    record.note({
      account: key,
      reason: pick.reason,
      status: failure?.status ?? null,
      outcome: verdictName(verdict),
    });
    last =
      outcome.kind === 'refused'
        ? refusalOf(outcome.head, outcome.body)
        : ownRefusal(unreachable(origin, outcome.error));
    if (account === null) return { kind: 'none', account: null, refusal: last };
    const next = await failover.after(account, verdict, failure);
    if (next.kind === 'give-up') return { kind: 'none', account: key, refusal: last };
    await pause(next.delayMs, deps.client);
  }
}

async function tryOnce({ traffic, admitted, request, signal }: LinkDeps, { account, login, isMove }: Chosen) {
  const ownAccount = ownAccountOf(request.headers);
  const kind = account?.kind ?? (ownAccount === null ? 'api-key' : 'chatgpt');
  const target = traffic.route(kind, admitted.path, admitted.query);
  const isOtherAccount = account !== null && account.accountId !== ownAccount;
  const outcome = await openUpstreamSocket({
    network: traffic.network,
    target,
    headers: requestHeaders(request.rawHeaders, { login, isOtherAccount, isMove }),
    protocols: (request.headers['sec-websocket-protocol'] ?? '')
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
    maxFrameBytes: traffic.maxBodyBytes,
    signal,
  });
  return { outcome, origin: target.origin };
}

/** Nobody is left to ask. */
export function nobodyAnswer(traffic: Traffic, none: Nobody, credentialFailure: string | null): NoLink {
  const answer =
    credentialFailure === null
      ? exhaustionAnswer(none, traffic.accounts.limits(), traffic.now())
      : ownError(502, 'gateway_no_credential', credentialFailure);
  return { ...ownRefusal(answer), isExhausted: true };
}

function ownRefusal(answer: {
  readonly status: number;
  readonly headers: readonly string[];
  readonly error: Readonly<Record<string, unknown>>;
  readonly event?: NoLink['event'];
}): NoLink {
  const body = Buffer.from(JSON.stringify({ error: answer.error }));
  return { event: null, ...answer, body, isExhausted: false };
}

function refusalOf(head: UpstreamHead, body: Buffer): NoLink {
  const error = parseObject(body)?.error;
  return {
    status: head.status,
    headers: head.rawHeaders,
    body,
    error: isRecord(error) ? error : { type: 'server_error', message: body.toString('utf8', 0, 500) },
    event: null,
    isExhausted: false,
  };
}
