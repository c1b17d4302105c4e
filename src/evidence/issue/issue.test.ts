import { chown, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCanaries } from '../../../test/support/canaries.ts';
import { type GithubServer, startGithubServer } from '../../../test/support/github-server.ts';
import { makePlainHome, type PlainHome } from '../../../test/support/plain-home.ts';
import { resolveCodexHome } from '../../codex/home.ts';
import { type Crawled, crawlIssues } from './crawl.ts';
import { createGithubClient } from './github.ts';
import type { IssueGraph } from './graph.ts';
import { createIssueReport, type IssueReport } from './issue-report.ts';
import { renderIssueMarkdown } from './markdown.ts';
import { parseIssueArgument, referencesIn } from './reference.ts';

let home: PlainHome;
let server: GithubServer;
let cacheProblem: string | null;
beforeEach(async () => {
  [home, server] = await Promise.all([makePlainHome(), startGithubServer()]);
});
afterEach(async () => {
  await server.close();
  await home.remove();
});

interface Asking {
  readonly depth?: number;
  readonly maxNodes?: number;
  readonly maxRequests?: number;
  readonly maxPages?: number;
  readonly token?: string;
  readonly signal?: AbortSignal;
}

async function crawl({
  depth = 2,
  maxNodes = 50,
  maxRequests = 100,
  maxPages = 20,
  token,
  signal = new AbortController().signal,
}: Asking = {}): Promise<Crawled> {
  const host = home.host();
  const scope = { host, home: resolveCodexHome(host), signal };
  const { reference, github } = parseIssueArgument('o/r#1', {
    GITHUB_API_URL: server.url,
    GITHUB_TOKEN: token,
  });
  const client = createGithubClient(scope, { github, maxRequests, secondMs: 1 });
  try {
    return await crawlIssues(reference, { client, webUrl: github.webUrl, depth, maxNodes, maxPages });
  } finally {
    cacheProblem = client.cacheProblem();
    await client.close();
  }
}

async function graphOf(asking: Asking = {}): Promise<IssueGraph> {
  const crawled = await crawl(asking);
  if (crawled.kind !== 'graph') throw new Error(crawled.reason);
  return crawled.graph;
}

const keys = (graph: IssueGraph) => graph.nodes.map(({ key }) => key);
const markdown = (graph: IssueGraph) =>
  renderIssueMarkdown(createIssueReport(graph) as IssueReport, { onThisMachine: new Map(), analysis: null });

