/** `steward signal`: say how a fix did; list, export and import what was said. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type CodexScope, resolveCodexHome } from '../../codex/home.ts';
import { EXIT, messageOf, StewardError } from '../../errors.ts';
import { type SignalVerdict, signalWords, VERDICTS } from '../../evidence/signals/signal.ts';
import {
  addForeignSignals,
  addSignal,
  readSignalSummaries,
  readSignals,
} from '../../evidence/signals/store.ts';
import { parseSignals, renderSignals } from '../../evidence/signals/transfer.ts';
import { createHost } from '../../host.ts';
import { failureEntry } from '../../knowledge/catalogue.ts';
import { FAILURE_IDS, isFailureId } from '../../knowledge/ids.ts';
import { nearestNames } from '../../nearest.ts';
import { writeFileAtomic } from '../../storage/atomic-file.ts';
import { redact } from '../../storage/redact.ts';
import type { CommandDeps } from '../main.ts';
import { count, hang } from '../render/layout.ts';

export interface SignalOptions {
  readonly json?: boolean;
}

function openScope({ signal }: CommandDeps): CodexScope {
  const host = createHost();
  return { host, home: resolveCodexHome(host), signal };
}

/** Keeps the verdict on the fix of that failure. Throws `ERR_SIGNAL_ID`, `ERR_SIGNAL_VERDICT` for unknown words. */
export async function runSignal(
  id: string | undefined,
  verdict: string | undefined,
  options: SignalOptions,
  deps: CommandDeps,
): Promise<number> {
  if (id === undefined) return runSignalList(options, deps);
  const failureId = isFailureId(id)
    ? id
    : refuse('ERR_SIGNAL_ID', `there is no failure called ${id}`, id, FAILURE_IDS);
  const word = verdictOf(verdict);
  const scope = openScope(deps);
  const signal = await addSignal(scope, { failureId, word });
  const summary = (await readSignalSummaries(scope)).get(failureId);
  const words = summary === undefined ? '' : signalWords(summary);
  const { terminal } = deps;
  if (options.json) {
    terminal.out(`${JSON.stringify({ schemaVersion: 1, command: 'signal', signal, summary }, null, 2)}\n`);
  } else {
    terminal.out(`${terminal.paint('green', '✔')} ${failureEntry(failureId).title}: ${words}\n`);
  }
  return EXIT.ok;
}

function verdictOf(word: string | undefined): SignalVerdict {
  const plain = word?.toLowerCase().replaceAll(/[\s_]+/g, '-');
  const found = VERDICTS.find(
    (verdict) => verdict === plain || (plain === 'reproducible' && verdict === 'verified'),
  );
  if (found !== undefined) return found;
  const message = word === undefined ? 'the verdict is missing' : `"${word}" is no verdict`;
  return refuse('ERR_SIGNAL_VERDICT', message, word ?? '', VERDICTS);
}

function refuse(code: string, message: string, word: string, known: readonly string[]): never {
  const near = nearestNames(word, known);
  const hint =
    near.length > 0
      ? `Did you mean ${near.join(' or ')}?`
      : `Say one of: ${known === VERDICTS ? VERDICTS.join(', ') : 'the ids that `steward doctor` and `steward explain` show'}.`;
  throw new StewardError(code, 'user', message, { hint, exitCode: EXIT.usage });
}

/** Lists what was said, a line a failure. */
export async function runSignalList(options: SignalOptions, deps: CommandDeps): Promise<number> {
  const { terminal } = deps;
  const summaries = [...(await readSignalSummaries(openScope(deps))).values()];
  if (options.json) {
    terminal.out(`${JSON.stringify({ schemaVersion: 1, command: 'signal list', summaries }, null, 2)}\n`);
  } else if (summaries.length === 0) {
    terminal.out(`Nothing was said yet. After a fix: steward signal ID ${VERDICTS.join('|')}\n`);
  } else {
    for (const summary of summaries) {
      const text = hang(signalWords(summary), terminal.width, 2);
      terminal.out(`${terminal.paint('bold', summary.failureId)}\n  ${text}\n`);
    }
  }
  return EXIT.ok;
}

/** Writes all signals to a file, or to standard output. Throws `ERR_STORAGE_FILE`. */
export async function runSignalExport(
  options: { readonly out?: string },
  deps: CommandDeps,
): Promise<number> {
  const scope = openScope(deps);
  const { signals } = await readSignals(scope);
  const text = renderSignals(signals);
  if (options.out === undefined) {
    deps.terminal.out(text);
    return EXIT.ok;
  }
  const path = resolve(scope.host.cwd, options.out);
  await writeFileAtomic(path, text, { mode: 0o600 });
  deps.terminal.out(`${count(signals.length, 'signal')} written to ${path}\n`);
  return EXIT.ok;
}

/** Adds the signals of a file. Throws `ERR_SIGNAL_FILE`. */
export async function runSignalImport(
  file: string,
  options: SignalOptions,
  deps: CommandDeps,
): Promise<number> {
  const scope = openScope(deps);
  const path = resolve(scope.host.cwd, file);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new StewardError('ERR_SIGNAL_FILE', 'user', `${path} cannot be read: ${messageOf(error)}`, {
      hint: '`steward signal export --out FILE` writes such a file.',
      cause: error,
    });
  });
  const { signals, skipped } = parseSignals(text);
  const added = await addForeignSignals(scope, signals);
  const known = signals.length - added;
  if (options.json) {
    deps.terminal.out(
      `${JSON.stringify({ schemaVersion: 1, command: 'signal import', added, known, skipped })}\n`,
    );
  } else {
    const rest = skipped === 0 ? '' : `, ${count(skipped, 'row')} left out: not known to this version`;
    deps.terminal.out(redact(`${count(added, 'signal')} added, ${known} here already${rest}\n`));
  }
  return EXIT.ok;
}
