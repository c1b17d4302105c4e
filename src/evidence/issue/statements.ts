/**
 * What people say in an issue, taken from their own words: errors, versions and systems, what worked and what did not,
 * workarounds with who confirmed them, questions nobody answered. Nothing is inferred; each statement has its address.
 */
import type { IssueComment, IssueNode } from './graph.ts';
import { withoutCode } from './reference.ts';

export interface Statement {
  readonly text: string;
  readonly author: string;
  /** ISO 8601. */
  readonly at: string;
  readonly url: string;
}

export interface Workaround extends Statement {
  readonly thumbsUp: number;
  /** Others who quote or name its author and say that it works. */
  readonly confirmedBy: readonly Statement[];
  readonly deniedBy: readonly Statement[];
}

export interface EnvironmentRow extends Pick<Statement, 'author' | 'url'> {
  readonly version: string | null;
  readonly platform: string | null;
  readonly plan: string | null;
  readonly model: string | null;
}

export interface Statements {
  readonly errors: readonly (Statement & { readonly count: number })[];
  readonly environments: readonly EnvironmentRow[];
  readonly worked: readonly Statement[];
  readonly failed: readonly Statement[];
  readonly workarounds: readonly Workaround[];
  readonly questions: readonly Statement[];
}

const ERROR_LINE =
  /\b(?:error|failed|failure|panicked|exception|denied|forbidden|unauthorized|refused|timed? ?out|disconnected|unexpected status|not found|invalid|cannot|could not)\b|\bE[A-Z]{4,}\b|\bHTTP [45]\d\d\b/i;
const WORKED =
  /\b(?:(?:this|that|it|which|downgrading|upgrading|updating|reinstalling|restarting)\b[^.!?]{0,60}\b(?:worked|works|fixed|fixes|solved|solves|helped|resolved|resolves)|(?:fixed|solved|resolved) (?:it|this|by|with|in|for me)|works? for me|working (?:again|now|fine)|did the trick)\b/i;
