/** `steward history`: what was changed on this Codex home, newest first. */
import { resolveCodexHome } from '../../codex/home.ts';
import { createHost } from '../../host.ts';
import type { HistoryEntry } from '../../storage/journal.ts';
import { openJournal } from '../journal.ts';
import type { CommandDeps } from '../main.ts';
import { hang, tildeText } from '../render/layout.ts';
import { redacted } from '../render/redacted.ts';
import type { Style, Terminal } from '../render/terminal.ts';

const STATE: Readonly<Record<HistoryEntry['state'], { readonly text: string; readonly style: Style }>> = {
  repaired: { text: 'in effect', style: 'green' },
  undone: { text: 'undone', style: 'dim' },
  'rolled-back': { text: 'rolled back', style: 'dim' },
  undoing: { text: 'undo interrupted: the next command finishes it', style: 'yellow' },
  unfinished: { text: 'interrupted: the next repair or undo brings it to an end', style: 'yellow' },
};

export async function runHistory(
  options: { readonly json?: boolean },
  { terminal, signal }: CommandDeps,
): Promise<number> {
  const host = createHost();
  const entries = redacted(await openJournal({ host, home: resolveCodexHome(host), signal }).history());
  if (options.json) {
    terminal.out(`${JSON.stringify({ schemaVersion: 1, command: 'history', entries }, null, 2)}\n`);
  } else if (entries.length === 0) {
    terminal.out('Nothing was changed here by steward.\n');
  } else {
    for (const entry of entries) terminal.out(renderEntry(entry, terminal, host.userHome));
    if (entries.some((entry) => entry.state === 'repaired')) {
      terminal.out(
        `${terminal.paint('cyan', '→')} ${terminal.paint('bold', 'steward undo ID')}  takes one back\n`,
      );
    }
  }
  return 0;
}

function renderEntry(entry: HistoryEntry, terminal: Terminal, userHome: string): string {
  const { paint, width } = terminal;
  const state = STATE[entry.state];
  const when = new Date(entry.startedAt).toLocaleString('sv-SE');
  const text = (line: string, indent: number) => hang(tildeText(line, userHome), width, indent);
  const lines = [
    `${paint('bold', entry.id)}  ${paint('dim', when)}  ${paint(state.style, state.text)}`,
    `  ${text(entry.summary, 2)}  ${paint('dim', entry.repairId)}`,
    ...entry.steps.map((step) => `    ${paint('dim', '·')} ${text(step, 6)}`),
    ...entry.left.map(
      (path) => `    ${paint('yellow', '▲')} ${text(`not taken back, changed since: ${path}`, 6)}`,
    ),
  ];
  return `${lines.join('\n')}\n\n`;
}
