/** One HTTP request from the client's first byte to its last: choose, try, fail over, and tell what became of it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GatewayAccount } from './account-source.ts';
import type { Admitted } from './admission.ts';
import type { AnswerFacts } from './answer-facts.ts';
import { classifyFailure } from './classify.ts';
import { exhaustionAnswer } from './exhaustion.ts';
import { createFailover, type Failover } from './failover.ts';
import { type AttemptOutcome, attemptHttp, type HeldAnswer } from './http-attempt.ts';
import { ownError, sendHeld, sendOwn, sendOwnEvent, unreachable } from './own-answers.ts';
import { createAccountPicker, type Nobody, type Pick } from './pick-account.ts';
import { bodyFor, type ReplayBody } from './replay-body.ts';
import { collectBody, describeBody, type RequestBody } from './request-body.ts';
import { isModelPath, ownAccountOf, threadOf } from './request-facts.ts';
import { requestHeaders } from './request-headers.ts';
import { createRequestRecord, type RequestRecord, verdictName } from './request-record.ts';
import { responseHeaders } from './response-headers.ts';
import { pause, type Traffic } from './traffic.ts';
import type { UpstreamHead } from './upstream-exchange.ts';
import type { Verdict } from './verdict.ts';

/** The model's answer must be readable as it passes. */
const NO_COMPRESSION: ReadonlySet<string> = new Set(['accept-encoding']);
const UNPACKED: ReadonlySet<string> = new Set(['accept-encoding', 'content-encoding']);
const NOTHING: ReadonlySet<string> = new Set();

/** What is told when nothing better came of it. */
type LastWord =
  | { readonly kind: 'answer'; readonly answer: HeldAnswer }
  | { readonly kind: 'unreachable'; readonly origin: string; readonly error: Error };

/** One request with all that stays the same over its tries. */
interface Job {
  readonly traffic: Traffic;
  readonly admitted: Admitted;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: RequestBody;
  readonly isModelCall: boolean;
  readonly threadId: string | null;
  readonly failover: Failover;
  readonly record: RequestRecord;
}

type Chosen = Extract<Pick, { kind: 'account' }>;

export async function serveHttp(
  traffic: Traffic,
  admitted: Admitted,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = 'GET', headers } = request;
  const collected = await collectBody(request, traffic.maxBodyBytes);
  if (collected.kind === 'gone') return;
  if (collected.kind === 'too-large') {
    return sendOwn(response, ownError(413, 'gateway_body_too_large', 'The request is too large.'), true);
  }
  const body = describeBody(collected.bytes, headers['content-encoding'], traffic.maxBodyBytes);
  const threadId = threadOf(headers);
  const { path, client } = admitted;
  const subject = {
    client: client.id,
    transport: 'http',
    method,
    path,
    threadId,
    model: body.model,
  } as const;
  await serve({
    traffic,
    admitted,
    request,
    response,
    body,
    isModelCall: method === 'POST' && isModelPath(path),
    threadId,
    failover: createFailover({ accounts: traffic.accounts, trouble: traffic.trouble, model: body.model }),
    record: createRequestRecord(traffic, subject),
  });
}

async function serve(job: Job): Promise<void> {
  const { traffic, admitted, response, body, threadId, failover, record } = job;
  const { model, previousResponseId } = body;
  const { path, client } = admitted;
  const wanted = {
    path,
    threadId,
    previousResponseId,
    model,
    excluded: failover.excluded,
    onlyAccount: client.onlyAccount,
  };
  const picker = createAccountPicker({
    traffic,
    failover,
    wanted,
    record,
    client: response,
    isGone: () => response.destroyed,
  });
  let last: LastWord | null = null;
  for (;;) {
    const pick = await picker.pick(last !== null);
    if (pick.kind === 'client-gone') return record.finish({ account: null, status: 0, end: 'client-gone' });
    if (pick.kind === 'nobody') return tellNobody(job, pick.none, pick.credentialFailure);
    if (pick.kind === 'tell-last') return tellLast(job, last, null);

    const { account } = pick;
    const note = (outcome: string, status: number | null = null) =>
      record.note({ account: account?.key ?? null, reason: pick.reason, status, outcome });
    const isRefused = account !== null && failover.isStripped(account);
    const bytes = bodyFor(account, body, { book: traffic.book, threadId, isRefused });
    if (bytes.kind === 'bound') {
      note('bound');
      if (bytes.owner !== null && !picker.isBound) {
        picker.bindTo(bytes.owner);
        continue;
      }
      return last === null
        ? tellNobody(job, { kind: 'none', hard: 'owner', blocked: [] }, null)
        : tellLast(job, last, account);
    }

    const { origin, outcome } = await tryOnce(job, pick, bytes);
    if (outcome.kind === 'client-gone') {
      note('client-gone');
      return record.finish({
        account: account?.key ?? null,
        status: 0,
        end: 'client-gone',
        usage: outcome.facts.usage,
      });
    }
    if (outcome.kind === 'shown') {
      const { status, end, facts } = outcome;
      note('served', status);
      if (account !== null && status < 400) await noteServed(job, account, facts, end);
      return record.finish({ account: account?.key ?? null, status, end, usage: facts.usage });
    }

    const failure = outcome.kind === 'failed' ? outcome.failure : null;
    const verdict: Verdict =
      failure === null
        ? { kind: 'wait', why: 'network', afterMs: null }
        : classifyFailure(failure, traffic.now());
    note(verdictName(verdict), failure?.status);
    last =
      outcome.kind === 'failed'
        ? { kind: 'answer', answer: outcome.answer }
        : { kind: 'unreachable', origin, error: outcome.error };
    if (account === null) return tellLast(job, last, null);
    const next = await failover.after(account, verdict, failure);
    if (next.kind === 'give-up') return tellLast(job, last, account);
    await pause(next.delayMs, response);
  }
}

