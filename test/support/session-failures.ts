/**
 * What can go wrong in the middle of a session, and what the person is to see of it: the rows of `docs/gateway-failures.md`. Each is
 * tried on an open session whose first turn was answered by the account that then fails.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LabAccountName } from '../../src/lab/accounts.ts';
import type { FaultInput } from '../../src/lab/fault.ts';
import type { CodexSession, SeenTurn } from './codex-session.ts';
import type { SessionWorld, Transport } from './session-world.ts';

export interface SessionFailure {
  readonly name: string;
  /** Tried by every `npm test`, not only by the full one. */
  readonly isSample?: boolean;
  /** The session is opened when it has happened already; there is no turn before, and `used` is the first account. */
  readonly isBefore?: boolean;
  /** Of `steward run`. */
  readonly options?: readonly string[];
  /** What happens between the first turn and the second; `used` answered the first. */
  harm?(world: SessionWorld, used: LabAccountName): Promise<unknown>;
  /** What happens while the second turn's answer is under way. */
  during?(world: SessionWorld, session: CodexSession, used: LabAccountName): Promise<void>;
  /** `other`: the answer, from the other account; `same`: from the same; `third`: from `pro`; else what the turn fails with. */
  readonly sees: 'other' | 'same' | 'third' | 'any' | RegExp;
  /**
   * Whether Codex tells that it asks again: never, unless said. Over WebSocket it does not tell the first time.
   * `perhaps`: it depends on the moment.
   */
  readonly retries?: boolean | 'over-http' | 'perhaps';
}

type Effect = FaultInput['effect'];

const USAGE_LIMIT: Effect = {
  kind: 'answer',
  status: 429,
  json: {
    error: {
      type: 'usage_limit_reached',
      message: 'The usage limit has been reached',
      plan_type: 'plus',
      resets_at: '{{unix+7200}}',
    },
  },
};
const SERVER_ERROR: Effect = {
  kind: 'answer',
  status: 500,
  json: { error: { message: 'The server had an error' } },
};
const CREATED = { type: 'response.created', response: { id: 'resp_broken' } };
const PIECE = [
  CREATED,
  {
    type: 'response.output_item.added',
    output_index: 0,
    item: { type: 'message', id: 'msg_broken', role: 'assistant', content: [] },
  },
  {
    type: 'response.output_text.delta',
    item_id: 'msg_broken',
    output_index: 0,
    content_index: 0,
    delta: 'The beginning of an ans',
  },
];
const failed = (code: string, message: string): Effect => ({
  kind: 'events',
  events: [CREATED, { type: 'response.failed', response: { id: 'resp_broken', error: { code, message } } }],
});
const OVERLOADED = failed('server_is_overloaded', 'Our servers are currently overloaded.');
const LIMIT_INSIDE = failed('rate_limit_exceeded', 'Rate limit reached. Please try again in 30s.');
/** Something was shown, and then nothing comes any more. */
const HANGS: Effect = { kind: 'events', events: PIECE, ending: 'silent' };
const AFTER_A_PIECE = 400;

