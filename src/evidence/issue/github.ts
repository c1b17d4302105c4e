/**
 * Asking GitHub, politely: one request after the other, answers that have not changed from the cache, short limits waited
 * for, long ones told. It goes the way Codex itself takes (proxies, authorities); the token goes to this server only.
 */
import { createHash } from 'node:crypto';
import { Octokit } from '@octokit/core';
import { retry } from '@octokit/plugin-retry';
import { throttling } from '@octokit/plugin-throttling';
import type { CodexScope } from '../../codex/home.ts';
import { createHttp, type Http } from '../../codex/http.ts';
import { messageOf, StewardError } from '../../errors.ts';
import { type AnswerCache, createAnswerCache } from './answer-cache.ts';
import type { Github } from './reference.ts';

export interface GithubClientOptions {
  readonly github: Github;
  /** Requests in all; the rest is told as not fetched. */
  readonly maxRequests: number;
  /** A limit that lasts longer than this is not waited for. */
  readonly patienceMs?: number;
  /** Told when a limit is waited for. */
  readonly onWait?: (seconds: number) => void;
  /** The unit of waiting, in ms; a test makes it small. */
  readonly secondMs?: number;
}

/** `missing`: deleted, or not to be seen by us. `stopped`: a limit or our own bound; nothing more is worth asking. */
export type Asked<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'missing'; readonly status: number }
  | { readonly kind: 'stopped'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string };

export interface GithubClient {
  get(path: string): Promise<Asked<unknown>>;
  /** All pages, `maxPages` at most; `complete` says whether there were more. */
  list(
    path: string,
    maxPages: number,
  ): Promise<Asked<{ readonly items: readonly unknown[]; readonly complete: boolean }>>;
  /** Requests made, those answered from the cache among them. */
  count(): { readonly requests: number; readonly unchanged: number };
  /** Why answers are not kept for the next time; `null` while they are. */
  cacheProblem(): string | null;
  close(): Promise<void>;
}

const TIMEOUT_MS = 30_000;
const MAX_BYTES = 32 * 1024 * 1024;
const MAX_HOPS = 4;
const RETRIES = 2;
const Client = Octokit.plugin(retry, throttling);

/** Opens nothing until it is asked. */
export function createGithubClient(scope: CodexScope, options: GithubClientOptions): GithubClient {
  const { github, maxRequests, patienceMs = 60_000, secondMs = 1000 } = options;
  const http = createHttp(scope);
  const identity = createHash('sha256')
    .update(github.token ?? '')
    .digest('hex');
  const cache = createAnswerCache(scope, identity);
  const counts = { requests: 0, unchanged: 0 };
  let stopped: string | null = null;
  const onLimit =
    (name: string) => (retryAfter: number, _options: unknown, _client: unknown, retryCount: number) => {
      if (retryAfter * 1000 <= patienceMs && retryCount < RETRIES) {
        options.onWait?.(retryAfter);
        return true;
      }
      const hint = github.token === null ? '; with GITHUB_TOKEN the limit is much higher' : '';
      stopped = `${name}, for another ${Math.ceil(retryAfter / 60)} min${hint}`;
      return false;
    };
  const octokit = new Client({
    baseUrl: github.apiUrl,
    ...(github.token === null ? {} : { auth: github.token }),
    userAgent: 'codex-steward',
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    request: {
      fetch: createFetch(http, github, scope.signal, () => {
        if (counts.requests >= maxRequests) {
          stopped ??= `the bound of ${maxRequests} requests was reached`;
          return false;
        }
        counts.requests++;
        return true;
      }),
    },
    retry: { retries: RETRIES, retryAfterBaseValue: secondMs },
    throttle: {
      id: identity,
      retryAfterBaseValue: secondMs,
      onRateLimit: onLimit("GitHub's rate limit is used up"),
      onSecondaryRateLimit: onLimit("GitHub's secondary rate limit is in force"),
    },
  });
  useCache(octokit, cache, counts);
  const ask = async <T>(work: () => Promise<T>): Promise<Asked<T>> => {
    if (stopped !== null) return { kind: 'stopped', reason: stopped };
    try {
      return { kind: 'ok', value: await work() };
    } catch (error) {
      scope.signal.throwIfAborted();
      if (stopped !== null) return { kind: 'stopped', reason: stopped };
      return asFailure(error);
    }
  };
  return {
    get: (path) => ask(async () => (await octokit.request(`GET ${path}`)).data),
    list: (path, maxPages) =>
      ask(async () => {
        const items: unknown[] = [];
        let next: string | undefined = `${path}?per_page=100`;
        for (let page = 0; next !== undefined && page < maxPages; page++) {
          const response: Awaited<ReturnType<typeof octokit.request>> = await octokit.request(`GET ${next}`);
          if (!Array.isArray(response.data))
            throw Object.assign(new Error('the answer is not a list'), { status: response.status });
          items.push(...response.data);
          next = /<([^<>]+)>; rel="next"/.exec(response.headers.link ?? '')?.[1];
        }
        const complete = next === undefined;
        return { items, complete };
      }),
    count: () => ({ ...counts }),
    cacheProblem: () => cache.problem(),
    close: async () => {
      await http.close();
      await cache.close();
    },
  };
}

