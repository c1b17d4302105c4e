/** `steward explain`: an error text, a file, standard input or Codex's own logs, to cause and fix. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import process from 'node:process';
import { resolveCodexHome } from '../../codex/home.ts';
import { recentLogLines } from '../../codex/log-files.ts';
import { EXIT, StewardError } from '../../errors.ts';
import { createHost, type Host } from '../../host.ts';
import { createMatcher, type Matcher } from '../../knowledge/matcher/matcher.ts';
import type { Explanation } from '../../knowledge/matcher/verdict.ts';
import { redactValue } from '../../storage/redact.ts';
import { confirmOnMachine } from '../confirm.ts';
import type { CommandDeps } from '../main.ts';
import { renderExplanation } from '../render/explanation.ts';
import { count } from '../render/layout.ts';
import { startProgress } from '../render/progress.ts';
import type { Terminal } from '../render/terminal.ts';

export interface ExplainOptions {
  readonly last?: boolean;
  readonly json?: boolean;
}

/** Explains and returns the exit code: 0 for a match, 1 when it is unsure or not about Codex. */
export async function runExplain(
  words: readonly string[],
  options: ExplainOptions,
  { terminal, signal }: CommandDeps,
): Promise<number> {
  const host = createHost();
  const explanation = await explainInput(createMatcher(), words, options, host, terminal, signal);
  const confirmed = await confirmOnMachine(explanation, host, signal);
  if (options.json) {
    const payload = { schemaVersion: 1, command: 'explain', ...explanation, matches: confirmed };
    terminal.out(`${JSON.stringify(redactValue(payload), null, 2)}\n`);
  } else {
    terminal.out(
      renderExplanation(explanation, confirmed, terminal, {
        userHome: host.userHome,
        platform: host.platform,
      }),
    );
  }
  return explanation.verdict === 'match' ? EXIT.ok : EXIT.problems;
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
  if (words.length === 1 && only !== undefined && (await isFile(only))) {
    return withProgress(matcher, createReadStream(only, { highWaterMark: 1024 * 1024 }), terminal, signal);
  }
  return matcher.explainText(words.join(' '));
}

/** The logs, newest line first in importance: the matcher keeps order by the time that stands in each line. */
async function* lastLines(host: Host, signal: AbortSignal): AsyncGenerator<string> {
  for await (const line of recentLogLines({ host, home: resolveCodexHome(host), signal })) {
    yield `${new Date(line.atMs).toISOString()} ${line.text}\n`;
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
