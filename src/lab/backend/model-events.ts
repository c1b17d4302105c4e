/** The events of a model's answer, as small as Codex 0.133 and 0.169 accept them. */
import type { ModelEvent } from '../answer.ts';

/** A whole, healthy answer. `text` is `undefined` for the prewarm request, which is answered without a message. */
export function replyEvents(
  ids: { readonly response: string; readonly message: string },
  text: string | undefined,
) {
  const item = {
    type: 'message',
    id: ids.message,
    role: 'assistant',
    content: [{ type: 'output_text', text: text ?? '', annotations: [] }],
  };
  const message: readonly ModelEvent[] =
    text === undefined
      ? []
      : [
          { type: 'response.output_item.added', output_index: 0, item: { ...item, content: [] } },
          {
            type: 'response.output_text.delta',
            item_id: ids.message,
            output_index: 0,
            content_index: 0,
            delta: text,
          },
          { type: 'response.output_item.done', output_index: 0, item },
        ];
  const outputTokens = text === undefined ? 0 : 8;
  return [
    { type: 'response.created', response: { id: ids.response } },
    ...message,
    {
      type: 'response.completed',
      response: {
        id: ids.response,
        usage: {
          input_tokens: 120,
          input_tokens_details: { cached_tokens: 0 },
          output_tokens: outputTokens,
          output_tokens_details: { reasoning_tokens: 0 },
          total_tokens: 120 + outputTokens,
        },
      },
    },
  ] satisfies readonly ModelEvent[];
}

/** One server-sent event. */
export function toSse(event: ModelEvent): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** Whether that is an event: an object with a type. */
export function isModelEvent(value: unknown): value is ModelEvent {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}
