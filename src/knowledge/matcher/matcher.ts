/**
 * The matcher: any error text to the failures it shows.
 *
 * A short text is judged as a whole. A long one is read in blocks: one automaton finds the few places worth a look,
 * and only these windows are judged. Nothing is kept but a bounded tally.
 */
import { createContextReader } from './context.ts';
import { toUtf8Blocks } from './decode.ts';
import { createEvidenceReader } from './evidence.ts';
import { fold } from './fold.ts';
import { guessTopics } from './second-look.ts';
import { createSignalIndex } from './signal-index.ts';
import { scoreHits } from './signals.ts';
import { createTally } from './tally.ts';
import { CANDIDATE_SCORE, type Explanation, judge } from './verdict.ts';
import { createWindowReader } from './windows.ts';

export interface ExplainStreamOptions {
  /** Called after each block. */
  readonly onProgress?: (progress: { readonly bytes: number; readonly lines: number }) => void;
  readonly signal?: AbortSignal;
}

export interface Matcher {
  /** Explains a text. Never throws, whatever the text. */
  explainText(text: string): Explanation;
  /**
   * Explains a stream (a file, standard input) of any size in constant memory. Throws only what the stream throws, and
   * the reason of an aborted signal.
   */
  explainStream(input: AsyncIterable<Buffer | string>, options?: ExplainStreamOptions): Promise<Explanation>;
}

/** Up to this many bytes of UTF-8 a text is judged as a whole. */
const WHOLE_TEXT = 128 * 1024;
/** How much of a long string is handed on at a time, in bytes. */
const BLOCK = 1024 * 1024;

/** Compiles the catalogue; some ten milliseconds. */
export function createMatcher(): Matcher {
  const contexts = createContextReader();
  const index = createSignalIndex({ signs: contexts.signs });

  const judgeWhole = (bytes: Buffer): Explanation => {
    const source = bytes.toString('utf8');
    const folded = fold(source);
    const places = new Set<number>();
    index.scan(bytes, (place) => places.add(place));
    const hits = index.tryPlaces(places, folded, source);
    const context = contexts.read(folded, source);
    const evidence = createEvidenceReader(source);
    const scored = scoreHits(hits, context);
    if ((scored[0]?.score ?? 0) < CANDIDATE_SCORE && context.codex === 'named') {
      return judge(
        guessTopics(folded, source, (span) => evidence([{ spans: [span] }])),
        context,
      );
    }
    return judge(
      scored.map(({ id, score, hits: own }) => ({ id, score, evidence: evidence(own) })),
      context,
    );
  };

  /** Takes blocks until the end; only a text that turns out to be long is read in windows. */
  const openText = () => {
    const context = contexts.open();
    const tally = createTally();
    const windows = createWindowReader({ index, context, tally });
    let head: Buffer[] | undefined = [];
    let size = 0;
    return {
      read(block: Buffer) {
        size += block.length;
        head?.push(block);
        if (size <= WHOLE_TEXT) return;
        for (const waiting of head ?? [block]) windows.read(waiting);
        head = undefined;
      },
      progress: () => ({ bytes: size, lines: windows.lines() }),
      end(): Explanation {
        if (head) return judgeWhole(Buffer.concat(head));
        windows.end();
        const seen = context.current();
        return judge(tally.candidates(seen), seen);
      },
    };
  };

  return {
    explainText(text) {
      const reader = openText();
      const bytes = Buffer.from(text, 'utf8');
      for (let from = 0; from < bytes.length; from += BLOCK) reader.read(bytes.subarray(from, from + BLOCK));
      return reader.end();
    },
    async explainStream(input, options = {}) {
      const reader = openText();
      for await (const block of toUtf8Blocks(input)) {
        options.signal?.throwIfAborted();
        reader.read(block);
        options.onProgress?.(reader.progress());
      }
      return reader.end();
    },
  };
}
