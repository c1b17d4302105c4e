/** Remedies with what others say of them, and questions that nobody answered. */
import { namesAction, namesDeed, outcomeOf } from './outcomes.ts';
import { type Passage, passagesOf } from './passages.ts';

/** One post of a thread. */
export interface Post {
  readonly author: string;
  /** ISO 8601. */
  readonly at: string;
  readonly url: string;
  readonly body: string;
  readonly thumbsUp: number;
}

/** A post with its text taken apart. */
export interface ReadPost extends Post {
  readonly passages: readonly Passage[];
}

export interface Said {
  readonly post: Post;
  readonly text: string;
  /** The first lines of the code that goes with it. */
  readonly code: string | null;
}

export interface Remedy extends Said {
  readonly confirmedBy: readonly Said[];
  readonly deniedBy: readonly Said[];
}

const CALLED =
  /(?:^|\b(?:as an?|one|another|an|my|our|temporary|quick|current|possible|confirmed|known|simple|easy|available|following|the(?: only)?)\s+)(?:\w+ ){0,2}work[ -]?arounds?\b|\btemporary (?:fix|solution|mitigation)\b|\b(?:the |my )?solution (?:is|was|for me)\b|\bwhat (?:worked|fixed|solved|helped)\b|\bonly thing (?:that|which) (?:worked|helped|fixed)\b|\bfor now,? (?:you can|i|we|just|use|set)\b/i;
const ADVISED =
  /\byou(?:['’]ll| will)? (?:can|could|may|(?:need|have) to|should) (?:\w+ )?(?:fix|avoid|bypass|solve|work ?around|disable|enable|set|add|downgrade|upgrade|update|roll back|pin|unset|delete|remove|rename|edit|run|use|reinstall|restart)\b|\btry (?:to )?(?:set|run|add|remov|us|delet|downgrad|disabl|enabl|clear|renam|reinstall|restart|unset|switch|upgrad|updat)\w*|^(?:\w+ ){0,3}(?:roll(?:ing|ed)? ?back|downgrad(?:e|ing|ed)|revert(?:ing|ed)?|pin(?:ning)?) (?:to|@)/i;
const NO_REMEDY =
  /\b(?:appl(?:y|ying|ied)|with|about|without|any|no|need|there a|await\w*|of th(?:e|is)|that|mentioned|linked|proposed|until|not sure)\b[^.!?]{0,40}\bwork[ -]?around|\?\s*$|\bwork[ -]?arounds? (?:linked|above|below|mentioned|does|did|no longer)/i;
const REMEDY_HEADING =
  /\b(?:work[ -]?arounds?|temporary (?:fix|solution)|how (?:i|we) (?:fixed|solved)|what (?:worked|fixed))\b/i;
const MAX_CLOSE_REPLY = 240;

export function readPost(post: Post): ReadPost {
  return { ...post, passages: passagesOf(post.body) };
}

/** One remedy a post at most: the sentence that names it. What worked for one is a remedy when another speaks of it. */
export function remediesOf(posts: readonly ReadPost[]): readonly Remedy[] {
  return posts.flatMap((post, index): readonly Remedy[] => {
    const said = namedRemedy(post, index > 0) ?? reportedRemedy(post);
    if (said === null) return [];
    const answers = posts
      .slice(index + 1)
      .filter((later, offset) => later.author !== post.author && answersTo(later, post, offset === 0));
    const confirmedBy = answers.flatMap((later) => firstOf(later, 'worked'));
    const deniedBy = answers.flatMap((later) =>
      firstOf(later, 'worked').length > 0 ? [] : firstOf(later, 'failed'),
    );
    const isHeard = confirmedBy.length + deniedBy.length > 0;
    return said.isNamed || isHeard ? [{ ...said.remedy, confirmedBy, deniedBy }] : [];
  });
}

interface Candidate {
  readonly remedy: Said;
  /** It calls itself a remedy. */
  readonly isNamed: boolean;
}

/** Who opens an issue tells what you can do to see it; who answers, what you can do about it. */
function namedRemedy(post: ReadPost, isAnswer: boolean): Candidate | null {
  const called = post.passages.find(
    (passage) =>
      (passage.kind === 'sentence' || passage.kind === 'item') &&
      !NO_REMEDY.test(passage.text) &&
      outcomeOf(passage) !== 'failed' &&
      (CALLED.test(passage.text) || (isAnswer && ADVISED.test(passage.text))),
  );
  const under = post.passages.find(({ heading, kind }) => kind !== 'quote' && REMEDY_HEADING.test(heading));
  const passage = under ?? called;
  if (passage === undefined) return null;
  return { remedy: { post, text: passage.text, code: passage.code }, isNamed: true };
}

function reportedRemedy(post: ReadPost): Candidate | null {
  const passage = post.passages.find((each) => outcomeOf(each) === 'worked' && namesAction(each.text));
  if (passage === undefined) return null;
  return { remedy: { post, text: passage.text, code: passage.code }, isNamed: false };
}

function firstOf(post: ReadPost, outcome: 'worked' | 'failed'): readonly Said[] {
  const passage = post.passages.find((each) => outcomeOf(each) === outcome);
  return passage === undefined ? [] : [{ post, text: passage.text, code: passage.code }];
}

/** It names the author, quotes a line of the post, or is a short reply right after it. */
function answersTo(later: ReadPost, post: ReadPost, isNext: boolean): boolean {
  if (isNext && isCloseReply(later)) return true;
  const name = `@${post.author}`.toLowerCase();
  const body = later.body.toLowerCase();
  const at = body.indexOf(name);
  if (at !== -1 && !/[\w-]/.test(body[at + name.length] ?? '')) return true;
  return later.passages.some(
    ({ kind, text }) => kind === 'quote' && text.length >= 12 && post.body.includes(text),
  );
}

/** Short, to nobody else, and not about something that its author did instead. */
function isCloseReply({ body, passages }: ReadPost): boolean {
  if (body.length > MAX_CLOSE_REPLY || /(?:^|\s)@\w/.test(body)) return false;
  return !passages.some((passage) => outcomeOf(passage) === 'worked' && namesDeed(passage.text));
}

/** Questions that no later post answers: by name or quote, by whoever was asked, or because the asker got it to work. */
export function openQuestions(posts: readonly ReadPost[]): readonly Said[] {
  const opener = posts[0]?.author;
  return posts.flatMap((post, index) => {
    const later = posts.slice(index + 1);
    const isAnswered = later.some((each) =>
      each.author === post.author
        ? firstOf(each, 'worked').length > 0
        : (post.author !== opener && each.author === opener) || answersTo(each, post, false),
    );
    if (isAnswered) return [];
    return post.passages
      .filter(
        ({ kind, text, heading }) =>
          kind !== 'code' && kind !== 'quote' && !/\bexpect/i.test(heading) && isQuestion(text),
      )
      .map(({ text, code }) => ({ post, text, code }));
  });
}

function isQuestion(text: string): boolean {
  if (!/[?？]["')\]]*$/.test(text) || /^duplicate of\b/i.test(text)) return false;
  const words = text.replace(/\b\w+:\/\/\S+/g, ' ').match(/[\p{L}\d]+/gu) ?? [];
  return words.length >= 3;
}
