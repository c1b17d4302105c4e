/** What an answer tells the ledger and the pool: its id, its tokens, and the encrypted items that it hands out. */
import * as v from 'valibot';
import type { TokenUsage } from './account-source.ts';
import { type Failure, parseEventFailure } from './failure.ts';

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

const count = v.fallback(v.nullish(v.number(), 0), 0);
const usageSchema = v.looseObject({
  input_tokens: count,
  output_tokens: count,
  input_tokens_details: v.nullish(v.looseObject({ cached_tokens: count })),
  output_tokens_details: v.nullish(v.looseObject({ reasoning_tokens: count })),
});
const endSchema = v.looseObject({
  response: v.looseObject({ id: v.nullish(v.string()), usage: v.fallback(v.nullish(usageSchema), null) }),
});
const itemSchema = v.looseObject({ item: v.looseObject({ encrypted_content: v.string() }) });

/** Takes in one event that may matter. */
export function noteEvent(
  facts: AnswerFacts,
  type: string,
  event: Readonly<Record<string, unknown>>,
  nowMs: number,
): void {
  if (type === 'response.output_item.done') {
    const parsed = v.safeParse(itemSchema, event);
    if (parsed.success) facts.encrypted.push(parsed.output.item.encrypted_content);
    return;
  }
  facts.ending = type;
  facts.failure = parseEventFailure({ ...event, type }, nowMs);
  const parsed = v.safeParse(endSchema, event);
  if (!parsed.success) return;
  const { id, usage } = parsed.output.response;
  facts.responseId = id ?? null;
  if (usage == null) return;
  facts.usage = {
    inputTokens: usage.input_tokens ?? 0,
    cachedInputTokens: usage.input_tokens_details?.cached_tokens ?? 0,
    outputTokens: usage.output_tokens ?? 0,
    reasoningTokens: usage.output_tokens_details?.reasoning_tokens ?? 0,
  };
}