export const SESSION_FAILURES: readonly SessionFailure[] = [
  { name: 'nothing', sees: 'same' },
  {
    name: 'the account in use is at its limit',
    isSample: true,
    harm: (world, used) => world.harm(used, USAGE_LIMIT),
    sees: 'other',
  },
  {
    name: 'a rate limit inside a 200 answer of the account in use',
    harm: (world, used) => world.harm(used, LIMIT_INSIDE),
    sees: 'other',
  },
  {
    name: 'the access tokens of both have expired',
    isSample: true,
    harm: async (world) => {
      await world.lab.control({ do: 'move-clock', ms: 11 * 24 * 3_600_000 });
      await world.lab.control({ do: 'drop-sockets' });
    },
    sees: 'same',
  },
  {
    name: 'its login was revoked',
    harm: (world, used) => revoke(world, used),
    sees: 'other',
  },
  {
    name: 'every login was revoked',
    isSample: true,
    harm: (world) => revoke(world),
    sees: /^None of the 2 accounts can serve now\. Run `steward auth status`/,
  },
  {
    name: 'before the session begins: every login was revoked',
    isSample: true,
    isBefore: true,
    harm: (world) => revoke(world),
    sees: /^None of the 2 accounts can serve now\. Run `steward auth status`/,
  },
  {
    name: 'before the session begins: the first account is at its limit',
    isBefore: true,
    harm: (world) => world.harm('plus', USAGE_LIMIT),
    sees: 'other',
  },
  {
    name: 'before the session begins: every account is at its limit',
    isBefore: true,
    harm: (world) => world.harm(null, USAGE_LIMIT),
    sees: /^You.ve hit your usage limit.*try again at/,
  },
  {
    isSample: true,
    name: 'it answers with 500',
    harm: (world, used) => world.harm(used, SERVER_ERROR),
    sees: 'other',
  },
  {
    name: 'every account answers with 500',
    harm: (world) => world.harm(null, SERVER_ERROR),
    sees: /currently experiencing high demand/,
    retries: true,
  },
  {
    name: 'its connections are reset',
    harm: (world, used) => world.harm(used, { kind: 'reset' }),
    sees: 'other',
  },
  {
    name: 'the server cannot be reached for two seconds',
    harm: (world) => world.lab.control({ do: 'refuse', ms: 2000 }),
    sees: 'any',
    retries: 'perhaps',
  },
  {
    name: 'its stream is cut before the first byte',
    harm: (world, used) => world.harm(used, { kind: 'cut', afterBytes: 0 }),
    sees: 'other',
  },
  {
    name: 'one stream is cut before anything was shown',
    harm: (world, used) => world.harm(used, { kind: 'cut', afterBytes: 80 }, 1),
    sees: 'same',
  },
  {
    name: 'one stream is cut in the middle of its answer',
    isSample: true,
    harm: (world, used) => world.harm(used, { kind: 'cut', afterBytes: AFTER_A_PIECE }, 1),
    sees: 'same',
    retries: 'over-http',
  },
  {
    name: 'it is overloaded, said inside a 200 answer',
    isSample: true,
    harm: (world, used) => world.harm(used, OVERLOADED),
    sees: 'other',
  },
  {
    name: 'every account is overloaded, said inside a 200 answer',
    harm: (world) => world.harm(null, OVERLOADED),
    sees: /Selected model is at capacity/,
  },
  {
    name: 'every account is at its limit',
    isSample: true,
    harm: (world) => world.harm(null, USAGE_LIMIT),
    sees: /You.ve hit your usage limit.*try again at/,
  },
  {
    name: 'every account is at its limit, and another one is added',
    harm: async (world) => {
      for (const account of ['plus', 'second'] as const) await world.harm(account, USAGE_LIMIT);
      await world.addAccount('pro');
      await sleep(700); // it looks twice a second
    },
    sees: 'third',
  },
  {
    name: 'the account in use is removed',
    harm: async (world, used) => {
      await removeAccount(world, used);
      await sleep(700);
    },
    sees: 'other',
  },
  {
    name: 'the account in use is removed in the middle of its answer',
    isSample: true,
    harm: (world) => world.harm(null, { kind: 'delay', ms: 1500 }, 1),
    during: async (world, _session, used) => {
      await sleep(300);
      await removeAccount(world, used);
    },
    sees: 'same',
  },
  {
    name: 'the gateway is killed (kill -9) between two turns',
    harm: loseGateway,
    sees: 'same',
  },
  {
    name: 'the gateway of a session with `--account 2` is killed (kill -9) between two turns',
    isSample: true,
    options: ['--account', '2'],
    harm: loseGateway,
    sees: 'same',
  },
  {
    name: 'the one account of a session with `--account 2` is at its limit',
    options: ['--account', '2'],
    harm: (world, used) => world.harm(used, USAGE_LIMIT),
    sees: /^You.ve hit your usage limit.*try again at/,
  },
  {
    name: 'the gateway is killed (kill -9) in the middle of an answer',
    isSample: true,
    harm: (world) => world.harm(null, HANGS, 1),
    during: async (world, session) => {
      await session.nextPiece();
      await killGateway(world);
    },
    sees: 'same',
    retries: 'perhaps',
  },
  {
    name: 'the gateway is replaced by another version in the middle of an answer',
    isSample: true,
    harm: (world) => world.harm(null, { kind: 'delay', ms: 2000 }, 1),
    during: async (world) => {
      await sleep(300);
      await replaceGateway(world);
    },
    sees: 'same',
  },
];

