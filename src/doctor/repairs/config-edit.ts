/** Plans edits of one configuration file, from what a check has just read of it. */
import { readConfigFile } from '../../codex/config-file.ts';
import { type ConfigPosition, locateKeys } from '../../codex/config-positions.ts';
import { fingerprint } from '../../storage/fingerprint.ts';
import type { KeyPath, RepairPlan, Step, TextSplice, TomlEdit } from '../../storage/steps.ts';
import type { RepairRefusal } from '../check.ts';

export interface ConfigEditInput {
  readonly path: string;
  /** The text that the plan is made from; refused when the file holds another by now. */
  readonly text: string;
  readonly repairId: string;
  readonly summary: string;
}

/** Sets and removes keys; everything else in the file stays as it is. */
export async function planTomlEdits(
  input: ConfigEditInput,
  edits: readonly TomlEdit[],
): Promise<RepairPlan | RepairRefusal> {
  return planStep(input, (expect) => ({ kind: 'toml-edit', path: input.path, expect, edits }));
}

/** Turns the entries of these keys into comments with a reason; inside `{ … }`, where none can stand, removes them. */
export async function planCommentOutKeys(
  input: ConfigEditInput,
  keys: readonly KeyPath[],
  reason: string,
): Promise<RepairPlan | RepairRefusal> {
  const positions = await locateKeys(input.text);
  const entries = keys.flatMap((key) => {
    const tables = positions.tables(key);
    const value = positions.find(key);
    return tables.length > 0 ? tables : value ? [value] : [];
  });
  if (entries.length === 0) return { refused: `${input.path} does not hold it any more` };
  if (entries.some((entry) => entry.inline)) {
    return planTomlEdits(
      input,
      keys.map((key) => ({ op: 'delete', key })),
    );
  }
  return planTextEdit(input, commentSplices(input.text, entries, reason));
}

/** Replaces parts of the text; the result has to parse. */
export async function planTextEdit(
  input: ConfigEditInput,
  splices: readonly TextSplice[],
): Promise<RepairPlan | RepairRefusal> {
  return planStep(input, (expect) => ({
    kind: 'text-edit',
    path: input.path,
    expect,
    splices,
    mustParse: 'toml',
  }));
}

async function planStep(
  input: ConfigEditInput,
  step: (expect: Awaited<ReturnType<typeof fingerprint>>) => Step,
): Promise<RepairPlan | RepairRefusal> {
  const expect = await fingerprint(input.path);
  const now = await readConfigFile(input.path);
  const text = now.kind === 'ok' ? now.value.text : now.kind === 'malformed' ? now.text : null;
  if (text !== input.text) return { refused: `${input.path} was changed a moment ago; run it again` };
  return {
    repairId: input.repairId,
    summary: input.summary,
    steps: [step(expect)],
    requiresStopped: 'nothing',
  };
}

/** `# ` before each line of each entry, and the reason above the first of them. */
function commentSplices(
  text: string,
  entries: readonly ConfigPosition[],
  reason: string,
): readonly TextSplice[] {
  const ending = text.includes('\r\n') ? '\r\n' : '\n';
  const starts = new Set<number>();
  for (const entry of entries) {
    let lineStart = text.lastIndexOf('\n', entry.start - 1) + 1;
    while (lineStart < entry.end) {
      const next = text.indexOf('\n', lineStart);
      const lineEnd = next < 0 ? text.length : next;
      if (text.slice(lineStart, lineEnd).trim() !== '') starts.add(lineStart);
      if (next < 0) break;
      lineStart = next + 1;
    }
  }
  return [...starts]
    .sort((a, b) => a - b)
    .map((start, index) => ({
      start,
      end: start,
      text: index === 0 ? `# codex-steward: ${reason}${ending}# ` : '# ',
    }));
}
