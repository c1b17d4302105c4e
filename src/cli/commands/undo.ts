/** `steward undo`: takes a repair back, the latest or the one named. */
import { resolveCodexHome } from '../../codex/home.ts';
import { EXIT } from '../../errors.ts';
import { createHost } from '../../host.ts';
import type { HistoryEntry, Journal } from '../../storage/journal.ts';
import { openJournal } from '../journal.ts';
import type { CommandDeps } from '../main.ts';
import { hang, tildeText } from '../render/layout.ts';
import { redacted } from '../render/redacted.ts';

export interface UndoOptions {
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** Undoes and returns the exit code: 1 when it was refused. */
export async function runUndo(
  id: string | undefined,
  options: UndoOptions,
  { terminal, signal }: CommandDeps,
): Promise<number> {
  const host = createHost();
  const journal = openJournal({ host, home: resolveCodexHome(host), signal });
  const entry = await chosen(journal, id);
  if (options.dryRun) {
    const preview = { schemaVersion: 1, command: 'undo', dryRun: true, wouldUndo: entry ?? null };
    if (options.json) terminal.out(`${JSON.stringify(preview, null, 2)}\n`);
    else if (entry === undefined) terminal.out('There is no repair to undo.\n');
    else
      terminal.out(
        tildeText(
          `Would take back ${entry.id}: ${entry.summary}\n${entry.steps.map((step) => `  · ${step}\n`).join('')}`,
          host.userHome,
        ),
      );
    return entry === undefined ? EXIT.problems : EXIT.ok;
  }
  const outcome = redacted(id === undefined ? await journal.undoLatest() : await journal.undo(id));
  if (options.json) {
    terminal.out(
      `${JSON.stringify({ schemaVersion: 1, command: 'undo', dryRun: false, ...outcome }, null, 2)}\n`,
    );
  } else if (outcome.kind === 'undone') {
    const what = entry === undefined ? outcome.id : `${entry.summary} (${outcome.id})`;
    terminal.out(
      `${terminal.paint('green', '✔')} ${hang(tildeText(`taken back: ${what}`, host.userHome), terminal.width, 2)}\n`,
    );
    for (const step of outcome.notUndone)
      terminal.out(`  ${terminal.paint('yellow', '▲')} ${hang(step, terminal.width, 4)}\n`);
  } else {
    terminal.out(
      `${terminal.paint('red', '✖')} ${hang(tildeText(`not undone: ${outcome.reason}`, host.userHome), terminal.width, 2)}\n`,
    );
    terminal.out(`  ${terminal.paint('cyan', '→')} steward history\n`);
  }
  return outcome.kind === 'undone' ? EXIT.ok : EXIT.problems;
}

/** The entry that would be undone, for its words. */
async function chosen(journal: Journal, id: string | undefined): Promise<HistoryEntry | undefined> {
  const entries = redacted(await journal.history());
  return entries.find((entry) => (id === undefined ? entry.state === 'repaired' : entry.id === id));
}
