/** One HTTP request from the client's first byte to its last: choose, try, fail over, and tell what became of it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Choice, ChoiceRequest, GatewayAccount } from './account-source.ts';
import type { Admitted } from './admission.ts';
import { classifyFailure } from './classify.ts';
import { type AttemptNote, countRequest, type RequestEvent } from './events.ts';
import { exhaustionAnswer, soonestMs } from './exhaustion.ts';
import { createFailover } from './failover.ts';
import { type AttemptOutcome, attemptHttp, type HeldAnswer } from './http-attempt.ts';
import { ownError, sendHeld, sendOwn, unreachable } from './own-answers.ts';
import { bodyFor } from './replay-body.ts';
import { collectBody, describeBody } from './request-body.ts';
import { isModelPath, ownAccountOf, threadOf } from './request-facts.ts';
import { requestHeaders, type UpstreamLogin } from './request-headers.ts';
import { responseHeaders } from './response-headers.ts';
import { PATIENCE_MS, pause, type Traffic } from './traffic.ts';
import type { UpstreamHead } from './upstream-exchange.ts';
import type { Verdict } from './verdict.ts';

/** The model's answer must be readable as it passes. */
const NO_COMPRESSION: ReadonlySet<string> = new Set(['accept-encoding']);
const NO_COMPRESSION_UNPACKED: ReadonlySet<string> = new Set(['accept-encoding', 'content-encoding']);
const NOTHING: ReadonlySet<string> = new Set();

/** What is told when nothing better came of it. */
type LastWord =
  | { readonly kind: 'answer'; readonly answer: HeldAnswer }
  | { readonly kind: 'unreachable'; readonly origin: string; readonly error: Error }
  | { readonly kind: 'no-credential'; readonly message: string };