describe('the graph of an issue', () => {
  it('goes round in a circle once, by body, comment and timeline, with no node twice', async () => {
    server.addIssue(1, { body: 'See #2, #2 and https://github.com/other/place/issues/9' }, [
      { body: 'duplicate of o/r#3' },
    ]);
    server.addIssue(2, { body: 'back to #1, and O/R#3' });
    server.addIssue(3, { body: 'fixes #1' });
    server.addIssue(4);
    server.addTimeline(1, [4, 2, 1]);
    const graph = await graphOf();
    expect(keys(graph)).toEqual(['o/r#1', 'o/r#2', 'o/r#3', 'o/r#4']);
    expect(graph.edges.map(({ from, kind, to }) => `${from} ${kind} ${to}`)).toEqual([
      'o/r#1 mentions o/r#2',
      'o/r#1 duplicate o/r#3',
      'o/r#1 closes o/r#42', // says a commit in GitHub's own example of a timeline
      'o/r#1 cross-referenced o/r#4',
      'o/r#1 cross-referenced o/r#2',
      'o/r#2 mentions o/r#1',
      'o/r#2 mentions o/r#3',
      'o/r#3 closes o/r#1',
    ]);
    expect(graph.gaps).toEqual([]);
    expect(graph.notFetched.map(({ key }) => key)).toEqual(['o/r#42']);
  });

  it('follows sub-issues and dependencies, unless they were taken back', async () => {
    const other = (number: number, full_name = 'o/r') => ({
      number,
      title: '',
      state: 'open',
      repository: { full_name },
    });
    server.addIssue(1);
    server.data.set('/repos/o/r/issues/1/timeline', [
      { event: 'sub_issue_added', sub_issue: other(2) },
      { event: 'parent_issue_added', parent_issue: other(3, 'Other/Place') },
      { event: 'blocked_by_added', blocked_by: other(4) },
      { event: 'blocking_added', blocking: other(5) },
      { event: 'blocking_removed', blocking: other(5) },
      { event: 'sub_issue_added', sub_issue: null },
      { event: 'reviewed', body: 'as in #6', html_url: 'https://review.test' },
    ]);
    expect((await graphOf()).edges.map(({ kind, to, url }) => [kind, to, url])).toEqual([
      ['sub-issue', 'o/r#2', `${server.url}/o/r/issues/1`],
      ['parent', 'other/place#3', `${server.url}/o/r/issues/1`],
      ['blocked by', 'o/r#4', `${server.url}/o/r/issues/1`],
      ['mentions', 'o/r#6', 'https://review.test'],
    ]);
  });

  it('says what is not as GitHub describes it, and reads the rest', async () => {
    server.addIssue(1, { body: '#2 #3 #4' }, [{ body: 'good' }, { html_url: 7 }, { body: ['x'] }]);
    server.addIssue(2, { title: 12 });
    server.addIssue(3, {}, [{ body: 'x' }]);
    server.data.set('/repos/o/r/issues/1/timeline', { message: 'no list' });
    server.once.set('/repos/o/r/issues/3/comments', [{ status: 200, body: '<html>a portal</html>' }]);
    server.once.set('/repos/o/r/issues/4', [{ status: 200, body: '<html>a portal</html>' }]);
    const graph = await graphOf();
    expect(graph.nodes.map(({ key, comments }) => [key, comments.length])).toEqual([
      ['o/r#1', 1],
      ['o/r#3', 0],
    ]);
    expect(graph.gaps).toEqual([
      '2 of the comments of o/r#1 are not as GitHub describes them, and were passed over.',
      'The timeline of o/r#1 could not be read: the answer is not a list.',
      'The comments of o/r#3 could not be read: the answer is not a list.',
    ]);
    expect(graph.notFetched).toEqual([
      {
        key: 'o/r#2',
        reason: 'the answer is not what GitHub describes as an issue (title is missing or of another type)',
      },
      { key: 'o/r#4', reason: 'the answer is not what GitHub describes as an issue' },
    ]);
  });

  it('names what is deleted, too far away, or beyond a bound, instead of leaving it out', async () => {
    server.addIssue(1, { body: '#2 #3 #5' });
    server.addIssue(3, { body: '#4' });
    server.addIssue(5);
    server.data.delete('/repos/o/r/issues/2');
    server.once.set('/repos/o/r/issues/2', [{ status: 410, body: { message: 'This issue was deleted' } }]);
    const graph = await graphOf({ depth: 2, maxNodes: 2 });
    expect(keys(graph)).toEqual(['o/r#1', 'o/r#3']);
    expect(graph.notFetched).toEqual([
      { key: 'o/r#2', reason: 'deleted, or not to be seen (HTTP 410)' },
      { key: 'o/r#4', reason: 'the bound of 2 issues was reached' },
      { key: 'o/r#5', reason: 'the bound of 2 issues was reached' },
    ]);
    expect(markdown(graph)).toContain('- o/r#2: deleted, or not to be seen (HTTP 410)');
    const near = await graphOf({ depth: 1 });
    expect(keys(near)).toEqual(['o/r#1', 'o/r#3', 'o/r#5']);
    expect(server.requests.filter(({ path }) => path.startsWith('/repos/o/r/issues/3/'))).toHaveLength(1);
  });

  it('follows an issue that was transferred, under one name', async () => {
    server.addIssue(1, { body: '#7 and #8' });
    server.addIssue(8);
    const moved = { status: 301, headers: { location: `${server.url}/repos/o/r/issues/8` }, body: {} };
    server.once.set('/repos/o/r/issues/7', [moved]);
    const graph = await graphOf();
    expect(keys(graph)).toEqual(['o/r#1', 'o/r#8']);
    expect(graph.edges).toHaveLength(1);
    expect(graph.notFetched).toEqual([]);
  });

  it('does not hand the token on to another server', async () => {
    const other = await startGithubServer();
    try {
      other.addIssue(1);
      server.once.set('/repos/o/r/issues/1', [
        { status: 302, headers: { location: `${other.url}/repos/o/r/issues/1` }, body: {} },
      ]);
      await crawl({ token: 'gh-token-of-this-test', depth: 0 });
      expect(server.requests[0]?.authorization).toContain('gh-token-of-this-test');
      expect(other.requests.map(({ authorization }) => authorization)).toEqual([undefined]);
    } finally {
      await other.close();
    }
  });

  it('reads a thousand comments by pages, and costs no answer twice', async () => {
    const comments = Array.from({ length: 1000 }, (_, index) => ({ body: `comment ${index}` }));
    server.addIssue(1, {}, comments);
    const graph = await graphOf();
    expect(graph.nodes[0]?.comments.map(({ body }) => body)).toEqual(comments.map(({ body }) => body));
    expect(server.requests).toHaveLength(12);
    const again = await graphOf();
    expect(again.unchanged).toBe(12);
    expect(server.requests.slice(12).map(({ status }) => status)).toEqual(new Array(12).fill(304));
    expect({ ...again, unchanged: 0 }).toEqual(graph);
    const folder = join(home.path, 'steward', 'cache', 'github');
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });

  it('reads without keeping anything, where nothing can be kept, and says why', async () => {
    server.addIssue(1);
    await home.write('steward', 'a file in the way');
    expect((await graphOf()).nodes).toHaveLength(1);
    expect(cacheProblem).toMatch(/not a directory/i);
  });

  it.skipIf(process.getuid?.() !== 0)('leaves nothing of root behind in the home of somebody', async () => {
    server.addIssue(1);
    await chown(home.path, 4711, 4711);
    await graphOf();
    for (const name of ['', ...(await readdir(join(home.path, 'steward'), { recursive: true }))])
      expect((await stat(join(home.path, 'steward', name))).uid, name).toBe(4711);
  });

  it('says how many comments it did not read', async () => {
    server.addIssue(
      1,
      {},
      Array.from({ length: 250 }, () => ({ body: 'x' })),
    );
    const graph = await graphOf({ maxPages: 2 });
    expect(graph.gaps).toEqual(['Of the comments of o/r#1 only the first 200 were read.']);
    expect(markdown(graph)).toContain('only the first 200 were read');
  });

  it('asks again after a 5xx and after short limits', async () => {
    server.addIssue(1, { body: '#2' });
    server.addIssue(2);
    server.once.set('/repos/o/r/issues/1', [
      { status: 502, body: { message: 'Bad Gateway' } },
      {
        status: 403,
        headers: { 'retry-after': '1' },
        body: { message: 'You have exceeded a secondary rate limit. Please wait.' },
      },
      { status: 429, headers: { 'retry-after': '1' }, body: { message: 'Too many requests' } },
    ]);
    expect(keys(await graphOf())).toEqual(['o/r#1', 'o/r#2']);
  });

  it('does not wait for a long limit, keeps what it has, and says so', async () => {
    server.addIssue(1, { body: '#2 #3' });
    const reset = String(Math.floor(Date.now() / 1000) + 1800);
    server.once.set('/repos/o/r/issues/2', [
      {
        status: 403,
        headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset },
        body: { message: 'API rate limit exceeded for 127.0.0.1.' },
      },
    ]);
    const graph = await graphOf();
    expect(keys(graph)).toEqual(['o/r#1']);
    expect(graph.notFetched).toHaveLength(2);
    for (const { reason } of graph.notFetched)
      expect(reason).toMatch(/^GitHub's rate limit is used up, for another 3\d min; with GITHUB_TOKEN/);
    expect(server.requests.some(({ path }) => path.includes('/issues/3'))).toBe(false);
  });

  it('ends at once when it is interrupted', async () => {
    server.addIssue(1, { body: '#2' });
    server.hang.add('/repos/o/r/issues/2');
    const stop = new AbortController();
    const crawling = crawl({ signal: stop.signal });
    while (!server.requests.some(({ path }) => path === '/repos/o/r/issues/2'))
      await new Promise((resolve) => setTimeout(resolve, 5));
    stop.abort();
    await expect(crawling).rejects.toMatchObject({ name: 'AbortError' });
    expect(server.requests.filter(({ path }) => path === '/repos/o/r/issues/2')).toHaveLength(1);
  });

  it('stays within its bound of requests', async () => {
    server.addIssue(1, { body: Array.from({ length: 40 }, (_, n) => `#${n + 2}`).join(' ') });
    for (let n = 2; n < 42; n++) server.addIssue(n);
    const graph = await graphOf({ maxRequests: 10 });
    expect(server.requests).toHaveLength(10);
    expect(graph.nodes.length + graph.notFetched.length).toBe(41);
    expect(graph.notFetched[0]?.reason).toBe('the bound of 10 requests was reached');
  });

  it('tells an issue that is not there from a server that fails', async () => {
    expect(await crawl()).toEqual({
      kind: 'none',
      isGone: true,
      reason: 'deleted, or not to be seen (HTTP 404)',
    });
    server.once.set('/repos/o/r/issues/1', new Array(9).fill({ status: 500, body: { message: 'oops' } }));
    expect(await crawl()).toMatchObject({ kind: 'none', isGone: false });
    server.once.set('/repos/o/r/issues/1', [{ status: 401, body: { message: 'Bad credentials' } }]);
    await expect(crawl({ token: 'bad' })).rejects.toMatchObject({ code: 'ERR_ISSUE_TOKEN', kind: 'user' });
  });
});

