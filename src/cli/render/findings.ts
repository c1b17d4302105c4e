/** Findings as a person wants to read them: worst first, cause in one sentence, evidence, the exact next step. */
import type { Finding, Severity } from '../../knowledge/finding.ts';
import type { Actor } from '../../knowledge/types.ts';
import { hang, tildeText } from './layout.ts';
import type { Style, Terminal } from './terminal.ts';

const MARK: Readonly<Record<Severity, { readonly symbol: string; readonly style: Style }>> = {
  fail: { symbol: '✖', style: 'red' },
  warn: { symbol: '▲', style: 'yellow' },
  info: { symbol: '●', style: 'cyan' },
};

const WHO: Readonly<Record<Actor, string>> = {
  steward: 'steward can repair this',
  you: 'you',
  admin: 'an admin of your workspace',
  wait: 'nobody: it passes by itself',
  nobody: 'nobody: it is not to be worked around',
};

/** How many pieces of evidence are shown unless everything is asked for. */
const EVIDENCE_SHOWN = 2;

export interface FindingStyle {
  readonly userHome: string;
  readonly verbose: boolean;
  /** What was said about the fixes of these failures, by id: "worked 3 of 3 times here". */
  readonly signals?: ReadonlyMap<string, string>;
}

/** One finding as a block of lines, ending with a newline. */
export function renderFinding(finding: Finding, terminal: Terminal, style: FindingStyle): string {
  const { paint, width } = terminal;
  const mark = MARK[finding.severity];
  const lines = [
    `${paint(mark.style, mark.symbol)} ${paint('bold', finding.title)}  ${paint('dim', finding.id)}`,
    `  ${hang(tildeText(finding.cause, style.userHome), width, 2)}`,
  ];
  const row = (label: string, text: string, indent = 11) =>
    lines.push(`  ${paint('dim', label.padEnd(9))}${hang(tildeText(text, style.userHome), width, indent)}`);

  const shown = style.verbose ? finding.evidence : finding.evidence.slice(0, EVIDENCE_SHOWN);
  shown.forEach((evidence, index) => {
    row(
      index === 0 ? 'seen' : '',
      evidence.what === '' ? evidence.where : `${evidence.where}: ${evidence.what}`,
    );
  });
  const hidden = finding.evidence.length - shown.length;
  if (hidden > 0) row('', `… and ${hidden} more (--verbose)`);
  if (finding.confidence < 0.7) row('sure?', 'not certain: the evidence fits, but does not prove it');

  if (finding.actor !== 'steward') row('who', WHO[finding.actor]);
  row('fix', finding.fix.summary);
  const steps = finding.fix.repairId === null || style.verbose ? finding.fix.steps : [];
  steps.forEach((step, index) => {
    if (steps.length === 1) row('', step);
    else row('', `${index + 1}. ${step}`, 14);
  });
  if (finding.fix.command !== null) row('run', paint('cyan', finding.fix.command));
  const said = style.signals?.get(finding.id);
  if (said !== undefined) row('so far', said);
  if (style.verbose && finding.references.length > 0) row('see', finding.references.join(', '));
  return `${lines.join('\n')}\n`;
}
