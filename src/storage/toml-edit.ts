/**
 * Edits TOML that belongs to somebody else: only the bytes of the edited key change; comments, order, blank lines,
 * line ends and byte order mark stay.
 *
 * The ranges come from one parser, the proof from another: after each edit smol-toml has to read exactly the document
 * that was wanted, else the edit is refused. (The ready-made editors lose comments; measured.)
 */
import { messageOf, StewardError } from '../errors.ts';
import type { TomlEdit } from './steps.ts';
import { spliceText } from './text-edit.ts';
import { deletionSplices, hasMoreToDelete } from './toml/delete.ts';
import { readLayout } from './toml/layout.ts';
import { isSpreadOut, settingSplices } from './toml/set.ts';
import { expectedAfter, sameDocument } from './toml/value.ts';

const BOM = '\uFEFF';

/**
 * The text after these edits, one after the other. Deleting what is not there changes nothing. List items are
 * addressed by their position as a decimal string; the position behind the last appends.
 *
 * Throws `ERR_STORAGE_TOML_SYNTAX` (line and column in `details`) when the text is not TOML, and
 * `ERR_STORAGE_TOML_EDIT` when an edit cannot be proved right.
 */
export async function editToml(text: string, edits: readonly TomlEdit[]): Promise<string> {
  const hasBom = text.startsWith(BOM);
  let current = hasBom ? text.slice(1) : text;
  for (const edit of edits) current = await editOnce(current, edit);
  return hasBom ? BOM + current : current;
}

async function editOnce(text: string, edit: TomlEdit): Promise<string> {
  const before = await parse(text);
  const after = await rewrite(text, edit);
  if (after === text) {
    if (edit.op === 'delete' || sameDocument(before, expectedAfter(before, edit)[0])) return text;
    throw unproved(edit, 'the text stayed as it was');
  }
  const found = await parse(after).catch((error: unknown) => {
    throw unproved(edit, messageOf(error), error);
  });
  if (!expectedAfter(before, edit).some((expected) => sameDocument(found, expected))) {
    throw unproved(edit, 'something else would have changed too');
  }
  return after;
}

async function rewrite(text: string, edit: TomlEdit): Promise<string> {
  const layout = await readLayout(text);
  if (edit.op === 'set') {
    if (!isSpreadOut(layout, edit.key)) {
      return spliceText(text, settingSplices(text, layout, edit.key, edit.value));
    }
    const cleared = await rewrite(text, { op: 'delete', key: edit.key });
    return spliceText(cleared, settingSplices(cleared, await readLayout(cleared), edit.key, edit.value));
  }
  let current = spliceText(text, deletionSplices(text, layout, edit.key));
  // Members of one inline table are removed one by one: each removal moves the commas of the others.
  for (let more = hasMoreToDelete(layout, edit.key); more; ) {
    const left = await readLayout(current);
    more = hasMoreToDelete(left, edit.key);
    current = spliceText(current, deletionSplices(current, left, edit.key));
  }
  return current;
}

async function parse(text: string): Promise<unknown> {
  const { parse: parseToml, TomlError } = await import('smol-toml');
  try {
    return parseToml(text, { integersAsBigInt: 'asNeeded' });
  } catch (error) {
    const position: Record<string, number> =
      error instanceof TomlError ? { line: error.line, column: error.column } : {};
    const [summary = ''] = messageOf(error).split('\n', 1);
    throw new StewardError('ERR_STORAGE_TOML_SYNTAX', 'user', summary, { cause: error, details: position });
  }
}

function unproved(edit: TomlEdit, reason: string, cause?: unknown): StewardError {
  const key = edit.key.join('.');
  return new StewardError('ERR_STORAGE_TOML_EDIT', 'bug', `cannot ${edit.op} ${key} safely: ${reason}`, {
    cause,
    hint: 'Nothing was written. Change the key by hand, and tell us about the file.',
    details: { key },
  });
}
