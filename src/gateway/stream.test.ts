import { describe, expect, test } from 'vitest';
import { createAnswerFacts } from './answer-facts.ts';
import { createStreamGuard } from './stream-guard.ts';
import { createStreamTap } from './stream-tap.ts';

const now = () => 1_800_000_000_000;
const sse = (event: { type: string; [name: string]: unknown }, named = true) =>
  `${named ? `event: ${event.type}\n` : ''}data: ${JSON.stringify(event)}\n\n`;
const CREATED = { type: 'response.created', response: { id: 'r', instructions: 'é'.repeat(300) } };
const DELTA = { type: 'response.output_text.delta', delta: 'talk of "error" and response.completed' };
const COMPLETED = {
  type: 'response.completed',
  response: {
    id: 'resp_1',
    usage: { input_tokens: 7, output_tokens: 3, input_tokens_details: { cached_tokens: 2 } },
  },
};
const REASONING = {
  type: 'response.output_item.done',
  item: { type: 'reasoning', encrypted_content: 'gAAA' },
};

/** Every way of cutting a stream into chunks of that size. */
function chunks(text: string, size: number): Buffer[] {
  const bytes = Buffer.from(text);
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
    bytes.subarray(at * size, (at + 1) * size),
  );
}

describe('the tap', () => {
  const text = [CREATED, DELTA, REASONING, DELTA, COMPLETED].map((event) => sse(event)).join('');
  test.each([1, 7, 64, 1000, 100_000])(
    'reads id, tokens and encrypted items in chunks of %i bytes',
    (size) => {
      const facts = createAnswerFacts();
      const tap = createStreamTap(facts, now);
      for (const chunk of chunks(text, size)) tap.push(chunk);
      tap.end();
      expect(facts).toEqual({
        responseId: 'resp_1',
        usage: { inputTokens: 7, cachedInputTokens: 2, outputTokens: 3, reasoningTokens: 0 },
        ending: 'response.completed',
        failure: null,
        encrypted: ['gAAA'],
      });
    },
  );

  test.each([
    ['without event names', sse(DELTA, false) + sse(COMPLETED, false)],
    ['with a comment after the end', `${sse(DELTA)}${sse(COMPLETED)}: bye\n\n`],
    ['with Windows line ends', (sse(DELTA) + sse(COMPLETED)).replaceAll('\n', '\r\n')],
    ['without the last blank line', (sse(DELTA) + sse(COMPLETED)).trimEnd()],
  ])('reads a stream %s', (_name, stream) => {
    const facts = createAnswerFacts();
    const tap = createStreamTap(facts, now);
    for (const chunk of chunks(stream, 40)) tap.push(chunk);
    tap.end();
    expect(facts.responseId).toBe('resp_1');
  });

  test('a failure after the beginning is known', () => {
    const facts = createAnswerFacts();
    const tap = createStreamTap(facts, now);
    const failed = {
      type: 'response.failed',
      response: { error: { code: 'rate_limit_exceeded', message: 'x' } },
    };
    tap.push(Buffer.from(sse(DELTA) + sse(failed)));
    expect(facts.failure).toMatchObject({ code: 'rate_limit_exceeded' });
  });

  test('nonsense is as good as nothing', () => {
    const facts = createAnswerFacts();
    const tap = createStreamTap(facts, now);
    tap.push(
      Buffer.from('event: response.completed\ndata: {"response":{"id":5,"usage":{"input_tokens":-1}}}\n\n'),
    );
    tap.push(Buffer.from('event: response.completed\ndata: {{{\n\n'));
    tap.end();
    expect([facts.responseId, facts.usage]).toEqual([
      null,
      { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0, reasoningTokens: 0 },
    ]);
  });
});

describe('the guard', () => {
  const progress = { type: 'response.in_progress', response: {} };
  test.each([1, 13, 5000])(
    'opens with the first event that shows something, in chunks of %i bytes',
    (size) => {
      const guard = createStreamGuard(now);
      const beginning = `: hello\n\n${sse(CREATED)}${sse(progress)}${sse({ type: 'codex.rate_limits' })}`;
      for (const chunk of chunks(beginning, size)) expect(guard.push(chunk).kind).toBe('holding');
      const states = chunks(sse(DELTA), size).map((chunk) => guard.push(chunk).kind);
      expect(states.at(-1)).toBe('open');
      expect(Buffer.concat(guard.held()).toString()).toBe(beginning + sse(DELTA));
    },
  );

  test('fails on a failure before that, and not on one after it', () => {
    const failed = { type: 'response.failed', response: { error: { code: 'server_is_overloaded' } } };
    const guard = createStreamGuard(now);
    expect(guard.push(Buffer.from(sse(CREATED) + sse(failed)))).toMatchObject({
      kind: 'failed',
      failure: { code: 'server_is_overloaded' },
    });
    expect(createStreamGuard(now).push(Buffer.from(sse(DELTA) + sse(failed))).kind).toBe('open');
  });

  test('an event of an unknown type counts as shown, and so does an answer without deltas', () => {
    expect(createStreamGuard(now).push(Buffer.from(sse({ type: 'response.news' }))).kind).toBe('open');
    expect(createStreamGuard(now).push(Buffer.from(sse(COMPLETED, false))).kind).toBe('open');
  });

  test('a beginning that never ends is let through', () => {
    const guard = createStreamGuard(now);
    const filler = Buffer.from(`: ${'x'.repeat(1024 * 1024)}\n\n`);
    expect([1, 2, 3, 4].map(() => guard.push(filler).kind)).toEqual([
      'holding',
      'holding',
      'holding',
      'open',
    ]);
  });
});
