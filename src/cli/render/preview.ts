/** What an edit would change in a file, as removed and added lines. Reads the file; changes nothing. */
import { readText } from '../../codex/reading.ts';
import { editJson } from '../../storage/json-edit.ts';
import { redact } from '../../storage/redact.ts';
import type { Step } from '../../storage/steps.ts';
import { spliceText } from '../../storage/text-edit.ts';
import { editToml } from '../../storage/toml-edit.ts';

const MAX_BYTES = 8 * 1024 * 1024;
/** A preview shows the place, not the file. */
const MAX_LINES = 8;
const MAX_COLUMNS = 160;

export interface LineChange {
  readonly kind: 'removed' | 'added';
  /** Redacted. */
  readonly text: string;
}

/** The changed lines of an editing step; empty for other steps, and where the edit cannot be tried. */
export async function previewStep(step: Step): Promise<readonly LineChange[]> {
  if (step.kind !== 'toml-edit' && step.kind !== 'json-edit' && step.kind !== 'text-edit') return [];
  const file = await readText(step.path, MAX_BYTES);
  if (file.kind !== 'ok') return [];
  try {
    const after =
      step.kind === 'toml-edit'
        ? await editToml(file.value, step.edits)
        : step.kind === 'json-edit'
          ? await editJson(file.value, step.edits)
          : spliceText(file.value, step.splices);
    return changedLines(file.value, after);
  } catch {
    return []; // the journal will refuse the same edit, and say why
  }
}

/** The lines between the common beginning and the common end of two texts. */
export function changedLines(before: string, after: string): readonly LineChange[] {
  const old = before.split(/\r?\n/);
  const now = after.split(/\r?\n/);
  let start = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) start += 1;
  let end = 0;
  while (
    end < old.length - start &&
    end < now.length - start &&
    old[old.length - 1 - end] === now[now.length - 1 - end]
  ) {
    end += 1;
  }
  const show = (kind: LineChange['kind'], lines: readonly string[]): LineChange[] => {
    const shown = lines
      .slice(0, MAX_LINES)
      .map((text) => ({ kind, text: redact(text).slice(0, MAX_COLUMNS) }));
    const hidden = lines.length - shown.length;
    return hidden > 0 ? [...shown, { kind, text: `… ${hidden} more` }] : shown;
  };
  return [
    ...show('removed', old.slice(start, old.length - end)),
    ...show('added', now.slice(start, now.length - end)),
  ];
}
