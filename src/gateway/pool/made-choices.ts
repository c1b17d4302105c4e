/**
 * The last choices, to be explained to whoever asks. The explanation is made when it is asked for; what a choice keeps is what
 * it was made from, and only the newest keep it: a pool of a thousand accounts must not fill the memory.
 */
import type { Candidate } from '../../accounts/selection/candidate.ts';
import type { Selection, SelectionInput } from '../../accounts/selection/choose.ts';
import { explainChoice } from '../../accounts/selection/explain.ts';
import type { AccountRuntime } from '../../accounts/selection/facts.ts';
import type { ChoiceRequest } from '../account-source.ts';

/** An account as it stood when the choice was made. */
export interface ConsideredAccount {
  readonly key: string;
  /** Position in the pool of that moment plus one. */
  readonly number: number;
  readonly isChosen: boolean;
  readonly isAvailable: boolean;
  /** 0 to 180; `null` when it could not serve. */
  readonly score: number | null;
  /** In plain words, the most important first. */
  readonly reasons: readonly string[];
}

/** One choice as it was made. */
export interface MadeChoice {
  /** Epoch ms. */
  readonly at: number;
  readonly threadId: string | null;
  readonly model: string | null;
  /** Key of the chosen account; `null` when nobody could serve. */
  readonly account: string | null;
  readonly reason: string;
  /** Accounts that had failed for this request before. */
  readonly excluded: readonly string[];
  /** In the order in which they would have served; empty for older choices of a large pool. */
  readonly considered: readonly ConsideredAccount[];
}

export interface MadeChoices {
  /** Cheap: it stands in the way of every request. */
  remember(request: ChoiceRequest, input: SelectionInput, selection: Selection, account: string | null): void;
  /** Newest first, explained now. */
  explained(): readonly MadeChoice[];
}

interface Kept {
  readonly choice: Omit<MadeChoice, 'considered'>;
  made: { readonly input: SelectionInput; readonly selection: Selection } | null;
}

const MOST_CHOICES = 200;
/** Accounts over all remembered choices. */
const MOST_ACCOUNTS = 5_000;

export function createMadeChoices(): MadeChoices {
  const kept: Kept[] = [];
  const standOf = createStandings();
  let accounts = 0;
  /** Up to here what a choice was made from has been forgotten. */
  let firstMade = 0;

  const forgetOldest = () => {
    const oldest = kept[firstMade];
    accounts -= oldest?.made?.input.candidates.length ?? 0;
    if (oldest !== undefined) oldest.made = null;
    firstMade += 1;
  };
  return {
    remember: (request, input, selection, account) => {
      kept.push({
        choice: {
          at: input.now,
          threadId: request.threadId,
          model: request.model,
          account,
          reason: selection.kind === 'chosen' ? selection.reason : 'none',
          excluded: [...request.excluded],
        },
        made: { input: { ...input, candidates: standOf(input.candidates) }, selection },
      });
      accounts += input.candidates.length;
      if (kept.length > MOST_CHOICES) {
        if (firstMade === 0) forgetOldest();
        kept.shift();
        firstMade -= 1;
      }
      // The newest one is always explained.
      while (accounts > MOST_ACCOUNTS && firstMade < kept.length - 1) forgetOldest();
    },
    explained: () => kept.map(({ choice, made }) => ({ ...choice, considered: explain(made) })).reverse(),
  };
}

interface Standing {
  readonly from: Candidate[];
  copies: readonly Candidate[];
}

/**
 * Candidates as they stand at this moment: both the list and what it points to change with the traffic. From one choice to the
 * next it is an account or two, so all others are shared.
 */
function createStandings(): (candidates: readonly Candidate[]) => readonly Candidate[] {
  const known = new WeakMap<readonly Candidate[], Standing>();
  return (candidates) => {
    const standing = known.get(candidates);
    if (standing === undefined) {
      const copies = candidates.map(asItStands);
      known.set(candidates, { from: [...candidates], copies });
      return copies;
    }
    let changed: Candidate[] | null = null;
    for (const [position, candidate] of candidates.entries()) {
      const copy = standing.copies[position];
      const isSame = copy !== undefined && standing.from[position] === candidate;
      if (isSame && isSameRuntime(copy.runtime, candidate.runtime)) continue;
      changed ??= [...standing.copies];
      changed[position] = asItStands(candidate);
      standing.from[position] = candidate;
    }
    if (changed !== null) standing.copies = changed;
    return standing.copies;
  };
}

function asItStands(candidate: Candidate): Candidate {
  const { inflight, lastUsed, blocked, refusedModels } = candidate.runtime;
  return { ...candidate, runtime: { inflight, lastUsed, blocked, refusedModels } };
}

/** A block and the list of refused models are replaced, never changed. */
function isSameRuntime(a: AccountRuntime, b: AccountRuntime): boolean {
  return (
    a.inflight === b.inflight &&
    a.lastUsed === b.lastUsed &&
    a.blocked === b.blocked &&
    a.refusedModels === b.refusedModels
  );
}

function explain(made: Kept['made']): readonly ConsideredAccount[] {
  if (made === null) return [];
  const { input, selection } = made;
  return explainChoice(input, selection).map(({ index, availability, isChosen, score, reasons }) => ({
    key: input.candidates[index]?.account.key ?? '',
    number: index + 1,
    isChosen,
    isAvailable: availability.kind === 'ready' && input.excluded?.has(index) !== true,
    score,
    reasons,
  }));
}
