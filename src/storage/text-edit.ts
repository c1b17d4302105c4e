/** Replaces ranges of a text. */
import { StewardError } from '../errors.ts';
import type { TextSplice } from './steps.ts';

/**
 * The text with each range replaced; all offsets are of the text as given (UTF-16 units). Throws
 * `ERR_STORAGE_SPLICE` when ranges overlap or lie outside.
 */
export function spliceText(text: string, splices: readonly TextSplice[]): string {
  let result = '';
  let done = 0;
  for (const splice of [...splices].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (splice.start < done || splice.end < splice.start || splice.end > text.length) {
      throw new StewardError(
        'ERR_STORAGE_SPLICE',
        'bug',
        `range ${splice.start}..${splice.end} does not fit`,
        {
          hint: 'Nothing was written.',
        },
      );
    }
    result += text.slice(done, splice.start) + splice.text;
    done = splice.end;
  }
  return result + text.slice(done);
}
