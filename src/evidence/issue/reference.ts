/** Which issue is meant, and on which GitHub: `https://github.com/o/r/issues/1`, `…/pull/1`, `o/r#1`, GitHub Enterprise too. */
import { EXIT, StewardError } from '../../errors.ts';

export interface IssueReference {
  readonly owner: string;
  readonly repo: string;
  readonly number: number;
}

export interface Github {
  /** `https://api.github.com`, or `https://HOST/api/v3`; without a slash at its end. */
  readonly apiUrl: string;
  /** Where people read it: `https://github.com`. */
  readonly webUrl: string;
  /** Meant for this server and sent to no other. */
  readonly token: string | null;
}

const NAME = '[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9_])?';
const SHORT = new RegExp(`^(${NAME})/([A-Za-z0-9._-]{1,100})#(\\d{1,9})$`);
const PATH = new RegExp(`^/(${NAME})/([A-Za-z0-9._-]{1,100})/(?:issues|pull)/(\\d{1,9})(?:/|$)`);

/** `owner/repo#1`, in lower case: GitHub does not tell names apart by case. */
export function keyOf({ owner, repo, number }: IssueReference): string {
  return `${owner}/${repo}#${number}`.toLowerCase();
}

/** What a person typed. Throws `ERR_ISSUE_REFERENCE`. */
export function parseIssueArgument(
  text: string,
  env: Readonly<Record<string, string | undefined>>,
): { readonly reference: IssueReference; readonly github: Github } {
  const short = SHORT.exec(text);
  if (short !== null) return { reference: fromMatch(short), github: githubOf(null, env) };
  const url = URL.canParse(text) ? new URL(text) : null;
  const path = url === null ? null : PATH.exec(url.pathname);
  if (url === null || path === null || !/^https?:$/.test(url.protocol)) {
    throw new StewardError('ERR_ISSUE_REFERENCE', 'user', 'that names no issue', {
      hint: 'Say OWNER/REPO#NUMBER, or the address of an issue or a pull request.',
      exitCode: EXIT.usage,
    });
  }
  return { reference: fromMatch(path), github: githubOf(url.origin, env) };
}

/** The issue or pull request at an address of that server; `null`: something else stands there. */
export function parseIssueUrl(url: string, webUrl: string): IssueReference | null {
  if (!URL.canParse(url) || new URL(url).origin !== new URL(webUrl).origin) return null;
  const path = PATH.exec(new URL(url).pathname);
  return path === null ? null : fromMatch(path);
}

/**
 * `GITHUB_API_URL` (with `GITHUB_SERVER_URL`) is the server of both forms. Without it an address of another host is a
 * GitHub Enterprise, which is never shown the token for github.com.
 */
function githubOf(origin: string | null, env: Readonly<Record<string, string | undefined>>): Github {
  const token = env.GITHUB_TOKEN || env.GH_TOKEN || null;
  const apiUrl = env.GITHUB_API_URL?.replace(/\/+$/, '');
  if (apiUrl !== undefined && apiUrl !== '') {
    const webUrl = (env.GITHUB_SERVER_URL || webOf(apiUrl)).replace(/\/+$/, '');
    if (origin === null || origin === new URL(webUrl).origin) return { apiUrl, webUrl, token };
    const other = githubOf(origin, { ...env, GITHUB_API_URL: undefined });
    return { ...other, token: other.token === token ? null : other.token };
  }
  if (origin === null || /^https?:\/\/(?:www\.)?github\.com$/.test(origin))
    return { apiUrl: 'https://api.github.com', webUrl: 'https://github.com', token };
  const enterprise = env.GITHUB_ENTERPRISE_TOKEN || env.GH_ENTERPRISE_TOKEN || null;
  return { apiUrl: `${origin}/api/v3`, webUrl: origin, token: enterprise };
}

function webOf(apiUrl: string): string {
  if (!URL.canParse(apiUrl))
    throw new StewardError('ERR_ISSUE_REFERENCE', 'user', 'GITHUB_API_URL is no URL', {
      exitCode: EXIT.usage,
    });
  const { origin, host } = new URL(apiUrl);
  return host === 'api.github.com' ? 'https://github.com' : origin;
}

function fromMatch(match: RegExpExecArray): IssueReference {
  const [, owner = '', repo = '', number = '0'] = match;
  return { owner, repo, number: Number(number) };
}

export interface FoundReference {
  readonly reference: IssueReference;
  /** `closes`: a closing keyword stands before it; `duplicate`: "duplicate of" does. */
  readonly how: 'mentions' | 'closes' | 'duplicate';
}

const MAX_TEXT = 256 * 1024;
const IN_TEXT =
  /(?:https?:\/\/([A-Za-z0-9.:-]{1,253})\/([A-Za-z0-9][\w.-]{0,99})\/([\w.-]{1,100})\/(?:issues|pull)\/(\d{1,9})|(?<![\w/#&.-])(?:([A-Za-z0-9][\w-]{0,99})\/([\w.-]{1,100}))?#(\d{1,9})|(?<![\w/-])GH-(\d{1,9}))(?![\w])/g;

/** The issues and pull requests that a Markdown text names, each once, in order; not those in code. */
export function referencesIn(
  markdown: string,
  from: IssueReference,
  webUrl: string,
): readonly FoundReference[] {
  const host = new URL(webUrl).host;
  const text = withoutCode(markdown.slice(0, MAX_TEXT));
  const found = new Map<string, FoundReference>();
  for (const match of text.matchAll(IN_TEXT)) {
    const [, urlHost, urlOwner, urlRepo, urlNumber, owner, repo, number, ghNumber] = match;
    if (urlHost !== undefined && urlHost !== host && urlHost !== `www.${host}`) continue;
    const reference = {
      owner: urlOwner ?? owner ?? from.owner,
      repo: urlRepo ?? repo ?? from.repo,
      number: Number(urlNumber ?? number ?? ghNumber),
    };
    const key = keyOf(reference);
    if (key === keyOf(from) || reference.number === 0) continue;
    const before = text.slice(Math.max(0, match.index - 24), match.index);
    const how = howOf(before);
    const known = found.get(key);
    if (known === undefined || (known.how === 'mentions' && how !== 'mentions'))
      found.set(key, { reference, how });
  }
  return [...found.values()];
}

function howOf(before: string): FoundReference['how'] {
  if (/\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+$/i.test(before)) return 'closes';
  return /\b(?:duplicate|dup(?:e)?) of:?\s+$/i.test(before) ? 'duplicate' : 'mentions';
}

/** Without HTML comments; one that is not closed is text. */
export function withoutComments(markdown: string): string {
  let text = '';
  let at = 0;
  for (;;) {
    const open = markdown.indexOf('<!--', at);
    const close = open === -1 ? -1 : markdown.indexOf('-->', open + 4);
    if (close === -1) return text + markdown.slice(at);
    text += `${markdown.slice(at, open)} `;
    at = close + 3;
  }
}

/** Markdown with code blocks, code spans and HTML comments blanked. Linear. */
export function withoutCode(markdown: string): string {
  let fence = '';
  return withoutComments(markdown)
    .split('\n')
    .map((line) => {
      const mark = /^\s{0,3}(`{3,}|~{3,})/.exec(line)?.[1];
      if (mark !== undefined && (fence === '' || mark.startsWith(fence))) {
        fence = fence === '' ? mark : '';
        return '';
      }
      return fence === '' ? line.replace(/`[^`]{0,2000}`/g, ' ') : '';
    })
    .join('\n');
}
