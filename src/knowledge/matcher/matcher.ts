/**
 * The matcher: any error text to the failures it shows.
 *
 * A short text is judged as a whole. A long one is read in blocks: one automaton finds the few places worth a look,
 * and only these windows are judged. Nothing is kept but a bounded tally.
 */
import { START_STATE } from './automaton.ts';
import { createContextReader } from './context.ts';
import { toUtf8Blocks } from './decode.ts';
import { createEvidenceReader } from './evidence.ts';
import { fold } from './fold.ts';
import { createSignalIndex } from './signal-index.ts';
import { type Hit, scoreHits, trySignal } from './signals.ts';
import { createTally } from './tally.ts';
import { type Explanation, judge } from './verdict.ts';
import { createWindowReader } from './windows.ts';

export interface ExplainStreamOptions {
  /** Called after each block. */
  readonly onProgress?: (progress: { readonly bytes: number; readonly lines: number }) => void;
  readonly signal?: AbortSignal;
}

export interface Matcher {
  /** Explains a text. Never throws, whatever the text. */
  explainText(text: string): Explanation;
  /** Explains a stream (a file, standard input) of any size in constant memory. Throws only what the stream throws. */
  explainStream(input: AsyncIterable<Buffer | string>, options?: ExplainStreamOptions): Promise<Explanation>;
}

/** Up to this many UTF-16 units a text is judged as a whole. */
const WHOLE_TEXT = 96 * 1024;
/** How much of a long string is handed on at a time, in UTF-16 units. */
const BLOCK = 1024 * 1024;

/** Compiles the catalogue; some ten milliseconds. */
export function createMatcher(): Matcher {
  const { signals, automaton, owners } = createSignalIndex(false);
  const contexts = createContextReader();

  const judgeWhole = (source: string): Explanation => {
    const folded = fold(source);
    const bytes = Buffer.from(folded.text, 'utf8');
    const candidates = new Set<number>();
    automaton.scan(bytes, 0, bytes.length, START_STATE, (anchor) => candidates.add(owners[anchor] as number));
    const hits: Hit[] = [];
    for (const index of [...candidates].sort((a, b) => a - b)) {
      const compiled = signals[index];
      const hit = compiled && trySignal(compiled, folded, source);
      if (hit) hits.push(hit);
    }
    const context = contexts.read(folded, source);
    const evidence = createEvidenceReader(source);
    return judge(
      scoreHits(hits, context).map(({ id, score, hits: own }) => ({ id, score, evidence: evidence(own) })),
      context,
    );
  };

  const openWindows = () => {
    const tally = createTally();
    return { tally, reader: createWindowReader({ automaton, owners, signals, contexts, tally }) };
  };

  const explainBlocks = async (
    input: AsyncIterable<Buffer | string>,
    options: ExplainStreamOptions,
  ): Promise<Explanation> => {
    const { tally, reader } = openWindows();
    let bytes = 0;
    for await (const block of toUtf8Blocks(input)) {
      options.signal?.throwIfAborted();
      bytes += block.length;
      reader.read(block);
      options.onProgress?.({ bytes, lines: reader.lines() });
    }
    reader.end();
    return judge(tally.candidates(), tally.context());
  };

  return {
    explainText(text) {
      if (text.length <= WHOLE_TEXT) return judgeWhole(text);
      const { tally, reader } = openWindows();
      for (let from = 0; from < text.length; from += BLOCK) {
        reader.read(Buffer.from(text.slice(from, from + BLOCK), 'utf8'));
      }
      reader.end();
      return judge(tally.candidates(), tally.context());
    },
    async explainStream(input, options = {}) {
      const { head, rest } = await takeHead(input);
      if (rest === undefined) return judgeWhole(head);
      return explainBlocks(rest, options);
    },
  };

  async function takeHead(input: AsyncIterable<Buffer | string>) {
    const iterator = toUtf8Blocks(input)[Symbol.asyncIterator]();
    const blocks: Buffer[] = [];
    let size = 0;
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
      blocks.push(next.value);
      size += next.value.length;
      if (size > WHOLE_TEXT) return { head: '', rest: resume(blocks, iterator) };
    }
    return { head: Buffer.concat(blocks).toString('utf8'), rest: undefined };
  }
}

async function* resume(blocks: readonly Buffer[], iterator: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield* blocks;
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
}
