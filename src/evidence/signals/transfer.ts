/** The file in which a team passes signals on: what worked, how often, on machines without a name. Nothing else is in it. */
import * as v from 'valibot';
import { StewardError } from '../../errors.ts';
import { FAILURE_IDS } from '../../knowledge/ids.ts';
import type { Signal } from './signal.ts';
import { idOf, SIGNAL_WORDS } from './store.ts';

const Name = v.pipe(v.string(), v.regex(/^[A-Za-z0-9._-]{1,80}$/));
const SignalSchema = v.object({
  failureId: v.picklist(FAILURE_IDS),
  word: v.picklist(SIGNAL_WORDS),
  occasion: Name,
  atMs: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(8.64e15)),
  machine: Name,
});
const FileSchema = v.object({
  schemaVersion: v.literal(1),
  kind: v.literal('codex-steward signals'),
  signals: v.array(v.unknown()),
});

/** The text of the file. */
export function renderSignals(signals: readonly Signal[]): string {
  const rows = signals.map(({ failureId, word, occasion, atMs, machine }) => ({
    failureId,
    word,
    occasion,
    atMs,
    machine,
  }));
  return `${JSON.stringify({ schemaVersion: 1, kind: 'codex-steward signals', signals: rows }, null, 2)}\n`;
}

export interface ParsedSignals {
  readonly signals: readonly Signal[];
  /** Rows about failures or words that this version does not know, or that are no signals. */
  readonly skipped: number;
}

/** The signals of such a file. Throws `ERR_SIGNAL_FILE` for another file. */
export function parseSignals(text: string): ParsedSignals {
  const file = v.safeParse(FileSchema, parseJson(text));
  if (!file.success)
    throw new StewardError('ERR_SIGNAL_FILE', 'user', 'that is not a file of signals', {
      hint: '`steward signal export` writes one.',
    });
  const signals = file.output.signals.flatMap((row) => {
    const parsed = v.safeParse(SignalSchema, row);
    if (!parsed.success) return [];
    const { machine, failureId, occasion, word } = parsed.output;
    return [{ ...parsed.output, id: idOf(machine, failureId, occasion, word) }];
  });
  return { signals, skipped: file.output.signals.length - signals.length };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the schema refuses it
  }
}
