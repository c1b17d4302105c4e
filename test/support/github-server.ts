/**
 * A GitHub of our own for tests: issues, comments, timelines, pulls, releases; pages, ETags, limits and failures on demand.
 * Every answer is an example of GitHub's own description, of which a scenario changes what it is about.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type GithubDescription, type Json, readGithubDescription } from './github-examples.ts';

export interface GithubServer {
  readonly url: string;
  /** Path (with query) and status of each request so far. */
  readonly requests: { path: string; status: number; authorization: string | undefined }[];
  /** The JSON of a path; a list is served in pages. */
  readonly data: Map<string, unknown>;
  /** Answers given once each, before the data: by path. A text is sent as it is. */
  readonly once: Map<string, { status: number; headers?: Record<string, string>; body: unknown }[]>;
  /** Paths that are never answered. */
  readonly hang: Set<string>;
  /** `GET /repos/o/r/issues/1`, with its comments. */
  addIssue(number: number, more?: Json, comments?: readonly Json[]): void;
  /** An event of every kind in the timeline of that issue, with cross-references from `sources`. */
  addTimeline(number: number, sources: readonly number[]): void;
  addPull(number: number, more: Json): void;
  /** Newest first, as `tag, published_at`. */
  addReleases(releases: readonly (readonly [tag: string, publishedAt: string])[]): void;
  addComparison(base: string, head: string, status: string): void;
  close(): Promise<void>;
}

/** What is said in the timeline's reviews and commits is about nothing here. */
const ELSEWHERE = /octocat\/Hello-World/g;
let description: GithubDescription | null = null;

/** The description of github.com; read once a process. */
export function github(): GithubDescription {
  description ??= readGithubDescription();
  return description;
}

/** The name under which an event of that schema stands in a timeline. */
export function eventName(schema: string): string {
  const name = schema.replace(/^timeline-|(?:-issue)?-event$/g, '').replace(/-issue$/, '');
  const known: Record<string, string> = {
    comment: 'commented',
    'state-change': 'closed',
    'moved-column-in-project': 'moved_columns_in_project',
    'converted-note-to': 'converted_note_to_issue',
  };
  return known[name] ?? (/^(?:cross|line|commit)-/.test(name) ? name : name.replaceAll('-', '_'));
}