export async function serveHttp(
  traffic: Traffic,
  admitted: Admitted,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { accounts, now } = traffic;
  const startedAtMs = now();
  const started = performance.now();
  const { headers, rawHeaders, method = 'GET' } = request;
  const collected = await collectBody(request, traffic.maxBodyBytes);
  if (collected.kind === 'gone') return;
  if (collected.kind === 'too-large') {
    return sendOwn(response, ownError(413, 'gateway_body_too_large', 'The request is too large.'), true);
  }
  const body = describeBody(collected.bytes, headers['content-encoding'], traffic.maxBodyBytes);
  const isModelCall = method === 'POST' && isModelPath(admitted.path);
  const threadId = threadOf(headers);
  const ownAccount = ownAccountOf(headers);
  const failover = createFailover({ accounts, trouble: traffic.trouble, model: body.model });
  const wanted: ChoiceRequest = {
    path: admitted.path,
    threadId,
    previousResponseId: body.previousResponseId,
    model: body.model,
    excluded: failover.excluded,
    onlyAccount: admitted.client.onlyAccount,
  };

  const attempts: AttemptNote[] = [];
  let firstByteMs: number | null = null;
  let last: LastWord | null = null;
  let waitedMs = 0;
  let only = wanted.onlyAccount;

  const finish = (
    account: GatewayAccount | null,
    status: number,
    end: RequestEvent['end'],
    usage: RequestEvent['usage'] = null,
  ) => {
    const event: RequestEvent = {
      kind: 'request',
      client: admitted.client.id,
      transport: 'http',
      method,
      path: admitted.path,
      threadId,
      model: body.model,
      account: account?.key ?? null,
      status,
      end,
      usage,
      attempts,
      startedAtMs,
      firstByteMs,
      tookMs: performance.now() - started,
    };
    countRequest(traffic.counters, event);
    traffic.emit(event);
  };
  const clientHeaders = (head: UpstreamHead) => {
    firstByteMs ??= performance.now() - started;
    return responseHeaders(head.rawHeaders, admitted.client.onlyAccount === null ? accounts.limits() : null);
  };
  const tellLast = (word: LastWord, account: GatewayAccount | null) => {
    if (word.kind === 'unreachable') sendOwn(response, unreachable(word.origin, word.error));
    else if (word.kind === 'no-credential')
      sendOwn(response, ownError(502, 'gateway_no_credential', word.message));
    else sendHeld(response, word.answer, clientHeaders(word.answer.head));
    finish(account, word.kind === 'answer' ? word.answer.head.status : 502, 'whole');
  };
  const tellNobody = (none: Extract<Choice, { kind: 'none' }>) => {
    const answer = exhaustionAnswer(none, accounts.limits(), now());
    sendOwn(response, answer);
    finish(null, answer.status, 'refused');
  };

  for (;;) {
    if (response.destroyed) return finish(null, 0, 'client-gone');
    const choice = accounts.choose(only === wanted.onlyAccount ? wanted : { ...wanted, onlyAccount: only });
    if (choice.kind === 'none') {
      const at = soonestMs(choice.blocked);
      const waitMs = at === null ? Number.POSITIVE_INFINITY : Math.max(50, at - now());
      if (last !== null && failover.hasTrouble()) return tellLast(last, null);
      if (waitMs + waitedMs <= PATIENCE_MS) {
        waitedMs += waitMs;
        await pause(waitMs, response);
        failover.forgetShortLimits();
        continue;
      }
      if (last !== null && choice.blocked.length <= 1) return tellLast(last, null);
      return tellNobody(choice);
    }

    const account = choice.kind === 'account' ? choice.account : null;
    const note = (outcome: string, status: number | null) =>
      attempts.push({
        account: account?.key ?? null,
        reason: choice.kind === 'account' ? choice.reason : 'own login',
        status,
        outcome,
      });
    let login: UpstreamLogin | null = null;
    if (account !== null) {
      const credential = await failover.credential(account);
      if (credential.kind === 'unavailable') {
        note(`no-credential:${credential.why}`, null);
        failover.noCredential(account, credential.why);
        if (credential.why === 'failed') last ??= { kind: 'no-credential', message: credential.message };
        continue;
      }
      login = credential;
    }
    const bytes = bodyFor(account, body, {
      book: traffic.book,
      threadId,
      isRefused: account !== null && failover.isStripped(account),
    });
    if (bytes.kind === 'bound') {
      note('bound', null);
      if (bytes.owner !== null && only === null) {
        only = bytes.owner; // the conversation cannot leave it
        continue;
      }
      if (last !== null) return tellLast(last, account);
      return tellNobody({ kind: 'none', hard: 'owner', blocked: [] });
    }

    const kind = account?.kind ?? (ownAccount === null ? 'api-key' : 'chatgpt');
    const target = traffic.route(kind, admitted.path, admitted.query);
    if (account !== null) accounts.report({ kind: 'started', key: account.key });
    let outcome: AttemptOutcome;
    try {
      outcome = await attemptHttp({
        dispatcher: traffic.network.dispatcher(target.origin),
        request: {
          ...target,
          method,
          headers: requestHeaders(rawHeaders, {
            login,
            isOtherAccount: account !== null && account.accountId !== ownAccount,
            isMove: (choice.kind === 'account' && choice.isMove) || attempts.length > 0,
            without: bytes.isUnpacked ? NO_COMPRESSION_UNPACKED : isModelCall ? NO_COMPRESSION : NOTHING,
          }),
          body: bytes.bytes.length === 0 ? null : bytes.bytes,
        },
        response,
        isModelCall,
        now,
        onHead: (head) => {
          if (account !== null) accounts.report({ kind: 'headers', key: account.key, headers: head.headers });
        },
        headersFor: clientHeaders,
      });
    } finally {
      if (account !== null) accounts.report({ kind: 'finished', key: account.key });
    }

    if (outcome.kind === 'client-gone') {
      note('client-gone', null);
      return finish(account, 0, 'client-gone', outcome.facts.usage);
    }
    if (outcome.kind === 'shown') {
      const { facts } = outcome;
      note('served', outcome.status);
      if (account !== null && outcome.status < 400) {
        const { key } = account;
        accounts.report({ kind: 'served', key, threadId });
        if (facts.responseId !== null) accounts.report({ kind: 'owns', key, responseId: facts.responseId });
        traffic.book.note(threadId, key, facts.encrypted);
        // Too late for this request, in time for the next one.
        if (facts.failure !== null)
          await failover.after(account, classifyFailure(facts.failure, now()), facts.failure);
        else if (outcome.end === 'whole') failover.succeeded(account);
      }
      return finish(account, outcome.status, outcome.end, facts.usage);
    }

    const failure = outcome.kind === 'failed' ? outcome.failure : null;
    const verdict: Verdict =
      failure === null ? { kind: 'wait', why: 'network', afterMs: null } : classifyFailure(failure, now());
    note('why' in verdict ? `${verdict.kind}:${verdict.why}` : verdict.kind, failure?.status ?? null);
    last =
      outcome.kind === 'failed'
        ? { kind: 'answer', answer: outcome.answer }
        : { kind: 'unreachable', origin: target.origin, error: outcome.error };
    if (account === null) return tellLast(last, null);
    const next = await failover.after(account, verdict, failure);
    if (next.kind === 'give-up') return tellLast(last, account);
    await pause(next.delayMs, response);
  }
}
