/** What became of each repair: as lines for a person, and as JSON. */
import type { RepairResult } from '../../doctor/repair.ts';
import type { Recovery } from '../../storage/journal.ts';
import type { FindingStyle } from './findings.ts';
import { hang, tildeText } from './layout.ts';
import { type LineChange, previewStep } from './preview.ts';
import { redacted } from './redacted.ts';
import { describeStep } from './steps.ts';
import type { Style, Terminal } from './terminal.ts';

/** What an interrupted command had left, and what became of it; empty when there was nothing. */
export function renderRecovered(recovered: readonly Recovery[], terminal: Terminal): string {
  return recovered
    .map((one) => {
      const mark = terminal.paint('yellow', '▲');
      if (one.kind === 'blocked') {
        return `${mark} An interrupted repair still has process ${one.pid} at work: ${one.summary} (${one.id})\n`;
      }
      const left =
        one.left.length === 0 ? '' : ` Not touched, because it was changed since: ${one.left.join(', ')}.`;
      return `${mark} An interrupted ${one.kind === 'undone' ? 'undo was finished' : 'repair was taken back'}: ${one.summary} (${one.id}).${left}\n`;
    })
    .join('');
}

interface Told {
  readonly result: 'repaired' | 'planned' | 'declined' | 'refused' | 'rolled-back' | 'gone';
  readonly text: string;
  readonly reason?: string;
  readonly journalId?: string;
}

const MARK: Readonly<Record<Told['result'], { readonly symbol: string; readonly style: Style }>> = {
  repaired: { symbol: '✔', style: 'green' },
  planned: { symbol: '○', style: 'cyan' },
  gone: { symbol: '✔', style: 'green' },
  declined: { symbol: '–', style: 'dim' },
  refused: { symbol: '✖', style: 'red' },
  'rolled-back': { symbol: '✖', style: 'red' },
};

/** A block of lines for one repair. */
export async function renderRepair(
  result: RepairResult,
  terminal: Terminal,
  style: FindingStyle,
): Promise<string> {
  const { paint, width } = terminal;
  const told = tell(result);
  const mark = MARK[told.result];
  const wrap = (text: string, indent: number) => hang(tildeText(text, style.userHome), width, indent);
  const lines = [
    `${paint(mark.style, mark.symbol)} ${wrap(told.text, 2)}  ${paint('dim', result.finding.id)}`,
  ];
  if (result.plan !== null && (told.result === 'planned' || style.verbose)) {
    for (const step of result.plan.steps) {
      lines.push(`    ${paint('dim', '·')} ${wrap(describeStep(step), 6)}`);
      if (told.result === 'planned') lines.push(...renderPreview(await previewStep(step), terminal));
    }
  }
  if (told.reason !== undefined) lines.push(`  ${wrap(told.reason, 2)}`);
  if (told.result === 'repaired')
    lines.push(paint('dim', `  checked again: gone. Undo: steward undo ${told.journalId}`));
  return `${lines.join('\n')}\n`;
}

/** Removed and added lines, as in a diff. */
export function renderPreview(changes: readonly LineChange[], { paint }: Terminal): readonly string[] {
  return changes.map(({ kind, text }) =>
    kind === 'removed' ? paint('red', `      - ${text}`) : paint('green', `      + ${text}`),
  );
}

/** The same for `--json`. */
export function repairToJson(result: RepairResult): Readonly<Record<string, unknown>> {
  const told = tell(result);
  return {
    id: result.finding.id,
    subject: result.finding.subject,
    repairId: result.plan?.repairId ?? result.finding.fix.repairId,
    result: told.result,
    reason: told.reason ?? null,
    journalId: told.journalId ?? null,
    steps: result.plan?.steps.map(describeStep) ?? [],
  };
}

function tell(result: RepairResult): Told {
  return redacted(toldOf(result));
}

function toldOf(result: RepairResult): Told {
  const summary = result.plan?.summary ?? result.finding.fix.summary;
  switch (result.kind) {
    case 'planned':
      return { result: 'planned', text: `would: ${summary}` };
    case 'declined':
      return {
        result: 'declined',
        text: `left alone: ${result.finding.title}`,
        reason: 'It needs your consent: answer yes, or add --yes.',
      };
    case 'gone':
      return { result: 'gone', text: `already gone: ${result.finding.title}` };
    case 'refused':
      return { result: 'refused', text: `not repaired: ${result.finding.title}`, reason: result.reason };
    case 'done':
      switch (result.outcome.kind) {
        case 'repaired':
          return { result: 'repaired', text: summary, journalId: result.outcome.id };
        case 'refused':
          return {
            result: 'refused',
            text: `not repaired: ${result.finding.title}`,
            reason: result.outcome.reason,
          };
        case 'rolled-back':
          return {
            result: 'rolled-back',
            text: `tried and taken back: ${result.finding.title}`,
            reason: result.outcome.reason,
            journalId: result.outcome.id,
          };
      }
  }
}
