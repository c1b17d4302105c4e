/**
 * What Codex itself complained about lately, matched against the catalogue. A line in a log proves that something happened,
 * not that it still does: so never more than a warning, and nothing that was answered since.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type LogLine, recentLogLines } from '../../codex/log-files.ts';
import { failureEntry } from '../../knowledge/catalogue.ts';
import { finding } from '../../knowledge/finding.ts';
import { FAILURE_IDS, type FailureId } from '../../knowledge/ids.ts';
import { type LogMatch, matchLogLines } from '../../knowledge/matcher/log-lines.ts';
import type { Check, CheckContext, FoundProblem } from '../check.ts';
import { LOG_SUBJECT } from '../log-subject.ts';

/** Older lines say little about today. */
const LOOK_BACK_MS = 24 * 3600 * 1000;
/** A failure this fresh may still be going on. */
const FRESH_MS = 2 * 3600 * 1000;
/** The failures named; the rest is counted. */
const MAX_NAMED = 6;
/** `remote` failures have their own check, which also reads what followed them. */
const LEFT_TO_OTHERS = /^(?:remote\.|doctor\.|none$)/;

export const logsCheck: Check = {
  id: 'steward.logs',
  category: 'logs',
  title: 'recent logs',
  finds: FAILURE_IDS.filter((id) => !LEFT_TO_OTHERS.test(id)),
  timeoutMs: 10_000,
  async run(context) {
    let lines = 0;
    const since = context.host.now() - LOOK_BACK_MS;
    const matches = await matchLogLines(
      counted(recentLogLines(context), since, () => {
        lines += 1;
      }),
    );
    const renewedAt = await renewals(context);
    const current = matches.filter(
      (match) => !LEFT_TO_OTHERS.test(match.id) && !isAnswered(match, renewedAt),
    );
    const details: Record<string, string> = { 'lines read': String(lines), 'looked back': '24 hours' };
    for (const match of matches) details[match.id] = `${match.count} ×, last ${timeText(match.lastAtMs)}`;
    if (lines === 0)
      return { status: 'ok', summary: 'no log lines of the last 24 hours', details, problems: [] };
    return {
      status: current.length > 0 ? 'problems' : 'ok',
      summary: summarise(lines, matches.length, current.length),
      details,
      problems: current.slice(0, MAX_NAMED).map((match) => problemOf(match, context.host.now())),
    };
  },
};

async function* counted(
  lines: AsyncIterable<LogLine>,
  since: number,
  count: () => void,
): AsyncGenerator<LogLine> {
  for await (const line of lines) {
    if (line.atMs < since) continue;
    count();
    yield line;
  }
}

/** When the files that answer a family of failures were last written: a new login answers old refusals. */
async function renewals({ home }: CheckContext): Promise<Readonly<Record<string, number>>> {
  const [auth, config] = await Promise.all(
    ['auth.json', 'config.toml'].map((name) =>
      stat(join(home.path, name)).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0, // not there: it answers nothing, and the checks of login and config say what that means
      ),
    ),
  );
  return { auth: auth ?? 0, config: config ?? 0 };
}

function isAnswered(match: LogMatch, renewedAt: Readonly<Record<string, number>>): boolean {
  const family = match.id.slice(0, match.id.indexOf('.'));
  return match.lastAtMs !== null && (renewedAt[family] ?? 0) > match.lastAtMs;
}

function problemOf(match: LogMatch, now: number): FoundProblem {
  const fresh = match.lastAtMs !== null && now - match.lastAtMs <= FRESH_MS;
  const times = match.count === 1 ? 'once' : `${match.count} times`;
  return {
    finding: finding(match.id as FailureId, {
      subject: LOG_SUBJECT,
      severity: fresh ? 'warn' : 'info',
      cause: `Codex logged this ${times} in the last 24 hours, last at ${timeText(match.lastAtMs)}. ${failureEntry(match.id).cause}`,
      evidence: [{ source: match.source === 'db' ? 'db' : 'log', where: match.where, what: match.sample }],
      confidence: fresh ? 0.8 : 0.6,
    }),
  };
}

function summarise(lines: number, seen: number, current: number): string {
  if (seen === 0) return `${lines} lines of the last 24 hours, no known failure in them`;
  const answered = seen - current;
  const parts = [
    `${current} known ${current === 1 ? 'failure' : 'failures'} in ${lines} lines of the last 24 hours`,
  ];
  if (answered > 0) parts.push(`${answered} looked at elsewhere or answered since`);
  return parts.join('; ');
}

function timeText(atMs: number | null): string {
  return atMs === null
    ? 'a time not logged'
    : new Date(atMs).toISOString().replace('T', ' ').slice(0, 16).concat(' UTC');
}