export interface TriedFailure {
  readonly seen: SeenTurn;
  /** The account that answered the first turn. */
  readonly used: LabAccountName;
  /** What came to the lab for the second turn. */
  readonly asked: string;
  /** Where it differs from what the row says; empty when it does not. */
  readonly trouble: readonly string[];
}

/** Opens a session in a new world, and lets it fail. */
export async function tryFailure(world: SessionWorld, failure: SessionFailure): Promise<TriedFailure> {
  await world.writeAuthOf(await world.addAccount('plus'));
  await world.addAccount('second');
  if (failure.isBefore) await failure.harm?.(world, 'plus');
  const session = await world.open(...(failure.options ?? []));
  const used = failure.isBefore ? 'plus' : await firstTurn(world, session);
  if (!failure.isBefore) await failure.harm?.(world, used);
  world.asked();
  const turn = session.say('two');
  await failure.during?.(world, session, used);
  const seen = await turn;
  return { seen, used, asked: world.asked(), trouble: troubleOf(failure, world.transport, used, seen) };
}

/** The account that answered it. */
async function firstTurn(world: SessionWorld, session: CodexSession): Promise<LabAccountName> {
  const first = await session.say('one');
  const used = /^from (plus|second)$/.exec(first.answer ?? '')?.[1];
  const method = world.transport === 'http' ? 'POST' : 'FRAME';
  const isRightWay = world.lab.requests().some((request) => request.method === method);
  if ((used === 'plus' || used === 'second') && isRightWay) return used;
  throw new Error(`the first turn failed: ${JSON.stringify(first)} ${session.stderr()}`);
}

function troubleOf(
  { sees, retries = false }: SessionFailure,
  transport: Transport,
  used: LabAccountName,
  { answer, failure, notices }: SeenTurn,
): readonly string[] {
  const trouble: string[] = [];
  const isTold = retries === 'over-http' ? transport === 'http' : retries;
  if (retries !== 'perhaps' && isTold !== notices.length > 0)
    trouble.push(`notices: ${notices.join(' | ') || 'none'}`);
  if (sees instanceof RegExp) {
    if (!sees.test(failure ?? '')) trouble.push(`failure: ${failure}; answer: ${answer}`);
    return trouble;
  }
  const other = used === 'plus' ? 'second' : 'plus';
  const wanted = { other: [other], same: [used], third: ['pro'], any: [used, other] }[sees];
  if (failure !== null || !wanted.some((name) => answer === `from ${name}`))
    trouble.push(`answer: ${answer}; failure: ${failure}`);
  return trouble;
}

/** Connections that were opened with it end, too. */
async function revoke(world: SessionWorld, account?: LabAccountName): Promise<void> {
  await world.lab.control({ do: 'revoke-sessions', ...(account === undefined ? {} : { account }) });
  await world.lab.control({ do: 'drop-sockets' });
}

async function removeAccount(world: SessionWorld, account: LabAccountName): Promise<void> {
  const removed = await world.steward('auth', 'remove', account === 'plus' ? '1' : '2', '--yes');
  if (removed.code !== 0) throw new Error(removed.stderr);
}

async function killGateway(world: SessionWorld): Promise<void> {
  await sleep(1200); // it writes once a second which account serves which thread
  process.kill(await world.gatewayPid(), 'SIGKILL');
}

/** The same, and nobody says anything until it is back. */
async function loseGateway(world: SessionWorld): Promise<void> {
  const former = await world.gatewayPid();
  await killGateway(world);
  while ((await world.gatewayPid()) === former) await sleep(20);
}

/** As the first command after an update does. */
async function replaceGateway(world: SessionWorld): Promise<void> {
  const path = join(world.home, 'steward/gateway.json');
  const file = JSON.parse(await readFile(path, 'utf8'));
  await writeFile(path, JSON.stringify({ ...file, stewardVersion: '0.0.0-older' }, null, 2));
  const started = await world.steward('gateway', 'start', '--json');
  if (JSON.parse(started.stdout).how !== 'replaced') throw new Error(started.stdout);
}
