/**
 * What people say in an issue, taken from their own words: errors, versions and systems, what worked and what did not,
 * workarounds with who confirmed them, questions nobody answered. Nothing is inferred; each statement has its address.
 */

import { type EnvironmentSaid, environmentOf } from './environment-said.ts';
import { errorKey, errorTexts } from './errors-said.ts';
import type { IssueNode } from './graph.ts';
import { outcomeOf } from './outcomes.ts';
import { openQuestions, type Post, type ReadPost, readPost, remediesOf, type Said } from './remedies.ts';

export interface Statement {
  readonly text: string;
  readonly author: string;
  /** ISO 8601. */
  readonly at: string;
  readonly url: string;
  /** The first lines of the code that stands right below; `null`: none does. */
  readonly code: string | null;
}

export interface Workaround extends Statement {
  readonly thumbsUp: number;
  /** Others who quote or name its author, or reply right below, and say that it works. */
  readonly confirmedBy: readonly Statement[];
  readonly deniedBy: readonly Statement[];
}

export type EnvironmentRow = EnvironmentSaid & Pick<Statement, 'author' | 'url'>;

export interface Statements {
  readonly errors: readonly (Statement & { readonly count: number })[];
  readonly environments: readonly EnvironmentRow[];
  readonly worked: readonly Statement[];
  readonly failed: readonly Statement[];
  readonly workarounds: readonly Workaround[];
  readonly questions: readonly Statement[];
  /** Who says that they see it too, each once; without the one who opened the issue. */
  readonly affected: readonly string[];
}

const TEXT_SHOWN = 400;
const MAX_EACH = 40;

/** The statements of these nodes, in their order, then in time. */
export function readStatements(nodes: readonly IssueNode[]): Statements {
  const threads = nodes.map((node) => ({ node, posts: postsOf(node).map(readPost) }));
  const posts = threads.flatMap((thread) => thread.posts);
  const told = (outcome: 'worked' | 'failed') =>
    posts
      .flatMap((post) =>
        post.passages
          .filter((passage) => outcomeOf(passage) === outcome)
          .map(({ text, code }) => statement({ post, text, code })),
      )
      .slice(0, MAX_EACH);
  return {
    errors: errorsOf(threads),
    environments: posts.flatMap((post) => {
      const said = environmentOf(post.passages);
      return said === null ? [] : [{ author: post.author, url: post.url, ...said }];
    }),
    worked: told('worked'),
    failed: told('failed'),
    workarounds: threads
      .flatMap((thread) => remediesOf(thread.posts))
      .map((remedy) => ({
        ...statement(remedy),
        thumbsUp: remedy.post.thumbsUp,
        confirmedBy: remedy.confirmedBy.map(statement),
        deniedBy: remedy.deniedBy.map(statement),
      }))
      .slice(0, MAX_EACH),
    questions: threads.flatMap((thread) => openQuestions(thread.posts).map(statement)).slice(0, MAX_EACH),
    affected: affectedIn(threads[0]?.posts ?? []),
  };
}

function postsOf({ author, createdAt, url, body, thumbsUp, comments }: IssueNode): readonly Post[] {
  return [{ author, at: createdAt, url, body, thumbsUp }, ...comments];
}

function statement({ post, text, code }: Said): Statement {
  return { author: post.author, at: post.at, url: post.url, text: cut(text), code };
}

function cut(text: string): string {
  return text.length > TEXT_SHOWN ? `${text.slice(0, TEXT_SHOWN)}…` : text;
}

/** The same error of several people once, with how many posts show it. */
function errorsOf(
  threads: readonly { readonly node: IssueNode; readonly posts: readonly ReadPost[] }[],
): Statements['errors'] {
  const found = new Map<string, Statement & { count: number }>();
  for (const { node, posts } of threads) {
    for (const post of posts) {
      const texts = new Map(errorTexts(post.passages, node.title).map((text) => [errorKey(text), text]));
      for (const [key, text] of [...texts].slice(0, 20)) {
        const known = found.get(key);
        if (known === undefined) found.set(key, { ...statement({ post, text, code: null }), count: 1 });
        else known.count++;
      }
    }
  }
  const keys = [...found.keys()];
  const whole = [...found].flatMap(([key, said]) => {
    // A piece of an error that stands there whole, too, is not another error.
    const parent = keys.find((other) => other !== key && other.includes(key));
    const longer = parent === undefined ? undefined : found.get(parent);
    if (longer === undefined) return [said];
    longer.count += said.count;
    return [];
  });
  // Stable: among equals the one that was said first.
  return whole.sort((a, b) => b.count - a.count).slice(0, MAX_EACH);
}

function affectedIn(posts: readonly ReadPost[]): readonly string[] {
  const [opening, ...others] = posts;
  const names = others
    .filter(({ passages }) => passages.some((passage) => outcomeOf(passage) === 'affected'))
    .map(({ author }) => author)
    .filter((author) => author !== opening?.author);
  return [...new Set(names)];
}