const FAILED =
  /\b(?:(?:did|does|do)(?:n['’]t| not)[^.!?]{0,30}\b(?:work|help|fix|solve|resolve|change)|(?:still|keeps?) (?:happen|see|get|fail|broken|occur|not work|reproduc|experienc|having)\w*|no luck|same (?:issue|problem|error)|to no avail|not (?:fixed|working|resolved))\b/i;
const WORKAROUND =
  /\b(?:work-?around|as a temporary (?:fix|solution)|temporary fix|for now,? (?:you can|i|use|set)|try (?:setting|running|adding|removing|using|deleting|downgrading)|you can (?:fix|avoid|bypass|solve|work around)|solution (?:is|was|for me)|what (?:worked|fixed|solved|helped))\b/i;
const TEXT_SHOWN = 400;
const MAX_EACH = 40;

/** The statements of these nodes, in their order, then in time. */
export function readStatements(nodes: readonly IssueNode[]): Statements {
  const posts = nodes.flatMap((node) => postsOf(node));
  const sentences = posts.flatMap((post) => sentencesOf(post.body).map((text) => ({ ...stamp(post), text })));
  const isDenied = (text: string) => FAILED.test(text);
  return {
    errors: errorsOf(posts),
    environments: posts.flatMap((post) => environmentOf(post) ?? []),
    worked: sentences.filter(({ text }) => WORKED.test(text) && !isDenied(text)).slice(0, MAX_EACH),
    failed: sentences.filter(({ text }) => isDenied(text)).slice(0, MAX_EACH),
    workarounds: nodes.flatMap((node) => workaroundsOf(postsOf(node))).slice(0, MAX_EACH),
    questions: nodes.flatMap((node) => questionsOf(postsOf(node))).slice(0, MAX_EACH),
  };
}

type Post = Pick<IssueComment, 'author' | 'at' | 'url' | 'body' | 'thumbsUp'>;

function postsOf({ author, createdAt, url, body, thumbsUp, comments }: IssueNode): readonly Post[] {
  return [{ author, at: createdAt, url, body, thumbsUp }, ...comments];
}

function stamp({ author, at, url }: Post): Omit<Statement, 'text'> {
  return { author, at, url };
}

/** Prose without code, quotes, headings and HTML, cut into sentences. */
function sentencesOf(markdown: string): readonly string[] {
  return withoutCode(markdown)
    .split('\n')
    .filter((line) => !/^\s*(?:>|#|\||<)/.test(line))
    .flatMap((line) => line.split(/(?<=[.!?])\s+/))
    .map((sentence) => sentence.replace(/^\s*(?:[-*+]|\d+\.)\s+/, '').trim())
    .filter((sentence) => sentence.length > 8)
    .map((sentence) => cut(sentence));
}

function cut(text: string): string {
  return text.length > TEXT_SHOWN ? `${text.slice(0, TEXT_SHOWN)}…` : text;
}

/** Lines of code blocks that complain; the same line of several people once, with how many posts show it. */
function errorsOf(posts: readonly Post[]): Statements['errors'] {
  const found = new Map<string, Statement & { count: number }>();
  for (const post of posts) {
    const lines = new Set(
      codeLines(post.body)
        .filter((line) => ERROR_LINE.test(line))
        .slice(0, 20),
    );
    for (const line of lines) {
      const text = cut(line.trim());
      const key = text.toLowerCase().replace(/\d+/g, '0').replace(/\s+/g, ' ');
      const known = found.get(key);
      if (known === undefined) found.set(key, { ...stamp(post), text, count: 1 });
      else known.count++;
    }
  }
  // Stable: among equals the one that was said first.
  return [...found.values()].sort((a, b) => b.count - a.count).slice(0, MAX_EACH);
}

function codeLines(markdown: string): readonly string[] {
  const lines: string[] = [];
  let fence = '';
  for (const line of markdown.split('\n')) {
    const mark = /^\s{0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (mark !== undefined && (fence === '' || mark.startsWith(fence))) {
      fence = fence === '' ? mark : '';
    } else if (fence !== '') lines.push(line);
    else for (const [, code = ''] of line.matchAll(/`([^`]{12,500})`/g)) lines.push(code);
  }
  return lines;
}

/** The answers under the headings of the official template, or the same facts named in a comment. */
function environmentOf(post: Post): EnvironmentRow | null {
  const { body } = post;
  const asked = body.slice(0, 64 * 1024);
  const version =
    under(asked, /what version/i) ??
    /\bcodex(?:-cli)?(?:[ @:]+(?:version )?v?)(\d+\.\d+\.\d+[\w.-]*)/i.exec(asked)?.[1];
  const platform =
    under(asked, /what platform/i) ??
    /\b(?:(?:mac ?os|windows|ubuntu|debian|fedora|arch linux|wsl ?2?|darwin)(?:[ (]+\w(?:[\w.()-]{0,18}\w)?\)?){0,3})/i.exec(
      asked,
    )?.[0];
  const plan = under(asked, /what (?:subscription|plan)/i);
  const model = under(asked, /which model/i);
  if (version === undefined && plan === undefined && model === undefined) return null;
  return {
    author: post.author,
    url: post.url,
    version: version ?? null,
    platform: platform ?? null,
    plan: plan ?? null,
    model: model ?? null,
  };
}

function under(markdown: string, heading: RegExp): string | undefined {
  const lines = markdown.split('\n');
  const at = lines.findIndex((line) => /^#{2,4} /.test(line) && heading.test(line));
  if (at === -1) return undefined;
  const answer = lines.slice(at + 1).find((line) => line.trim() !== '' && !/^`{3}/.test(line));
  if (answer === undefined || /^#{2,4} /.test(answer) || /^_No response_$/.test(answer.trim()))
    return undefined;
  return answer.trim().slice(0, 120);
}

function workaroundsOf(posts: readonly Post[]): readonly Workaround[] {
  return posts.flatMap((post, index) => {
    const sentence = sentencesOf(post.body).find(
      (text) => WORKAROUND.test(text) && !FAILED.test(text) && !text.endsWith('?'),
    );
    if (sentence === undefined) return [];
    const answers = posts
      .slice(index + 1)
      .filter((later) => later.author !== post.author && answersTo(later, post));
    const said = (pattern: RegExp, not?: RegExp) =>
      answers.flatMap((later) => {
        const text = sentencesOf(later.body).find((each) => pattern.test(each) && not?.test(each) !== true);
        return text === undefined ? [] : [{ ...stamp(later), text }];
      });
    return [
      {
        ...stamp(post),
        text: sentence,
        thumbsUp: post.thumbsUp,
        confirmedBy: said(WORKED, FAILED),
        deniedBy: said(FAILED),
      },
    ];
  });
}

/** It names the author, or quotes a line of the post. */
function answersTo(later: Post, post: Post): boolean {
  const name = `@${post.author}`.toLowerCase();
  const body = later.body.toLowerCase();
  const at = body.indexOf(name);
  if (at !== -1 && !/[\w-]/.test(body[at + name.length] ?? '')) return true;
  const quoted = later.body.split('\n').flatMap((line) => /^\s*>\s*(.{12,})$/.exec(line)?.[1] ?? []);
  return quoted.some((line) => post.body.includes(line.trim()));
}

/** A question that no later post of another author answers by name or quote, and after which its author did not say that it works. */
function questionsOf(posts: readonly Post[]): readonly Statement[] {
  return posts.flatMap((post, index) => {
    const question = sentencesOf(post.body).find((text) => /\?["')]*$/.test(text) && text.length > 20);
    if (question === undefined) return [];
    const isAnswered = posts
      .slice(index + 1)
      .some((later) => later.author !== post.author && answersTo(later, post));
    return isAnswered ? [] : [{ ...stamp(post), text: question }];
  });
}
