/** A GitHub of our own for tests: issues, comments, timelines, pulls, releases; pages, ETags, limits and failures on demand. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface GithubServer {
  readonly url: string;
  /** Path (with query) and status of each request so far. */
  readonly requests: { path: string; status: number; authorization: string | undefined }[];
  /** The JSON of a path; a list is served in pages. */
  readonly data: Map<string, unknown>;
  /** Answers given once each, before the data: by path. */
  readonly once: Map<string, { status: number; headers?: Record<string, string>; body: unknown }[]>;
  /** `GET /repos/o/r/issues/1`, as GitHub answers it. */
  addIssue(
    number: number,
    more?: Record<string, unknown>,
    comments?: readonly Record<string, unknown>[],
  ): void;
  /** Cross-references of the timeline of that issue. */
  addTimeline(number: number, sources: readonly number[]): void;
  close(): Promise<void>;
}

const USER = (login: string) => ({ login, id: 1, node_id: 'MDQ6VXNlcjE=', type: 'User', site_admin: false });

export async function startGithubServer(): Promise<GithubServer> {
  const data = new Map<string, unknown>();
  const once: GithubServer['once'] = new Map();
  const requests: GithubServer['requests'] = [];
  const server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? '/', url);
    const send = (status: number, body: unknown, headers: Record<string, string> = {}): void => {
      requests.push({ path: request.url ?? '', status, authorization: request.headers.authorization });
      const text = status === 304 ? '' : JSON.stringify(body);
      response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
      response.end(text);
    };
    const planned = once.get(pathname)?.shift();
    if (planned !== undefined) {
      send(planned.status, planned.body, planned.headers);
      return;
    }
    const found = data.get(pathname);
    if (found === undefined) {
      send(404, { message: 'Not Found', status: '404' });
      return;
    }
    const page = Number(searchParams.get('page') ?? 1);
    const size = Number(searchParams.get('per_page') ?? 30);
    const body = Array.isArray(found) ? found.slice((page - 1) * size, page * size) : found;
    const etag = `W/"${createHash('sha256').update(JSON.stringify(body)).digest('hex')}"`;
    const hasNext = Array.isArray(found) && found.length > page * size;
    const link: Record<string, string> = hasNext
      ? { link: `<${url}${pathname}?per_page=${size}&page=${page + 1}>; rel="next"` }
      : {};
    if (request.headers['if-none-match'] === etag) send(304, null, { etag, ...link });
    else send(200, body, { etag, ...link, 'x-ratelimit-remaining': '50' });
  }

  const issueUrl = (number: number, kind = 'issues') => `${url}/o/r/${kind}/${number}`;
  return {
    url,
    requests,
    data,
    once,
    addIssue: (number, more = {}, comments = []) => {
      const kind = 'pull_request' in more ? 'pull' : 'issues';
      data.set(`/repos/o/r/issues/${number}`, {
        id: number,
        url: `${url}/repos/o/r/issues/${number}`,
        html_url: issueUrl(number, kind),
        number,
        title: `Issue ${number}`,
        state: 'open',
        user: USER(`user${number}`),
        author_association: 'NONE',
        labels: [],
        assignees: [],
        milestone: null,
        locked: false,
        comments: comments.length,
        created_at: '2026-01-02T03:04:05Z',
        closed_at: null,
        body: null,
        reactions: { total_count: 0, '+1': 0 },
        ...more,
      });
      data.set(
        `/repos/o/r/issues/${number}/comments`,
        comments.map((comment, index) => ({
          id: number * 10_000 + index,
          html_url: `${issueUrl(number, kind)}#issuecomment-${number * 10_000 + index}`,
          user: USER('somebody'),
          author_association: 'NONE',
          created_at: `2026-01-03T00:00:00Z`,
          body: '',
          reactions: { '+1': 0 },
          ...comment,
        })),
      );
      if (!data.has(`/repos/o/r/issues/${number}/timeline`))
        data.set(`/repos/o/r/issues/${number}/timeline`, []);
    },
    addTimeline: (number, sources) => {
      data.set(`/repos/o/r/issues/${number}/timeline`, [
        { event: 'labeled', label: { name: 'bug' } },
        ...sources.map((source) => ({
          event: 'cross-referenced',
          actor: USER('somebody'),
          source: { type: 'issue', issue: { html_url: issueUrl(source), number: source } },
        })),
      ]);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
