import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { createLineReader, readAllInput } from './line-reader.ts';

const never = new AbortController().signal;

test('gives lines one at a time, also those that came before anybody asked, then null', async () => {
  const input = new PassThrough();
  const reader = createLineReader(input);
  input.write('one\r\ntw');
  expect(await reader.next(never)).toBe('one');
  const second = reader.next(never);
  input.end('o\nlast without a newline');
  expect(await second).toBe('two');
  expect(await reader.next(never)).toBe('last without a newline');
  expect(await reader.next(never)).toBeNull();
});

test('stops waiting when it is told to, and loses no line by that', async () => {
  const input = new PassThrough();
  const reader = createLineReader(input);
  const stop = new AbortController();
  const waiting = reader.next(stop.signal);
  stop.abort(new Error('stopped'));
  await expect(waiting).rejects.toThrow('stopped');
  await expect(reader.next(stop.signal)).rejects.toThrow('stopped');
  input.write('still here\n');
  expect(await reader.next(never)).toBe('still here');
  reader.close();
});

test('reads all there is, without the newline at its end', async () => {
  const input = new PassThrough();
  input.end('a\n\nb\n');
  expect(await readAllInput(input, never)).toBe('a\n\nb');
});
