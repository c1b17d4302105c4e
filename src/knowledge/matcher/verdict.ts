/** From scored failures to an answer: match, unsure or not Codex, and what to send next. */
import { failureEntry } from '../catalogue.ts';
import type { FailureId } from '../ids.ts';
import type { FailureEntry } from '../types.ts';
import type { TextContext } from './context.ts';

export type Verdict = 'match' | 'unsure' | 'not-codex';

/** One line of the text that speaks for a failure. */
export interface MatchEvidence {
  /** 1-based. */
  readonly line: number;
  /** Redacted, and cut to what matters of a long line. */
  readonly text: string;
  /** How often such a line stands in the text. */
  readonly count: number;
  /** Epoch ms of the first and last such line, where the lines carry a time. */
  readonly firstAtMs: number | null;
  readonly lastAtMs: number | null;
}

export interface FailureMatch {
  readonly id: FailureId;
  /** 0..1: the share of texts with such evidence in which this is the right answer, as measured. */
  readonly score: number;
  readonly title: string;
  readonly cause: string;
  readonly fix: FailureEntry['fix'];
  /** What people try in vain. */
  readonly notHelping: readonly string[];
  readonly evidence: readonly MatchEvidence[];
}

export interface Explanation {
  readonly verdict: Verdict;
  /** Best first; empty where nothing fits. With `unsure` they are candidates. */
  readonly matches: readonly FailureMatch[];
  /** What to run or paste to decide, where that is open. */
  readonly next?: string;
}

/** From here on an answer is given as one. */
export const MATCH_SCORE = 0.5;
/** Below this a candidate is not worth naming. */
export const CANDIDATE_SCORE = 0.2;
const MAX_MATCHES = 8;

/** A failure with its score and its lines. */
export interface Candidate {
  readonly id: FailureId;
  readonly score: number;
  readonly evidence: readonly MatchEvidence[];
}

/** The answer to an id of the catalogue, as our own output names it. */
export function explainId(id: FailureId): Explanation {
  return { verdict: 'match', matches: [describe({ id, score: 1, evidence: [] })] };
}

/** The answer for these candidates, best first. */
export function judge(candidates: readonly Candidate[], context: TextContext): Explanation {
  const kept = candidates.filter((candidate) => candidate.score >= CANDIDATE_SCORE).slice(0, MAX_MATCHES);
  const best = kept[0];
  if (best && best.score >= MATCH_SCORE) return { verdict: 'match', matches: kept.map(describe) };
  if (context.codex !== 'named' && (context.foreign || !best)) {
    return { verdict: 'not-codex', matches: [], next: NOT_CODEX };
  }
  return { verdict: 'unsure', matches: kept.map(describe), next: nextStep(kept, context) };
}

const NOT_CODEX =
  'Nothing here comes from OpenAI Codex. If it does, paste the lines around it too: the command that was run, and what Codex printed.';

function nextStep(kept: readonly Candidate[], context: TextContext): string {
  const [best] = kept;
  if (!best) {
    return 'No known failure stands in this text. Paste the whole output from the command to the last line, or run `steward explain --last` to read the logs of Codex itself.';
  }
  if (context.codex !== 'named') {
    return 'Many programs print this. Say which one did: paste the command and the lines around it, or run `steward explain --last`.';
  }
  const check = failureEntry(best.id).check;
  return check === undefined
    ? 'This is not enough to be sure. Paste the lines before and after it, or run `steward explain --last`.'
    : `This is not enough to be sure. \`steward doctor --only ${check}\` looks whether it is so on this machine.`;
}

function describe(candidate: Candidate): FailureMatch {
  const entry = failureEntry(candidate.id);
  return {
    id: entry.id,
    score: candidate.score,
    title: entry.title,
    cause: entry.cause,
    fix: entry.fix,
    notHelping: entry.notHelping ?? [],
    evidence: candidate.evidence,
  };
}
