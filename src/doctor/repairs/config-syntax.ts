/**
 * The smallest change after which a broken `config.toml` parses again: one mistake after the other, each cured on its
 * own line where the right form is evident, else kept as a comment. Nothing is thrown away.
 */

import { parseToml } from '../../codex/toml.ts';
import { classifyTomlFault, type TomlFault } from '../../codex/toml-fault.ts';
import type { TextSplice } from '../../storage/steps.ts';
import { commentOut, commentOutTable, curesFor, isHeaderLine } from './config-syntax-cures.ts';

/** More mistakes than this mean that the file is something else. */
const MAX_MISTAKES = 25;

export interface SyntaxRepair {
  readonly text: string;
  /** What was done, in the order of the lines: `line 12: …`. */
  readonly changes: readonly string[];
}

/** A text that parses, or `null` when this way leads nowhere. */
export async function repairTomlText(broken: string): Promise<SyntaxRepair | null> {
  let text = broken;
  const changes: string[] = [];
  for (let mistake = 0; mistake < MAX_MISTAKES; mistake += 1) {
    const error = await parseToml(text);
    if (error.kind === 'ok') return { text, changes };
    const fault = classifyTomlFault(text, error);
    const cured = await firstCure(text, fault, error.line);
    if (cured === null) return null;
    text = cured.text;
    changes.push(`line ${fault.line}: ${cured.what}`);
  }
  return null;
}

/** The first candidate that lets the parser come further than before. */
async function firstCure(
  text: string,
  fault: TomlFault,
  errorLine: number,
): Promise<{ readonly text: string; readonly what: string } | null> {
  const lines = [fault.line, errorLine].map((line) => commentOut(text, line, line, fault.what));
  const table = commentOutTable(text, fault.line, fault.what);
  // Without its header, the body of a table would become part of the one above it.
  const isHeader = isHeaderLine(text, fault.line) || isHeaderLine(text, errorLine);
  const candidates = [...curesFor(text, fault), ...(isHeader ? [table] : [...lines, table])];
  const before = await parseToml(text);
  if (before.kind === 'ok') return null;
  for (const candidate of candidates) {
    if (candidate === null || candidate.text === text) continue;
    const after = await parseToml(candidate.text);
    // A cure may insert a line of its own; coming further means beyond the line that is being cured.
    const further =
      after.kind === 'ok' ||
      after.line > before.line + candidate.linesAdded ||
      (after.line === before.line + candidate.linesAdded && after.column > before.column);
    if (further) return candidate;
  }
  return null;
}

/** The one splice that turns one text into the other, as short as it can be. */
export function spliceBetween(before: string, after: string): TextSplice {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start += 1;
  let tail = 0;
  while (tail < shorter - start && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  return { start, end: before.length - tail, text: after.slice(start, after.length - tail) };
}
