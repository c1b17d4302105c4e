/** What an answer tells the ledger and the pool: its id, its tokens, and the encrypted items that it hands out. */
import type { TokenUsage } from './account-source.ts';
import { type Failure, parseEventFailure } from './failure.ts';
import { isRecord } from './request-body.ts';

export interface AnswerFacts {
  responseId: string | null;
  usage: TokenUsage | null;
  /** Of the event that ended it. */
  ending: string | null;
  /** When it ended in one. */
  failure: Failure | null;
  /** Encrypted contents in this answer: only this account can read them back. */
  readonly encrypted: string[];
}

export function createAnswerFacts(): AnswerFacts {
  return { responseId: null, usage: null, ending: null, failure: null, encrypted: [] };
}

/** Takes in one event that may matter. What is not as it should be is as good as absent: the client judges the answer. */
export function noteEvent(
  facts: AnswerFacts,
  type: string,
  event: Readonly<Record<string, unknown>>,
  nowMs: number,
): void {
  if (type === 'response.output_item.done') {
    const { item } = event;
    if (isRecord(item) && typeof item.encrypted_content === 'string')
      facts.encrypted.push(item.encrypted_content);
    return;
  }
  facts.ending = type;
  facts.failure = parseEventFailure({ ...event, type }, nowMs);
  const { response } = event;
  if (!isRecord(response)) return;
  facts.responseId = typeof response.id === 'string' ? response.id : null;
  if (isRecord(response.usage)) facts.usage = usageOf(response.usage);
}

function usageOf(usage: Readonly<Record<string, unknown>>): TokenUsage {
  return {
    inputTokens: count(usage, 'input_tokens'),
    cachedInputTokens: count(usage.input_tokens_details, 'cached_tokens'),
    outputTokens: count(usage, 'output_tokens'),
    reasoningTokens: count(usage.output_tokens_details, 'reasoning_tokens'),
  };
}

function count(from: unknown, name: string): number {
  const value = isRecord(from) ? from[name] : undefined;
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : 0;
}
