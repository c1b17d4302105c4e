/** One `response.create` and its answer, over however many tries. */
import { type AnswerFacts, createAnswerFacts } from '../answer-facts.ts';
import { createFailover, type Failover } from '../failover.ts';
import { type AccountPicker, createAccountPicker } from '../pick-account.ts';
import { describeBody } from '../request-body.ts';
import { createRequestRecord, type RequestRecord } from '../request-record.ts';
import type { LinkDeps } from './link.ts';

export interface Turn {
  /** As the client sent it. */
  readonly request: Buffer;
  readonly model: string | null;
  readonly previousId: string | null;
  readonly failover: Failover;
  readonly picker: AccountPicker;
  readonly record: RequestRecord;
  readonly facts: AnswerFacts;
  /** `arranging`: between accounts; `holding`: sent, nothing shown yet; `open`: the answer flows. */
  phase: 'arranging' | 'holding' | 'open';
  /** Frames held back, of the try under way. */
  held: Buffer[];
  /** Frames of the last try that failed: the last word, if nothing better comes. */
  last: readonly Buffer[] | null;
  /** Finished items of the answer. */
  readonly items: Buffer[];
  /** The whole conversation is sent even on a connection that should know it. */
  isWhole: boolean;
  reconnects: number;
  reason: string;
}

export function createTurn(deps: LinkDeps, request: Buffer): Turn {
  const { traffic, admitted, client, signal, threadId } = deps;
  const body = describeBody(request, undefined, traffic.maxBodyBytes);
  const failover = createFailover({
    accounts: traffic.accounts,
    trouble: traffic.trouble,
    model: body.model,
  });
  const record = createRequestRecord(traffic, {
    client: admitted.client.id,
    transport: 'websocket',
    method: 'WS',
    path: admitted.path,
    threadId,
    model: body.model,
  });
  const picker = createAccountPicker({
    traffic,
    failover,
    record,
    client,
    isGone: () => signal.aborted,
    wanted: {
      path: admitted.path,
      threadId,
      // The whole conversation can be written out for another account; where it cannot, the client is told to.
      previousResponseId: null,
      model: body.model,
      excluded: failover.excluded,
      onlyAccount: admitted.client.onlyAccount,
    },
  });
  return {
    request,
    model: body.model,
    previousId: body.previousResponseId,
    failover,
    picker,
    record,
    facts: createAnswerFacts(),
    phase: 'arranging',
    held: [],
    last: null,
    items: [],
    isWhole: false,
    reconnects: 0,
    reason: '',
  };
}
