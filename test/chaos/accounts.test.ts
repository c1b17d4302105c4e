/**
 * Eight processes run account commands at random, some killed with SIGKILL, against refresh tokens that are good once: no
 * account is lost, no token is spent twice, and every file can be parsed at every instant.
 *
 * One loss no client can prevent: killed after the server has spent the token and before its answer arrived. The lab knows
 * when it spent which token, so exactly those are excused (and logged in again, as a person would).
 */
import { spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { requirePool } from '../../src/accounts/store/pool-store.ts';
import { systemCode } from '../../src/errors.ts';
import type { LabAccountName } from '../../src/lab/accounts.ts';
import { FULL } from '../support/full.ts';
import { type LabWithHome, startLabWithHome } from '../support/lab-accounts.ts';
import { type Place, STEWARD, steward } from '../support/steward.ts';

const DURATION_MS = FULL ? 60_000 : 20_000;
const PROCESSES = 8;
const NAMES: readonly LabAccountName[] = ['plus', 'second', 'pro', 'free', 'team'];
/** A minute is the least that a token has to last, so each needs a new one every few seconds. */
const TOKEN_SECONDS = 66;
/** Around a kill: what the server did for the victim may have been lost with it. */
const SHADOW_MS = 400;

let world: LabWithHome;
let place: Place;

beforeEach(async () => {
  world = await startLabWithHome();
  place = { env: world.environment(), project: world.home };
});

afterEach(() => world.stop());

interface Spent {
  readonly at: number;
  readonly token: string;
  readonly name: LabAccountName;
}

/** What the issuer did with refresh tokens. */
function watchIssuer() {
  const spent: Spent[] = [];
  const reused: Spent[] = [];
  const { sessions } = world.lab.world;
  const redeem = sessions.redeem.bind(sessions);
  Object.assign(sessions, {
    redeem: (token: string) => {
      const result = redeem(token);
      const name = sessions.ownerOf(token)?.name;
      if (name !== undefined) {
        const entry = { at: performance.now(), token, name };
        if (result.kind === 'fresh') spent.push(entry);
        else if (result.reason === 'reused') reused.push(entry);
      }
      return result;
    },
  });
  return { spent, reused };
}

/** Reads every file of the accounts over and over; what cannot be parsed, or is gone again, is noted. */
function watchFiles(faults: string[]) {
  let stopped = false;
  const seen = new Set<string>();
  const look = async (path: string) => {
    try {
      JSON.parse(await readFile(path, 'utf8'));
      seen.add(path);
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') faults.push(`${path}: ${String(error)}`);
      else if (seen.has(path)) faults.push(`${path} is gone`);
    }
  };
  const loop = (async () => {
    const folder = join(world.home, 'multi-auth');
    while (!stopped) {
      const names = (await readdir(folder)).filter((name) => name.endsWith('.json'));
      for (const name of names) await look(join(folder, name));
      await look(join(world.home, 'auth.json'));
      await wait(4);
    }
  })();
  return {
    stop: async () => {
      stopped = true;
      await loop;
    },
  };
}

interface Ended {
  readonly args: readonly string[];
  readonly code: number | null;
  readonly output: string;
}

function randomCommand(): readonly string[] {
  const n = String(1 + Math.floor(Math.random() * NAMES.length));
  const commands: readonly (readonly string[])[] = [
    ['switch', n],
    ['switch', n],
    ['switch', n],
    ['check'],
    ['check'],
    ['fix'],
    ['fix', '--live'],
    ['fix', '--dry-run'],
    ['verify-flagged'],
    ['unpin'],
    ['doctor', '--fix'],
    ['doctor'],
    ['rotation', 'reset-rate-limits'],
    ['account', 'tag', n, 'x'],
  ];
  return commands[Math.floor(Math.random() * commands.length)] ?? ['check'];
}

test('eight processes and kill -9 lose no account, spend no token twice, and leave every file whole', async () => {
  await world.lab.control({ do: 'settings', patch: { accessTokenSeconds: TOKEN_SECONDS } });
  for (const name of NAMES) await world.addAccount(name);
  const issuer = watchIssuer();
  const faults: string[] = [];
  const files = watchFiles(faults);
  const kills: number[] = [];
  const ended: Ended[] = [];
  const end = performance.now() + DURATION_MS;

  const runOne = async () => {
    const args = randomCommand();
    const child = spawn(process.execPath, [STEWARD, 'auth', ...args], {
      cwd: world.home,
      env: place.env as NodeJS.ProcessEnv,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    const closed = new Promise<number | null>((resolve) => child.on('close', resolve));
    if (Math.random() < 0.3) {
      void wait(50 + Math.random() * 1500).then(() => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        kills.push(performance.now());
        child.kill('SIGKILL');
      });
    }
    ended.push({ args, code: await closed, output });
  };

  /** Excuses what was spent in the shadow of a kill, and logs that account in again; all else is a fault. */
  const excused = new Set<string>();
  let judged = 0;
  const judge = async () => {
    for (; judged < issuer.reused.length; judged++) {
      const again = issuer.reused[judged];
      if (again === undefined || excused.has(again.token)) continue;
      const first = issuer.spent.find(({ token }) => token === again.token);
      const isShadowed = kills.some((at) => first !== undefined && Math.abs(at - first.at) < SHADOW_MS);
      if (!isShadowed) {
        faults.push(
          `${again.name}: a token was spent twice, ${Math.round(again.at - (first?.at ?? 0))} ms apart`,
        );
        continue;
      }
      excused.add(again.token);
      await world.addAccount(again.name);
    }
  };

  await Promise.all(
    Array.from({ length: PROCESSES }, async () => {
      while (performance.now() < end) {
        await runOne();
        await judge();
      }
    }),
  );
  await files.stop();

  expect(faults).toEqual([]);
  const wrong = ended.filter(({ code }) => code !== null && code !== 0 && code !== 1);
  expect(wrong.map(({ args, code, output }) => `${args.join(' ')}: ${code}: ${output}`)).toEqual([]);
  expect(ended.length).toBeGreaterThan(PROCESSES);
  expect(issuer.spent.length).toBeGreaterThan(NAMES.length);

  // A first round may find what the last kill left; the second tells how things are.
  await steward(place, ['auth', 'check']);
  await judge();
  expect(faults).toEqual([]);
  await steward(place, ['auth', 'verify-flagged']);
  const last = await steward(place, ['auth', 'check', '1', '2', '3', '4', '5', '--json']);
  const pool = await requirePool(world.scope());
  expect(pool.accounts.map(({ email }) => email).sort()).toEqual(
    NAMES.map((name) => `${name}@example.com`).sort(),
  );
  const verdicts = JSON.parse(last.stdout).accounts.map(({ verdict }: { verdict: string }) => verdict);
  expect(verdicts).toEqual(NAMES.map(() => 'working'));

  // It may rise by more: a write that was cut short counts too, so that no proxy misses one.
  const switched = ended.filter(
    ({ args, code }) => (args[0] === 'switch' || args[0] === 'unpin') && code === 0,
  );
  expect(pool.affinityGeneration).toBeGreaterThanOrEqual(switched.length);
  console.log(
    `${ended.length} commands, ${kills.length} killed, ${issuer.spent.length} tokens spent, ${excused.size} lost with their process`,
  );
}, 240_000);

test('twenty switches at the same time are twenty switches', async () => {
  for (const name of NAMES) await world.addAccount(name);
  const runs = await Promise.all(
    Array.from({ length: 20 }, (_, n) =>
      steward(place, ['auth', 'switch', String(1 + (n % NAMES.length))], { timeoutMs: 120_000 }),
    ),
  );
  expect(runs.map(({ code, stderr }) => [code, stderr])).toEqual(runs.map(() => [0, '']));
  const pool = await requirePool(world.scope());
  expect(pool).toMatchObject({ affinityGeneration: 20, pinnedIndex: pool.activeIndex });
  expect(pool.accounts).toHaveLength(NAMES.length);
  const active = pool.accounts[pool.activeIndex];
  expect((await world.readAuth()).tokens.account_id).toBe(
    active?.kind === 'chatgpt' ? active.accountId : null,
  );
  expect(world.tokenCalls()).toBe(0);
}, 180_000);