describe('the report of an issue', () => {
  const ISSUE = {
    title: 'Remote control stays offline | <b>broken</b>',
    body: '### What version of Codex CLI is running?\n\ncodex-cli 0.133.0\n\n### What platform is your computer?\n\nLinux 6.8 x86_64\n\n### What issue are you seeing?\n\n```\nerror: stream disconnected before completion: unexpected status 401 Unauthorized\n```\n\nDoes anybody know how to avoid this one?',
    reactions: { '+1': 7 },
  };

  async function fullReport(): Promise<IssueGraph> {
    server.addIssue(1, ISSUE, [
      {
        user: { login: 'ada' },
        body: 'A workaround: delete the stale row and pair again.',
        reactions: { '+1': 3 },
      },
      { user: { login: 'bob' }, body: '@ada that worked for me, thanks.' },
      {
        user: { login: 'eve' },
        body: '> A workaround: delete the stale row and pair again.\n\nThis did not work on codex 0.169.0, macOS 15.',
      },
      {
        user: { login: 'mallory' },
        body: `@everyone my key is sk-proj-abcdefghijklmnopqrst1234 \u202e <img src=x>`,
      },
    ]);
    server.addIssue(5, {
      title: 'Fix remote control',
      state: 'closed',
      pull_request: { merged_at: '2026-02-01T00:00:00Z' },
      body: 'Fixes #1',
    });
    server.addTimeline(1, [5]);
    server.addPull(5, { merged_at: '2026-02-01T00:00:00Z', merge_commit_sha: 'abc' });
    server.addReleases([
      ['v3', '2026-02-05T00:00:00Z'],
      ['v2', '2026-02-02T00:00:00Z'],
      ['v1', '2026-01-01T00:00:00Z'],
    ]);
    server.addComparison('abc', 'v2', 'diverged');
    server.addComparison('abc', 'v3', 'ahead');
    return graphOf();
  }

  it('gives facts with their addresses: errors, systems, workarounds and who confirmed them, releases', async () => {
    const graph = await fullReport();
    const report = createIssueReport(graph) as IssueReport;
    expect(report.errors[0]?.text).toContain('unexpected status 401 Unauthorized');
    expect(report.environments.map(({ version, platform }) => [version, platform])).toEqual([
      ['codex-cli 0.133.0', 'Linux 6.8 x86_64'],
      ['0.169.0', 'macOS 15'],
    ]);
    expect(report.workarounds).toMatchObject([
      { author: 'ada', thumbsUp: 3, confirmedBy: [{ author: 'bob' }], deniedBy: [{ author: 'eve' }] },
    ]);
    expect(report.questions).toMatchObject([{ text: 'Does anybody know how to avoid this one?' }]);
    const text = markdown(graph);
    expect(text).toContain('**merged on 2026-02-01, first released in [v3]');
    expect(text).toContain(`([bob, 2026-01-03](${server.url}/o/r/issues/1#issuecomment-10001))`);
    expect(text).toContain('n1 -->|closes| n0');
  });

  it("takes the effect out of a stranger's text: secrets, mentions, HTML, tables, direction marks", async () => {
    const text = markdown(await fullReport());
    expect(text).not.toMatch(/sk-proj-abc|<b>|<img|\u202e|@everyone/);
    expect(text).toContain('# o/r#1: Remote control stays offline \\| &lt;b>broken&lt;/b>');
  });

  it('leaves commands as they are, and only what is truly code', async () => {
    const said = (words: string) => `Deleting it fixed this: ${words}.`;
    server.addIssue(1, {}, [
      { body: said('`npm i -g @openai/codex@0.1.0 <now>`') },
      { body: said('` a `` b ` <img src=1> `') },
      { body: said('\\` <img src=2> ` @all') },
      { body: said('`` <img src=3> ` @all') },
    ]);
    const text = markdown(await graphOf());
    expect(text).toContain('`npm i -g @openai/codex@0.1.0 <now>`');
    expect(text).not.toMatch(/<img|@all/);
  });

  it('is the same text twice', async () => {
    expect(markdown(await fullReport())).toBe(markdown(await fullReport()));
  });

  it('holds no secret, whoever pasted it', async () => {
    const canaries = createCanaries();
    const secret = `${canaries.key('issue')} Bearer ${canaries.jwt('issue')} password=${canaries.word('issue')} ${canaries.email('issue')}`;
    server.addIssue(1, { title: secret, body: `${secret}\n\n\`\`\`\nerror: ${secret}\n\`\`\`` }, [
      { body: `Workaround: you can fix it with ${secret}. See #2` },
    ]);
    const refused = { status: 500, body: { message: secret } };
    server.once.set('/repos/o/r/issues/2', new Array(9).fill(refused));
    const graph = await graphOf();
    expect(canaries.leaks(markdown(graph))).toEqual([]);
    expect(canaries.leaks(JSON.stringify(createIssueReport(graph)))).toEqual([]);
  });
});