function asFailure(error: unknown): Exclude<Asked<never>, { kind: 'ok' }> {
  const status = statusOf(error);
  if (status === 401)
    throw new StewardError('ERR_ISSUE_TOKEN', 'user', 'GitHub refuses the token', {
      hint: 'Unset or renew GITHUB_TOKEN: public issues need none.',
      cause: error,
    });
  // 410: deleted; 451: taken down; 403 without a limit: not for this token.
  if (status !== null && [403, 404, 410, 451].includes(status)) return { kind: 'missing', status };
  if (status === null) throw error;
  return { kind: 'failed', reason: messageOf(error) };
}

function statusOf(error: unknown): number | null {
  if (typeof error !== 'object' || error === null || !('status' in error)) return null;
  return typeof error.status === 'number' ? error.status : null;
}

/** Asks with the ETag of the last answer, and takes that answer where nothing has changed. */
function useCache(
  octokit: InstanceType<typeof Client>,
  cache: AnswerCache,
  counts: { unchanged: number },
): void {
  octokit.hook.wrap('request', async (request, options) => {
    const { url } = octokit.request.endpoint(options);
    const known = await cache.read(url);
    if (known !== null) options.headers['if-none-match'] = known.etag;
    try {
      const response = await request(options);
      const { etag, link } = response.headers;
      if (etag !== undefined && response.status === 200)
        await cache.write({ url, etag, link: link ?? null, data: response.data });
      return response;
    } catch (error) {
      if (known === null || statusOf(error) !== 304) throw error;
      counts.unchanged++;
      const headers = known.link === null ? {} : { link: known.link };
      return { status: 200, url, headers, data: known.data, retryCount: 0 };
    }
  });
}

/** An error of that name is not asked again for. */
function unretried(message: string): Error {
  return Object.assign(new Error(message), { name: 'AbortError' });
}

/** `fetch` over the way that Codex takes. A redirect (a transferred issue) is followed; the token stays with its server. */
function createFetch(http: Http, github: Github, signal: AbortSignal, mayAsk: () => boolean): typeof fetch {
  const origin = new URL(github.apiUrl).origin;
  return async (input, init) => {
    let url = new URL(input instanceof Request ? input.url : input);
    const headers = Object.fromEntries(new Headers(init?.headers));
    for (let hop = 0; ; hop++) {
      if (!mayAsk()) throw unretried('no more requests');
      const own = url.origin === origin ? headers : { ...headers, authorization: '' };
      const outcome = await http.request({
        method: 'GET',
        url: url.href,
        headers: Object.fromEntries(Object.entries(own).filter(([, value]) => value !== '')),
        timeoutMs: TIMEOUT_MS,
        maxBytes: MAX_BYTES,
      });
      if (signal.aborted) throw unretried('interrupted');
      if (outcome.kind === 'failed') throw new Error(outcome.message);
      const { location } = outcome.headers;
      if ([301, 302, 307, 308].includes(outcome.status) && location !== undefined && hop < MAX_HOPS) {
        url = new URL(location, url);
        continue;
      }
      const body = outcome.status === 304 || outcome.status === 204 ? null : outcome.text;
      return new Response(body, { status: outcome.status, headers: { ...outcome.headers } });
    }
  };
}
