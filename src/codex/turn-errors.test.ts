import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makePlainHome, type PlainHome } from '../../test/support/plain-home.ts';
import type { LogLine } from './log-files.ts';
import { recentTurnErrors } from './turn-errors.ts';

let home: PlainHome;
beforeEach(async () => {
  home = await makePlainHome();
  await mkdir(join(home.path, 'sessions/2026/11/21'), { recursive: true });
});
afterEach(() => home.remove());

async function read(): Promise<readonly LogLine[]> {
  const lines: LogLine[] = [];
  for await (const line of recentTurnErrors(home.context())) lines.push(line);
  return lines;
}

const event = (type: string, more: object, timestamp = new Date().toISOString()) =>
  JSON.stringify({ timestamp, ordinal: 1, type: 'event_msg', payload: { type, ...more } });

it('says what ended a turn, and nothing that was said in it', async () => {
  const path = await home.write(
    'sessions/2026/11/21/rollout-a.jsonl',
    [
      event('user_message', { message: 'why "task_complete" and "error":{ secret plan' }),
      event('task_complete', { last_agent_message: 'hello', error: null }),
      event('task_complete', { last_agent_message: null, error: { message: 'stream\ndisconnected req_1' } }),
      event('task_complete', { error: { message: 'long ago' } }, '2020-01-01T00:00:00Z'),
      '{"timestamp":"2026-11-21T00:00:00Z","type":"event_msg","payload":{"type":"task_complete","error":{',
    ].join('\n'),
  );
  expect(await read()).toEqual([
    {
      atMs: expect.any(Number),
      source: 'log',
      where: `${path}:3`,
      text: expect.stringMatching(/^\S+Z ERROR codex_core::session::turn: stream disconnected req_1$/),
    },
  ]);
});

it('is nothing in a home without sessions', async () => {
  expect(await read()).toEqual([]);
});