describe('a reference', () => {
  it('is read from what a person types, and the token kept for its own server', () => {
    const env = { GITHUB_TOKEN: 't', GITHUB_ENTERPRISE_TOKEN: 'e' };
    const parse = (text: string, more = {}) => parseIssueArgument(text, { ...env, ...more });
    expect(parse('openai/codex#12')).toEqual({
      reference: { owner: 'openai', repo: 'codex', number: 12 },
      github: { apiUrl: 'https://api.github.com', webUrl: 'https://github.com', token: 't' },
    });
    expect(parse('https://github.com/openai/codex/pull/12/files#diff').github.token).toBe('t');
    expect(parse('https://ghe.example.test/a/b/issues/3').github).toEqual({
      apiUrl: 'https://ghe.example.test/api/v3',
      webUrl: 'https://ghe.example.test',
      token: 'e',
    });
    const own = { GITHUB_API_URL: 'https://ghe.example.test/api/v3/' };
    expect(parse('a/b#3', own).github).toMatchObject({
      apiUrl: 'https://ghe.example.test/api/v3',
      token: 't',
    });
    expect(parse('https://github.com/a/b/issues/3', own).github).toMatchObject({
      apiUrl: 'https://api.github.com',
      token: null,
    });
    for (const bad of ['codex', 'a/b', 'https://github.com/a/b', 'ftp://github.com/a/b/issues/1', 'a/b#x'])
      expect(() => parse(bad), bad).toThrow(
        expect.objectContaining({ code: 'ERR_ISSUE_REFERENCE', exitCode: 2 }),
      );
  });

  it('is found in text, but not in code, in words or of another host', () => {
    const from = { owner: 'o', repo: 'r', number: 1 };
    const text =
      'Fixes #2, a/b#3, GH-4 https://github.com/x/y/pull/5#discussion_r1\n```\n#6\n```\n`#7` abc#8 /#9 https://gitlab.test/x/y/issues/10 <!-- #11 --> #1';
    expect(
      referencesIn(text, from, 'https://github.com').map(
        ({ reference: { owner, repo, number }, how }) => `${owner}/${repo}#${number} ${how}`,
      ),
    ).toEqual(['o/r#2 closes', 'a/b#3 mentions', 'o/r#4 mentions', 'x/y#5 mentions']);
  });
});