export async function startGithubServer(): Promise<GithubServer> {
  const data = new Map<string, unknown>();
  const once: GithubServer['once'] = new Map();
  const hang = new Set<string>();
  const requests: GithubServer['requests'] = [];
  const server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? '/', url);
    const send = (status: number, body: unknown, headers: Record<string, string> = {}): void => {
      requests.push({ path: request.url ?? '', status, authorization: request.headers.authorization });
      const text = status === 304 ? '' : typeof body === 'string' ? body : JSON.stringify(body);
      response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
      response.end(text);
    };
    if (hang.has(pathname)) {
      requests.push({ path: pathname, status: 0, authorization: request.headers.authorization });
      return;
    }
    const planned = once.get(pathname)?.shift();
    if (planned !== undefined) {
      send(planned.status, planned.body, planned.headers);
      return;
    }
    const found = data.get(pathname);
    if (found === undefined) {
      send(404, { message: 'Not Found', documentation_url: 'https://docs.github.com/rest', status: '404' });
      return;
    }
    const page = Number(searchParams.get('page') ?? 1);
    const size = Number(searchParams.get('per_page') ?? 30);
    const body = Array.isArray(found) ? found.slice((page - 1) * size, page * size) : found;
    const etag = `W/"${createHash('sha256').update(JSON.stringify(body)).digest('hex')}"`;
    const hasNext = Array.isArray(found) && found.length > page * size;
    const last = Array.isArray(found) ? Math.ceil(found.length / size) : 1;
    const pageLink = (n: number, rel: string) =>
      `<${url}${pathname}?per_page=${size}&page=${n}>; rel="${rel}"`;
    const link: Record<string, string> = hasNext
      ? { link: `${pageLink(page + 1, 'next')}, ${pageLink(last, 'last')}` }
      : {};
    if (request.headers['if-none-match'] === etag) send(304, null, { etag, ...link });
    else send(200, body, { etag, ...link, 'x-ratelimit-limit': '60', 'x-ratelimit-remaining': '50' });
  }

  /** An example as this server would say it. */
  const local = (example: unknown): Json =>
    JSON.parse(
      JSON.stringify(example)
        .replaceAll('https://api.github.com', url)
        .replaceAll('https://github.com', url)
        .replaceAll(ELSEWHERE, 'o/r'),
    );
  const first = (name: string): Json => {
    const list = github().example(name);
    return local(Array.isArray(list) ? list[0] : list);
  };
  const userOf = (login: string): Json => ({ ...(first('issue').user as Json), login });
  const issueUrl = (number: number, kind = 'issues') => `${url}/o/r/${kind}/${number}`;
  const withUser = (more: Json): Json =>
    more.user === undefined || more.user === null
      ? more
      : { ...more, user: { ...userOf(''), ...(more.user as Json) } };

  return {
    url,
    requests,
    data,
    once,
    hang,
    addIssue: (number, more = {}, comments = []) => {
      const kind = 'pull_request' in more ? 'pull' : 'issues';
      const { pull_request: _, ...plain } = first('issue');
      data.set(`/repos/o/r/issues/${number}`, {
        ...plain,
        url: `${url}/repos/o/r/issues/${number}`,
        html_url: issueUrl(number, kind),
        number,
        title: `Issue ${number}`,
        user: userOf(`user${number}`),
        author_association: 'NONE',
        labels: [],
        comments: comments.length,
        created_at: '2026-01-02T03:04:05Z',
        body: null,
        reactions: { ...(first('issue').reactions as Json | undefined), '+1': 0 },
        ...withUser(more),
      });
      data.set(
        `/repos/o/r/issues/${number}/comments`,
        comments.map((comment, index) => ({
          ...first('issue-comment-items'),
          id: number * 10_000 + index,
          html_url: `${issueUrl(number, kind)}#issuecomment-${number * 10_000 + index}`,
          user: userOf('somebody'),
          author_association: 'NONE',
          created_at: `2026-01-03T00:00:00Z`,
          body: '',
          reactions: { '+1': 0 },
          ...withUser(comment),
        })),
      );
      if (!data.has(`/repos/o/r/issues/${number}/timeline`))
        data.set(`/repos/o/r/issues/${number}/timeline`, []);
    },
    addTimeline: (number, sources) => {
      const { timelineEvents, instance } = github();
      const others = timelineEvents
        .filter((schema) => !/cross-referenced|sub-issue|parent-issue|block/.test(schema))
        .map((schema) => ({ ...local(instance(schema, 'full')), event: eventName(schema) }));
      data.set(`/repos/o/r/issues/${number}/timeline`, [
        ...others,
        ...sources.map((source) => ({
          ...local(instance('timeline-cross-referenced-event', 'full')),
          event: 'cross-referenced',
          source: { type: 'issue', issue: { ...first('issue'), html_url: issueUrl(source), number: source } },
        })),
      ]);
    },
    addPull: (number, more) =>
      data.set(`/repos/o/r/pulls/${number}`, { ...first('pull-request'), number, merged: true, ...more }),
    addReleases: (releases) =>
      data.set(
        '/repos/o/r/releases',
        releases.map(([tag, publishedAt]) => ({
          ...first('release-items'),
          tag_name: tag,
          html_url: `${url}/o/r/releases/tag/${tag}`,
          published_at: publishedAt,
        })),
      ),
    addComparison: (base, head, status) =>
      data.set(`/repos/o/r/compare/${base}...${head}`, { ...first('commit-comparison'), status }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
