import { describe, expect, test } from 'vitest';
import { createEncryptedBook, stripBody, stripInput } from './encrypted-items.ts';

const secret = (name: string) => `gAAAA${'x'.repeat(60)}${name}`;
const reasoning = (name: string) => ({ type: 'reasoning', summary: [], encrypted_content: secret(name) });
const said = { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'hi' }] };
const strip = (input: unknown[], book = createEncryptedBook(), mode: 'known' | 'all' = 'known') =>
  stripInput(input, book, { account: 'b', threadId: 't', mode });

describe('a thread that moves from one account to another', () => {
  test('leaves out the reasoning of the former, and keeps that of the new one', () => {
    const book = createEncryptedBook();
    book.note('t', 'a', [secret('old')]);
    expect(book.isMixed('t', 'a')).toBe(false);
    expect(book.isMixed('t', 'b')).toBe(true);
    book.note('t', 'b', [secret('new')]);
    expect(strip([said, reasoning('old'), said, reasoning('new')], book)).toEqual({
      kind: 'changed',
      dropped: 1,
      input: [said, said, reasoning('new')],
    });
  });

  test('what nobody knows stays until the server refuses it, and is left out from then on', () => {
    const book = createEncryptedBook();
    expect(strip([reasoning('unknown')], book)).toEqual({ kind: 'unchanged' });
    expect(strip([reasoning('unknown'), said], book, 'all')).toMatchObject({
      kind: 'changed',
      input: [said],
    });
    expect(book.isMixed('t', 'b')).toBe(true);
    expect(strip([reasoning('unknown'), said], book)).toMatchObject({ kind: 'changed', input: [said] });
  });

  test('cannot leave behind a compacted history', () => {
    const book = createEncryptedBook();
    book.note('t', 'a', [secret('history')]);
    const history = { type: 'compaction', encrypted_content: secret('history') };
    expect(strip([history, said], book)).toEqual({ kind: 'impossible', owner: 'a' });
    const nested = {
      type: 'agent_message',
      content: [{ type: 'encrypted_content', encrypted_content: secret('history') }],
    };
    expect(strip([nested], book)).toEqual({ kind: 'impossible', owner: 'a' });
    expect(strip([{ ...history, encrypted_content: secret('x') }], book, 'all')).toEqual({
      kind: 'impossible',
      owner: null,
    });
  });
});

test('a body keeps everything else as it was', () => {
  const book = createEncryptedBook();
  book.note('t', 'a', [secret('old')]);
  const body = { model: 'm', input: [reasoning('old'), said], stream: true, extra: { n: 1 } };
  const outcome = stripBody(Buffer.from(JSON.stringify(body)), book, {
    account: 'b',
    threadId: 't',
    mode: 'known',
  });
  expect(outcome.kind === 'changed' && JSON.parse(outcome.bytes.toString())).toEqual({
    ...body,
    input: [said],
  });
  const plain = Buffer.from('{"model":"m","input":"text"}');
  expect(stripBody(plain, book, { account: 'b', threadId: 't', mode: 'all' })).toEqual({ kind: 'unchanged' });
});
