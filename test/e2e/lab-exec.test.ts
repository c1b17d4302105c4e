/** The real Codex, both versions, in every scenario that `codex exec` shows. */
import { describe, expect, test, vi } from 'vitest';
import { createHost } from '../../src/host.ts';
import { createMatcher } from '../../src/knowledge/matcher/matcher.ts';
import type { LabRequest } from '../../src/lab/request-log.ts';
import { type LabRun, runInLab } from '../../src/lab/run.ts';
import { listScenarios } from '../../src/lab/scenarios/find.ts';
import { EXEC } from '../../src/lab/scenarios/scenario.ts';
import { FULL } from '../support/full.ts';
import { CODEX_ALIASES, type CodexAlias, codexBinary } from '../support/real-codex.ts';
import { EXEC_CASES, type ExecCase, type Range } from './lab-behaviour.ts';

vi.setConfig({ maxConcurrency: 8 }); // they mostly wait for the client's own retries

/** Never ends by itself: see its own test below. */
const ENDLESS = 'endpoint-down';

function exec(scenario: string, alias: CodexAlias, signal?: AbortSignal): Promise<LabRun> {
  return runInLab({
    scenario,
    host: createHost({ cwd: '/var/tmp' }),
    codexBinary: codexBinary(alias),
    argv: ['codex', 'exec', '--json', '--skip-git-repo-check', 'hi'],
    output: 'collect',
    ...(signal === undefined ? {} : { signal }),
  });
}

function count(requests: readonly LabRequest[], method: string, path: RegExp): number {
  return requests.filter((request) => request.method === method && path.test(request.path)).length;
}

/** What the run said in the end: the reply, the failed turn's message, or standard error when there was no turn. */
function lastWords(run: LabRun): string {
  const lines = run.stdout.split('\n').filter((line) => line.startsWith('{'));
  const events = lines.map((line) => JSON.parse(line));
  const failed = events.find((event) => event.type === 'turn.failed');
  if (failed !== undefined) return failed.error.message;
  const message = events.find((event) => event.item?.type === 'agent_message');
  return message?.item.text ?? run.stderr;
}

/** What `steward explain` makes of these words, said of the official address. */
function explain(words: string): string | undefined {
  const official = words.replaceAll(
    /http:\/\/127\.0\.0\.1:\d+\/v1/g,
    'https://chatgpt.com/backend-api/codex',
  );
  const { verdict, matches } = createMatcher().explainText(official);
  return verdict === 'match' ? matches[0]?.id : verdict;
}

function expectRange(actual: number, range: Range | undefined, what: string): void {
  if (range === undefined) return;
  const [min, max] = typeof range === 'number' ? [range, range] : range;
  expect(actual, what).toBeGreaterThanOrEqual(min);
  expect(actual, what).toBeLessThanOrEqual(max);
}

function nameOf({ scenario, sse }: ExecCase): string {
  return sse === true ? `${scenario}+sse-only` : scenario;
}

function titleOf(one: ExecCase): string {
  return one.promise === undefined ? nameOf(one) : `${nameOf(one)} (${one.promise})`;
}

/** Id of the failure that a scenario shows. */
function failureOf(name: string): string | null {
  return listScenarios().find((line) => line.name === name)?.failureId ?? null;
}

/** Each scenario on one version in turn, or on both (see {@link FULL}). */
function casesOf(alias: CodexAlias): readonly ExecCase[] {
  return EXEC_CASES.filter((_case, at) => FULL || CODEX_ALIASES[at % CODEX_ALIASES.length] === alias);
}

describe.concurrent.each(CODEX_ALIASES)('%s exec', (alias) => {
  test.concurrent.each(casesOf(alias).map((one) => [titleOf(one), nameOf(one), one] as const))(
    'in %s',
    async (_title, name, one) => {
      const behaviour = one.both ?? one.versions?.[alias];
      if (behaviour === undefined) throw new Error(`no behaviour for ${name}`);
      const run = await exec(name, alias);
      expect(lastWords(run)).toMatch(behaviour.says);
      expect(run.exitCode).toBe(behaviour.exit);
      if (run.exitCode !== 0)
        expect(one.explained ?? [failureOf(one.scenario)], lastWords(run)).toContain(explain(lastWords(run)));
      expectRange(count(run.requests, 'WS', /\/responses$/), behaviour.sockets, 'WebSocket upgrades');
      expectRange(count(run.requests, 'POST', /\/responses$/), behaviour.posts, 'POST requests');
      expectRange(count(run.requests, 'POST', /^\/oauth\/token$/), behaviour.refreshes, 'refreshes');
      expect(run.requests.filter((request) => request.method === 'CONNECT')).toEqual([]);
    },
  );

  test.concurrent(`in ${ENDLESS} it says that nobody answers, and keeps trying`, async () => {
    const run = await exec(ENDLESS, alias, AbortSignal.timeout(25_000));
    expect(run.stdout).toMatch(/Reconnecting\.\.\. /);
    expect(count(run.requests, 'POST', /\/responses$/)).toBe(0);
  });
});

test('every scenario that exec shows has its behaviour here', () => {
  const covered = new Set([...EXEC_CASES.map((one) => one.scenario), ENDLESS]);
  const shown = listScenarios().filter((line) => line.shows === EXEC);
  expect(shown.map((line) => line.name).filter((name) => !covered.has(name))).toEqual([]);
});
