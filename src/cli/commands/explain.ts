/** `steward explain`: an error text, a file, standard input or Codex's own logs, to cause and fix. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import process from 'node:process';
import { resolveCodexHome } from '../../codex/home.ts';
import { recentLogLines } from '../../codex/log-files.ts';
import { recentTurnErrors } from '../../codex/turn-errors.ts';
import { EXIT, StewardError } from '../../errors.ts';
import { searchTerms } from '../../evidence/search-terms.ts';
import { createHost, type Host } from '../../host.ts';
import { findAnswer } from '../../knowledge/answers.ts';
import { isFailureId } from '../../knowledge/ids.ts';
import { createMatcher, type Matcher } from '../../knowledge/matcher/matcher.ts';
import { type Explanation, explainId } from '../../knowledge/matcher/verdict.ts';
import { describeReset, readResetTime } from '../../knowledge/reset-time.ts';
import { type ConfirmedMatch, confirmOnMachine, summaryOfCheck } from '../confirm.ts';
import type { CommandDeps } from '../main.ts';
import { renderAnswer, renderExplanation, renderSearch } from '../render/explanation.ts';
import { count } from '../render/layout.ts';
import { startProgress } from '../render/progress.ts';
import { redacted } from '../render/redacted.ts';
import type { Terminal } from '../render/terminal.ts';
import { readSignalWords } from '../signals-here.ts';

export interface ExplainOptions {
  readonly last?: boolean;
  readonly json?: boolean;
}

/** Explains and returns the exit code: 0 for a match or an answered question, 1 when it is unsure or not about Codex. */
export async function runExplain(
  words: readonly string[],
  options: ExplainOptions,
  { terminal, signal }: CommandDeps,
): Promise<number> {
  const host = createHost();
  const text = words.join(' ');
  const explanation = await explainInput(createMatcher(), words, options, host, terminal, signal);
  const matches = redacted(await confirmOnMachine(explanation, host, signal));
  // What was typed may be a question rather than an error: "does quota come back".
  const isExact = (matches[0]?.score ?? 0) >= EXACT && explanation.verdict === 'match';
  const answer = isExact ? undefined : findAnswer(text);
  const here = answer?.check === undefined ? null : await summaryOfCheck(answer.check, host, signal);
  const resetsAt = resetOf(matches, text, host.now());
  const scope = { host, home: resolveCodexHome(host), signal };
  const signals = matches.length === 0 ? new Map<string, string>() : await readSignalWords(scope);
  const search = explanation.verdict === 'unsure' && answer === undefined ? searchTerms(text, matches) : null;
  if (options.json) {
    const payload = {
      schemaVersion: 1,
      command: 'explain',
      ...explanation,
      matches,
      answer: answer === undefined ? null : { ...answer, here },
      resetsAt: resetsAt === null ? null : new Date(resetsAt).toISOString(),
      signals: Object.fromEntries(
        matches.flatMap(({ id }) => (signals.has(id) ? [[id, signals.get(id)]] : [])),
      ),
      search,
    };
    terminal.out(`${JSON.stringify(redacted(payload), null, 2)}\n`);
  } else if (answer !== undefined) {
    terminal.out(renderAnswer(answer, here, terminal, host.userHome));
  } else {
    const reset = resetsAt === null ? null : describeReset(resetsAt, host.now());
    const fromLogs = options.last === true;
    const style = {
      fromLogs,
      userHome: host.userHome,
      platform: host.platform,
      isWsl: host.isWsl,
      reset,
      signals,
    };
    terminal.out(renderExplanation(explanation, matches, terminal, style));
    if (search !== null) terminal.out(renderSearch(search, terminal));
  }
  return explanation.verdict === 'match' || answer !== undefined ? EXIT.ok : EXIT.problems;
}

/** From this score on the text is an error message, not a question. */
const EXACT = 0.8;

/** The reset time that a used-up limit names, in the text or in the lines that decided it. */
function resetOf(matches: readonly ConfirmedMatch[], text: string, now: number): number | null {
  const limits = matches.filter((match) => match.id.startsWith('ratelimit.'));
  if (limits.length === 0) return null;
  const lines = limits.flatMap((match) => match.evidence.map((evidence) => evidence.text));
  return readResetTime([text, ...lines].join('\n'), now);
}

async function explainInput(
  matcher: Matcher,
  words: readonly string[],
  options: ExplainOptions,
  host: Host,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Explanation> {
  const [only] = words;
  if (options.last === true) {
    if (words.length > 0) throw usage('--last reads the logs of this machine; leave the text away.');
    return withProgress(matcher, lastLines(host, signal), terminal, signal);
  }
  if (words.length === 0 || (words.length === 1 && only === '-')) {
    if (process.stdin.isTTY === true) throw usage('There is no text to explain.');
    return withProgress(matcher, process.stdin, terminal, signal);
  }
  if (words.length === 1 && only !== undefined && isFailureId(only)) return explainId(only);
  if (words.length === 1 && only !== undefined && (await isFile(only))) {
    return withProgress(matcher, createReadStream(only, { highWaterMark: 1024 * 1024 }), terminal, signal);
  }
  return matcher.explainText(words.join(' '));
}

/** The logs, newest line first in importance: the matcher keeps order by the time that stands in each line. */
async function* lastLines(host: Host, signal: AbortSignal): AsyncGenerator<string> {
  const scope = { host, home: resolveCodexHome(host), signal };
  for (const lines of [recentLogLines(scope), recentTurnErrors(scope)]) {
    for await (const line of lines) yield `${new Date(line.atMs).toISOString()} ${line.text}\n`;
  }
}

async function withProgress(
  matcher: Matcher,
  input: AsyncIterable<Buffer | string>,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Explanation> {
  const progress = startProgress(terminal, 'reading');
  try {
    return await matcher.explainStream(input, {
      signal,
      onProgress: ({ bytes, lines }) =>
        progress.update(`${Math.round(bytes / 1024 / 1024)} MB, ${count(lines, 'line')} read`),
    });
  } finally {
    progress.stop();
  }
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false, // not a path: then it is the text itself
  );
}

function usage(message: string): StewardError {
  return new StewardError('ERR_EXPLAIN_INPUT', 'user', message, {
    hint: 'Try: codex … 2>&1 | steward explain, or steward explain "the message", or steward explain --last',
    exitCode: EXIT.usage,
  });
}