async function tryOnce(
  job: Job,
  { account, login, isMove }: Chosen,
  bytes: Extract<ReplayBody, { kind: 'body' }>,
): Promise<{ readonly origin: string; readonly outcome: AttemptOutcome }> {
  const { traffic, admitted, request, response, isModelCall } = job;
  const ownAccount = ownAccountOf(request.headers);
  const kind = account?.kind ?? (ownAccount === null ? 'api-key' : 'chatgpt');
  const target = traffic.route(kind, admitted.path, admitted.query);
  const key = account?.key ?? null;
  const report = traffic.accounts.report;
  if (key !== null) report({ kind: 'started', key, isWork: isModelCall });
  try {
    const outcome = await attemptHttp({
      dispatcher: traffic.network.dispatcher(target.origin),
      request: {
        ...target,
        method: request.method ?? 'GET',
        headers: requestHeaders(request.rawHeaders, {
          login,
          isOtherAccount: account !== null && account.accountId !== ownAccount,
          isMove,
          without: bytes.isUnpacked ? UNPACKED : isModelCall ? NO_COMPRESSION : NOTHING,
        }),
        body: bytes.bytes.length === 0 ? null : bytes.bytes,
      },
      response,
      isModelCall,
      now: traffic.now,
      onHead: ({ headers }) => {
        if (key !== null) report({ kind: 'headers', key, headers });
      },
      headersFor: (head) => clientHeaders(job, head),
    });
    return { origin: target.origin, outcome };
  } finally {
    if (key !== null) report({ kind: 'finished', key });
  }
}

/** The client has an answer of that account: what follows from it for the requests to come. */
async function noteServed(
  { traffic, threadId, failover }: Job,
  account: GatewayAccount,
  facts: AnswerFacts,
  end: 'whole' | 'cut',
): Promise<void> {
  const { key } = account;
  traffic.accounts.report({ kind: 'served', key, threadId });
  if (facts.responseId !== null) traffic.accounts.report({ kind: 'owns', key, responseId: facts.responseId });
  traffic.book.note(threadId, key, facts.encrypted);
  // Too late for this request, in time for the next one.
  if (facts.failure !== null)
    await failover.after(account, classifyFailure(facts.failure, traffic.now()), facts.failure);
  else if (end === 'whole') failover.succeeded(account);
}

function clientHeaders({ traffic, admitted, record }: Job, head: UpstreamHead): string[] {
  record.firstByte();
  return responseHeaders(
    head.rawHeaders,
    admitted.client.onlyAccount === null ? traffic.accounts.limits() : null,
  );
}

function tellLast(job: Job, word: LastWord | null, account: GatewayAccount | null): void {
  const { response, record } = job;
  if (word?.kind === 'answer') sendHeld(response, word.answer, clientHeaders(job, word.answer.head));
  else if (word !== null) sendOwn(response, unreachable(word.origin, word.error));
  record.finish({
    account: account?.key ?? null,
    status: word?.kind === 'answer' ? word.answer.head.status : 502,
    end: 'whole',
  });
}

function tellNobody(
  { traffic, request, response, isModelCall, record }: Job,
  none: Nobody,
  credentialFailure: string | null,
): void {
  const answer =
    credentialFailure === null
      ? exhaustionAnswer(none, traffic.accounts.limits(), traffic.now())
      : { ...ownError(502, 'gateway_no_credential', credentialFailure), event: null };
  const takesEvents = isModelCall && (request.headers.accept ?? '').includes('text/event-stream');
  if (takesEvents && answer.event !== null) sendOwnEvent(response, answer.event);
  else sendOwn(response, answer);
  record.finish({ account: null, status: answer.status, end: 'refused' });
}
