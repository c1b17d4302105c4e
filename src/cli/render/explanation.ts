/** The screen of `steward explain`: the cause in one sentence, why we think so, the fix, and what else it could be. */

import type { SearchTerms } from '../../evidence/search-terms.ts';
import type { Answer } from '../../knowledge/answers.ts';
import type { Explanation } from '../../knowledge/matcher/verdict.ts';
import type { ConfirmedMatch } from '../confirm.ts';
import { hang, tildeText } from './layout.ts';
import type { Terminal } from './terminal.ts';

const LINES_SHOWN = 2;

export interface ExplanationStyle {
  /** The text is Codex's own logs, not somebody's words. */
  readonly fromLogs: boolean;
  readonly userHome: string;
  readonly platform: NodeJS.Platform;
  readonly isWsl: boolean;
  /** When a used-up limit comes back, in words. */
  readonly reset: string | null;
  /** What was said about the fixes of these failures, by id. */
  readonly signals: ReadonlyMap<string, string>;
}

/** The answer to a question. */
export function renderAnswer(
  answer: Answer,
  here: string | null,
  terminal: Terminal,
  userHome: string,
): string {
  const { paint, width } = terminal;
  const lines = [paint('bold', answer.title), `  ${hang(answer.text, width, 2)}`];
  if (here !== null)
    lines.push(`  ${paint('dim', 'here'.padEnd(9))}${hang(tildeText(here, userHome), width, 11)}`);
  answer.steps.forEach((step, index) => {
    lines.push(`  ${paint('dim', (index === 0 ? 'do' : '').padEnd(9))}${hang(step, width, 11)}`);
  });
  return `${lines.join('\n')}\n`;
}

/** The whole answer, ending with a newline. */
export function renderExplanation(
  explanation: Explanation,
  matches: readonly ConfirmedMatch[],
  terminal: Terminal,
  style: ExplanationStyle,
): string {
  const { paint } = terminal;
  const [best, ...others] = matches;
  const lines: string[] = [];
  if (explanation.verdict === 'match' && best !== undefined) {
    lines.push(renderMatch(best, terminal, style));
    if (others.length > 0)
      lines.push(
        `${paint('dim', 'also fits')}\n${others.map((match) => renderOther(match, terminal)).join('\n')}\n`,
      );
  } else if (explanation.verdict === 'unsure') {
    lines.push(`${paint('yellow', '?')} ${paint('bold', 'Not sure.')} The text does not decide it.\n`);
    if (matches.length > 0)
      lines.push(`${matches.map((match) => renderOther(match, terminal)).join('\n')}\n`);
  } else {
    const what = style.fromLogs
      ? "No known failure in Codex's recent logs."
      : 'This does not look like a failure of Codex.';
    lines.push(`${paint('dim', '–')} ${paint('bold', what)} Nothing to change.\n`);
  }
  const next =
    style.fromLogs && explanation.verdict === 'not-codex'
      ? 'Paste what you see into `steward explain`; `steward doctor` looks at the whole install.'
      : explanation.next;
  if (next !== undefined) lines.push(`${paint('cyan', '→')} ${hang(next, terminal.width, 2)}\n`);
  return lines.join('\n');
}

/** Where to look next when the text did not decide it: who else has it, and how to hand it over. */
export function renderSearch({ terms, url }: SearchTerms, { paint, width }: Terminal): string {
  const row = (label: string, text: string) => `  ${paint('dim', label.padEnd(9))}${hang(text, width, 11)}`;
  const lines = terms === '' ? [] : [row('search', terms), row('', url)];
  return `${[...lines, row('send', `${paint('cyan', 'steward bundle')}  packs what a maintainer needs, without secrets`)].join('\n')}\n`;
}

function renderMatch(match: ConfirmedMatch, terminal: Terminal, style: ExplanationStyle): string {
  const { paint, width } = terminal;
  const lines = [
    `${paint('red', '✖')} ${paint('bold', match.title)}  ${paint('dim', match.evidence.length === 0 ? match.id : `${match.id} · ${Math.round(match.score * 100)} %`)}`,
    `  ${hang(match.cause, width, 2)}`,
  ];
  const row = (label: string, text: string, indent = 11) =>
    lines.push(`  ${paint('dim', label.padEnd(9))}${hang(tildeText(text, style.userHome), width, indent)}`);
  match.evidence.slice(0, LINES_SHOWN).forEach((evidence, index) => {
    row(
      index === 0 ? 'because' : '',
      `line ${evidence.line}: ${evidence.text}${evidence.count > 1 ? ` (${evidence.count} ×)` : ''}`,
    );
  });
  const here = match.onThisMachine;
  if (here.kind === 'confirmed') row('here', paint('red', `yes: ${here.finding.cause}`));
  else if (here.kind === 'not-found') row('here', 'no sign of it on this machine now');
  row('fix', match.fix.summary);
  if (style.reset !== null && match.id.startsWith('ratelimit.')) row('resets', style.reset);
  const steps = [...match.fix.steps, ...platformSteps(match, style)];
  steps.forEach((step, index) => {
    if (steps.length === 1) row('', step);
    else row('', `${index + 1}. ${step}`, 14);
  });
  match.notHelping.forEach((text, index) => {
    row(index === 0 ? 'no help' : '', text);
  });
  if (here.kind === 'confirmed' && here.finding.fix.command !== null)
    row('run', paint('cyan', here.finding.fix.command));
  const said = style.signals.get(match.id);
  if (said !== undefined) row('so far', said);
  return `${lines.join('\n')}\n`;
}

function platformSteps(match: ConfirmedMatch, { platform, isWsl }: ExplanationStyle): readonly string[] {
  const steps = match.fix.platformSteps ?? {};
  const own = platform === 'darwin' ? steps.macos : platform === 'win32' ? steps.windows : steps.linux;
  return [...(own ?? []), ...(isWsl ? (steps.wsl ?? []) : [])];
}

function renderOther(match: ConfirmedMatch, terminal: Terminal): string {
  const here = match.onThisMachine.kind === 'confirmed' ? ' (found on this machine)' : '';
  const text = `${match.title}${here}: ${match.fix.summary}`;
  return `  ${terminal.paint('dim', `${Math.round(match.score * 100)} %`.padStart(5))}  ${hang(text, terminal.width, 9)}  ${terminal.paint('dim', match.id)}`;
}
