/**
 * Turns that failed lately, as the session files tell it (Codex 0.169: the error stands in `task_complete`). `codex exec` of
 * 0.169 says it there and on standard error alone; its log database stays empty. Nothing else of a session is read out.
 */
import * as v from 'valibot';
import { readTail } from './enrollment-tail.ts';
import type { CodexScope } from './home.ts';
import type { LogLine } from './log-files.ts';
import { readSessions } from './sessions.ts';

/** Sessions looked at, those written last first. */
const MAX_SESSIONS = 12;
/** Read from the end of each: a turn that failed is the last thing that a session says, or nearly. */
const TAIL_BYTES = 64 * 1024;
const WEEK_MS = 7 * 24 * 3600 * 1000;

const FailedTurn = v.object({
  timestamp: v.string(),
  type: v.literal('event_msg'),
  payload: v.object({ type: v.literal('task_complete'), error: v.object({ message: v.string() }) }),
});

/** A line for each turn of the last seven days that failed, in the form of Codex's own text logs. */
export async function* recentTurnErrors(scope: CodexScope): AsyncGenerator<LogLine> {
  const sinceMs = scope.host.now() - WEEK_MS;
  const sessions = await readSessions(scope);
  if (sessions.kind !== 'ok') return;
  const latest = [...sessions.value.files].sort((a, b) => b.mtimeMs - a.mtimeMs).slice(0, MAX_SESSIONS);
  for (const { path, mtimeMs } of latest) {
    if (mtimeMs < sinceMs || scope.signal.aborted) return;
    const tail = await readTail(path, TAIL_BYTES);
    if (tail.kind !== 'ok') continue; // gone since it was listed, or not ours: the permission check looks at that
    for (const { text, where } of tail.value.lines) {
      if (!text.includes('"task_complete"') || !text.includes('"error":{')) continue;
      const turn = v.safeParse(FailedTurn, parsed(text));
      if (!turn.success) continue;
      const { timestamp, payload } = turn.output;
      const atMs = Date.parse(timestamp);
      if (!(atMs >= sinceMs)) continue;
      const said = payload.error.message.replace(/\s+/g, ' ');
      yield { atMs, source: 'log', where, text: `${timestamp} ERROR codex_core::session::turn: ${said}` };
    }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // a line that Codex has not written to its end
  }
}
