/**
 * A post cut into what it is made of: sentences, items of lists, lines of code and quotes, each with the heading and the
 * line that it stands under. Everything that is read out of a post is read out of these. Linear in the text.
 */
import { withoutComments } from './reference.ts';

export interface Passage {
  readonly kind: 'sentence' | 'item' | 'code' | 'quote';
  /** One line; code spans keep their backticks, HTML is gone. */
  readonly text: string;
  /** The nearest heading above, or a line that is bold as a whole. */
  readonly heading: string;
  /** The line of prose before this one. */
  readonly lead: string;
  /** The first lines of the code block that follows right after a sentence or an item. */
  readonly code: string | null;
}

const MAX_TEXT = 256 * 1024;
const MAX_LINE = 2000;
const CODE_SHOWN = 3;
/** A line at least so long that ends without an end was wrapped by an editor. */
const WRAPPED = 72;
const FENCE = /^\s{0,3}(`{3,}|~{3,})/;
const HEADING = /^\s{0,3}#{1,6}\s+(.+?)\s*#*$/;
const BOLD_LINE = /^\s*\*\*([^*]{2,120})\*\*(?:\s*\([^()]{0,120}\))?\s*[:：]?\s*$/;
const ITEM = /^\s*(?:[-*+•]|\d{1,3}[.)])\s+(.*)$/;
const ABBREVIATION = /(?:\b(?:e\.g|i\.e|etc|vs|approx|no|incl)\.|\b\d{1,2}\.)$/i;

/** The passages of one post, in order. Text beyond 256 kB is not read. */
export function passagesOf(markdown: string): readonly Passage[] {
  const passages: Passage[] = [];
  let [fence, heading, lead] = ['', '', ''];
  let block: string[] = [];
  const push = (kind: Passage['kind'], text: string) => {
    if (text.trim() !== '') passages.push({ kind, text: text.trim(), heading, lead, code: null });
  };
  for (const line of listed(joined(markdown.slice(0, MAX_TEXT)))) {
    const mark = FENCE.exec(line)?.[1];
    if (mark !== undefined && (fence === '' || mark.startsWith(fence))) {
      if (fence !== '') attach(passages, block);
      else block = [];
      fence = fence === '' ? mark : '';
      continue;
    }
    if (fence !== '') {
      block.push(line);
      push('code', line);
      continue;
    }
    const title = (HEADING.exec(line) ?? BOLD_LINE.exec(line))?.[1];
    if (title !== undefined) {
      [heading, lead] = [title.replaceAll('*', ''), ''];
      continue;
    }
    if (/^\s*>/.test(line)) {
      push('quote', line.replace(/^[\s>]+/, ''));
      continue;
    }
    const text = plain(line);
    const item = ITEM.exec(text)?.[1];
    if (item !== undefined) {
      for (const sentence of sentencesIn(item)) push('item', sentence);
    } else if (!/^\s*\|/.test(text)) {
      for (const sentence of sentencesIn(text)) push('sentence', sentence);
      if (text.trim() !== '') lead = text.trim();
    }
  }
  return passages;
}

/** Where code is only shown to be pasted: a block after a line, and a line of code by itself. */
function attach(passages: Passage[], block: readonly string[]): void {
  const at = passages.findLastIndex(({ kind }) => kind !== 'code');
  const before = passages[at];
  const shown = block.filter((line) => line.trim() !== '').slice(0, CODE_SHOWN);
  if (before === undefined || before.code !== null || shown.length === 0) return;
  passages[at] = { ...before, code: shown.join('\n').slice(0, 400) };
}

/** Lines of prose that were broken within a sentence are one line; comments are gone. */
function joined(markdown: string): readonly string[] {
  const lines: string[] = [];
  let inCode = false;
  for (const raw of withoutComments(markdown).split('\n')) {
    const line = raw.slice(0, MAX_LINE);
    const last = lines.at(-1) ?? '';
    if (FENCE.test(line)) inCode = !inCode;
    const isBroken =
      !inCode &&
      !FENCE.test(line) &&
      (/^[a-z(→]/.test(line) ? last.length > 40 : last.length >= WRAPPED && /^[\w`"“]/.test(line)) &&
      !/^\s*(?:[-*+•]|\d{1,3}[.)])\s|^[^:]{1,40}:\s/.test(line) &&
      !/[.!?:;>|]\s*$/.test(last) &&
      !/^\s*(?:#|>|\||```)/.test(last);
    if (isBroken) lines[lines.length - 1] = `${last} ${line}`.slice(0, MAX_LINE);
    else lines.push(line);
  }
  return lines;
}

/** Three short lines and more without an end are a list whose marks were not typed. */
function listed(lines: readonly string[]): readonly string[] {
  const isShort = (line: string | undefined) =>
    line !== undefined && /^[\p{Lu}\d][^.!?:;,`|<>#]{3,70}$/u.test(line);
  let inCode = false;
  const run = lines.map((line) => {
    if (FENCE.test(line)) inCode = !inCode;
    return !inCode && isShort(line);
  });
  return lines.map((line, at) => {
    let [first, last] = [at, at];
    while (run[first - 1] && at - first < 3) first--;
    while (run[last + 1] && last - at < 3) last++;
    return run[at] && last - first >= 2 ? `- ${line}` : line;
  });
}

/** Without HTML and pictures; a link keeps its words, and code stays as it is. */
function plain(line: string): string {
  return line
    .split(/(`[^`]*`)/)
    .map((part, index) =>
      index % 2 === 1
        ? part
        : part
            .replace(/!\[[^\]]{0,200}\]\([^()\s]{0,1000}\)/g, ' ')
            .replace(/<\/?[a-z][^<>]{0,1000}>/gi, ' ')
            .replace(/\*\*|__/g, ''),
    )
    .join('')
    .replace(/\[([^[\]]{1,300})\]\([^()\s]{0,1000}\)/g, '$1');
}

function sentencesIn(line: string): readonly string[] {
  const sentences: string[] = [];
  for (const part of line.split(/(?<=[.!?。！？]["')”]?)\s+/)) {
    const last = sentences.at(-1);
    if (last !== undefined && goesOn(last, part)) sentences[sentences.length - 1] = `${last} ${part}`;
    else sentences.push(part);
  }
  return sentences;
}

/** Not an end: an abbreviation, dots that trail off, or a quotation or a code span that is still open. */
function goesOn(last: string, next: string): boolean {
  if (ABBREVIATION.test(last) || (/\.\.$/.test(last) && /^[a-z]/.test(next))) return true;
  const count = (marks: RegExp) => (last.match(marks) ?? []).length;
  const isOpen = count(/"/g) % 2 === 1 || count(/`/g) % 2 === 1 || count(/“/g) > count(/”/g);
  return isOpen && last.length < 400;
}
