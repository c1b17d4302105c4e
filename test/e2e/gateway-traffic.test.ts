/** The real Codex, both versions and both transports, through the gateway with a pool of two accounts: what the user sees. */
import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import type { RequestEvent } from '../../src/gateway/events.ts';
import { type Gateway, startGateway } from '../../src/gateway/gateway.ts';
import { openPoolSource, type PoolSource } from '../../src/gateway/pool-source.ts';
import type { FaultInput } from '../../src/lab/fault.ts';
import { type LabWithHome, startLabWithHome } from '../support/lab-accounts.ts';
import { CODEX_ALIASES, type CodexAlias, codexBinary, runProgram } from '../support/real-codex.ts';

interface Through {
  readonly world: LabWithHome;
  readonly gateway: Gateway;
  readonly source: PoolSource;
  readonly requests: readonly RequestEvent[];
  exec(
    alias: CodexAlias,
  ): Promise<{ readonly code: number; readonly says: string; readonly retried: boolean }>;
}

const opened: Through[] = [];
afterEach(async () => {
  for (const { gateway, source, world } of opened.splice(0)) {
    await gateway.stop(0);
    await source.close();
    await world.stop();
  }
});

async function open(transport: 'websocket' | 'sse', faults: readonly FaultInput[] = []): Promise<Through> {
  const world = await startLabWithHome();
  const first = await world.addAccount('plus');
  await world.addAccount('second');
  await world.writeAuthOf(first);
  await world.lab.control({
    do: 'settings',
    patch: { reply: 'from {account}', websocket: transport === 'sse' ? 'upgrade-required' : 'accept' },
  });
  await world.lab.control({ do: 'fault', faults: [...faults] });
  const source = await openPoolSource(world.scope());
  const token = randomBytes(32).toString('base64url');
  const requests: RequestEvent[] = [];
  const gateway = await startGateway({
    scope: world.scope(),
    accounts: source,
    bases: { chatgpt: `${world.lab.url}/backend-api/codex`, apiKey: `${world.lab.url}/v1` },
    clients: [{ id: 'codex', token }],
    onEvent: (event) => event.kind === 'request' && requests.push(event),
  });
  const through: Through = {
    world,
    gateway,
    source,
    requests,
    exec: async (alias) => {
      const args = [
        'exec',
        '--json',
        '--skip-git-repo-check',
        '-c',
        `openai_base_url="${gateway.address.baseUrl(token)}"`,
      ];
      const ran = await runProgram(codexBinary(alias), [...args, 'hi'], {
        env: world.environment(),
        cwd: world.home,
      });
      const events = ran.stdout
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line));
      const failed = events.find(({ type }) => type === 'turn.failed');
      const message = events.find(({ item }) => item?.type === 'agent_message');
      return {
        code: ran.code,
        says: String(failed?.error.message ?? message?.item.text ?? ran.stderr),
        retried: ran.stdout.includes('Reconnecting'),
      };
    },
  };
  opened.push(through);
  return through;
}

const on = (account: 'plus' | 'second' | null, effect: FaultInput['effect'], times?: number): FaultInput => ({
  match: { path: '**/responses', ...(account === null ? {} : { account }) },
  effect,
  ...(times === undefined ? {} : { times }),
});
const LIMIT: FaultInput['effect'] = {
  kind: 'answer',
  status: 429,
  json: {
    error: { type: 'usage_limit_reached', message: 'no', plan_type: 'plus', resets_at: '{{unix+7200}}' },
  },
};
const OVERLOADED: FaultInput['effect'] = {
  kind: 'events',
  events: [
    { type: 'response.created', response: { id: 'resp_x' } },
    {
      type: 'response.failed',
      response: { id: 'resp_x', error: { code: 'server_is_overloaded', message: 'no' } },
    },
  ],
};

describe.each(CODEX_ALIASES)('%s', (alias) => {
  describe.each(['websocket', 'sse'] as const)('over %s', (transport) => {
    test.each([
      ['nothing wrong', [], expect.stringMatching(/^from (?:plus|second)$/)],
      ['an account at its limit', [on('plus', LIMIT)], 'from second'],
      [
        'an account whose answers fail',
        [on('plus', { kind: 'answer', status: 500, json: {} })],
        'from second',
      ],
      ['overload inside 200 on one account', [on('plus', OVERLOADED)], 'from second'],
      ['an account whose connections are reset', [on('plus', { kind: 'reset' })], 'from second'],
    ] as const)('%s: the answer, and no retry', async (_name, faults, says) => {
      const through = await open(transport, faults);
      expect(await through.exec(alias)).toEqual({ code: 0, says, retried: false });
      expect(
        through.requests.every(
          (request) =>
            request.transport === (transport === 'sse' ? 'http' : 'websocket') ||
            request.status === 426 ||
            request.path === 'models',
        ),
      ).toBe(true);
    });

    test('a revoked login is passed over', async () => {
      const through = await open(transport);
      through.world.lab.world.sessions.revokeAll('plus');
      expect(await through.exec(alias)).toMatchObject({ says: 'from second' });
    });

    test('all at their limit: said once, with the time', async () => {
      const through = await open(transport, [on(null, LIMIT)]);
      const ran = await through.exec(alias);
      expect([ran.code, ran.retried]).toEqual([1, false]);
      expect(ran.says).toMatch(/hit your usage limit.*try again at/);
    });
  });

  test('a stream that is cut after something was shown is retried by the client, and not by us', async () => {
    const through = await open('sse', [
      {
        match: { path: '**/responses', transport: 'http' },
        times: 1,
        effect: { kind: 'cut', afterBytes: 400 },
      },
    ]);
    expect(await through.exec(alias)).toMatchObject({ code: 0, retried: true });
    const turns = through.requests.filter(({ path, method }) => path === 'responses' && method === 'POST');
    expect(turns.map(({ end, attempts }) => [end, attempts.length])).toEqual([
      ['cut', 1],
      ['whole', 1],
    ]);
  });
});
