/** What a user hands over and looks up: bundle, issue graph, votes, a page for each failure; with the real Codex and the lab. */
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { strFromU8, unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAILURE_IDS } from '../../src/knowledge/ids.ts';
import { findScenario } from '../../src/lab/scenarios/find.ts';
import { type GithubServer, startGithubServer } from '../support/github-server.ts';
import { type RemoteWorld, startRemoteWorld } from '../support/remote-world.ts';
import { type StewardRun, steward } from '../support/steward.ts';

let world: RemoteWorld;
let github: GithubServer;
beforeAll(async () => {
  [world, github] = await Promise.all([startRemoteWorld('codex-0.133', 'ok'), startGithubServer()]);
});
afterAll(async () => {
  await github.close();
  await world.stop();
});

const run = (...args: readonly string[]): Promise<StewardRun> =>
  steward(
    { env: { ...world.env, GITHUB_API_URL: github.url, GITHUB_TOKEN: '' }, project: world.host.userHome },
    args,
  );

it('C13, D14: one bundle holds report, doctor, versions, connection, request ids and the failing command in full', async () => {
  const headers = { 'x-request-id': 'req_0123456789abcdef', 'cf-ray': '8f1c2d3e4f5a6b7c-FRA' };
  const answer = { kind: 'answer', status: 500, json: { detail: 'it broke' }, headers } as const;
  await world.lab.control({ do: 'fault', faults: [{ match: { path: '**/server/enroll' }, effect: answer }] });
  const failed = await run('remote', 'start');
  expect(failed.code).toBe(1);
  const output = join(world.host.userHome, 'failed.txt');
  await writeFile(output, `$ codex remote-control start\n${failed.stdout}`);
  const made = join(world.host.userHome, 'bundle.zip');
  expect(await run('bundle', '--yes', '--add', output, '--out', made)).toMatchObject({ code: 0, stderr: '' });
  await run('remote', 'stop');

  const files = unzipSync(await readFile(made));
  const text = (name: string) => strFromU8(files[name] ?? new Uint8Array());
  expect(JSON.parse(text('report.json'))).toMatchObject({
    stewardVersion: expect.any(String),
    doctor: { command: 'doctor', codexVersion: '0.133.0', checks: expect.any(Object) },
    accounts: { storageHealth: expect.any(Object), forecast: expect.any(Object) },
    installs: { active: { version: '0.133.0' } },
    environment: { network: expect.arrayContaining([expect.objectContaining({ name: 'HTTPS_PROXY' })]) },
    recentFailures: expect.arrayContaining([expect.objectContaining({ sample: expect.any(String) })]),
  });
  const logs = Object.keys(files).filter((name) => name.startsWith('logs/'));
  for (const id of Object.values(headers)) expect(logs.map(text).join('')).toContain(id);
  expect(text('added/1.txt')).toContain('$ codex remote-control start\n✖ Remote control is not available');
  expect(text('issue.md')).toMatch(/codex-cli 0\.133\.0[\s\S]*req_0123456789abcdef/);
});

it('D15: an error that nobody has listed gets search terms, the known threads, and the bundle', async () => {
  const { code, stdout } = await run(
    'explain',
    'codex: frobnicator of the turn context has stalled (E_FROB)',
  );
  expect(code).toBe(1);
  expect(stdout).toMatch(/search +\S*frobnicator/);
  expect(stdout).toContain('https://github.com/openai/codex/issues?q=is%3Aissue+');
  expect(stdout).toContain('steward bundle');
});

it('E1: the address of an issue becomes a report of it, of what is linked, and of the pull requests', async () => {
  github.addIssue(
    1,
    { title: 'Pairing is stuck', body: 'As in #2.\n\n```\nRemote-control client has been revoked\n```' },
    [{ body: 'duplicate of #3' }],
  );
  github.addIssue(2, { title: 'Revoked client', body: 'It keeps its id.' });
  github.addIssue(3, { title: 'The same' });
  github.addIssue(5, {
    title: 'Forget revoked clients',
    pull_request: { merged_at: null },
    body: 'Fixes #1',
  });
  github.addPull(5, { merged_at: null });
  github.addTimeline(1, [5]);
  const ran = await run('issue', `${github.url}/o/r/issues/1`);
  expect(ran).toMatchObject({ code: 0 });
  expect(ran.stdout).toMatch(/^# o\/r#1: Pairing is stuck\n/);
  for (const linked of ['o/r#2', 'o/r#3', 'o/r#5']) expect(ran.stdout).toContain(linked);
  expect(ran.stdout).toContain('```mermaid');
  expect(ran.stdout).toContain('remote.client_revoked');
});

it('E2: a fix takes seven votes, which are shown with the failure', async () => {
  const id = 'config.toml_syntax';
  const verdicts = ['works', 'easy-fix', 'time-saver', 'blocking', 'common-issue', 'flaky', 'verified'];
  const said = await Promise.all(verdicts.map((verdict) => run('signal', id, verdict)));
  expect(said.map(({ code }) => code)).toEqual(verdicts.map(() => 0));
  const { stdout } = await run('signal', 'list');
  for (const word of ['worked', 'easy fix', 'time saver', 'blocking', 'common issue', 'flaky', 'verified'])
    expect(stdout.replace(/\s+/g, ' ')).toContain(word);
  expect((await run('explain', id)).stdout).toMatch(/so far {2}/);
  expect((await run('signal', id, 'nice')).code).toBe(2);
});

describe('E3: the page of', () => {
  const page = readFileSync(new URL('../../docs/failures.md', import.meta.url), 'utf8');
  const sections = new Map(
    page.split(/\n(?=### )/).flatMap((section) => {
      const id = /^`(\w+\.\w+)` · /m.exec(section)?.[1];
      return id === undefined ? [] : [[id, section] as const];
    }),
  );
  const known = FAILURE_IDS.filter((id) => id !== 'none' && id !== 'doctor.check_failed');

  it.each(known)('%s has message, cause, example, fix, questions and what to expect', (id) => {
    const section = sections.get(id) ?? '';
    expect(section).toMatch(/^- ".+"$/m);
    expect(section).toContain(`$ steward doctor --only ${id}\n$ steward explain ${id}\n`);
    for (const [, scenario] of section.matchAll(/^\$ steward lab run (\S+) -- codex/gm))
      expect(findScenario(scenario ?? '').failureId).toBe(id);
    expect(section).toMatch(/^\*\*Fix\.\*\* \S/m);
    expect(section).toMatch(/^- .+\? No/m);
    expect(section).toMatch(/^\*\*Afterwards:\*\* \S/m);
  });

  it('one failure is shown in the terminal by its id', async () => {
    expect(await run('explain', 'remote.client_revoked')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/✖ .* remote\.client_revoked\n[\s\S]* fix [\s\S]* no help /),
    });
  });
});
