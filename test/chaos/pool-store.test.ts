/** Processes that change the accounts are killed at every point: no account and no refreshed token is ever lost. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addAccount } from '../../src/accounts/store/identity.ts';
import { readPool, updatePool } from '../../src/accounts/store/pool-store.ts';
import { type AccountsHome, makeAccount, makeAccountsHome } from '../support/accounts-home.ts';
import { childBundle } from './child-bundle.ts';

const POOL = 'openai-codex-accounts.json';
const BOUNDARIES = [
  ...['locked', 'read', 'changed', 'extras', 'backup'],
  ...['wal', 'temporary', 'pool', 'marker', 'done'],
];
/** From here on the new token is on the disk. */
const DURABLE = BOUNDARIES.indexOf('wal');

const child = childBundle('pool-child.ts');
let home: AccountsHome;
beforeAll(child.build);
afterAll(child.remove);
beforeEach(async () => {
  home = await makeAccountsHome();
});
afterEach(() => home.remove());

const add = (name: string) =>
  updatePool(home.scope, (pool) => ({ pool: addAccount(pool, makeAccount(name)).pool, result: undefined }));
const start = (...args: string[]) =>
  spawn(process.execPath, [child.file, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
const read = async () => {
  const reading = await readPool(home.scope);
  if (reading.kind !== 'ok') throw new Error(reading.message);
  return reading;
};

function canMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  const probe = '/var/tmp/steward-pool-mount-probe';
  spawnSync('mkdir', ['-p', probe]);
  const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', probe]).status === 0;
  if (isMounted) spawnSync('umount', [probe]);
  spawnSync('rmdir', [probe]);
  return isMounted;
}

/** Every file that is not a temporary one is whole. */
async function expectWholeFiles(): Promise<void> {
  for (const name of await readdir(home.root)) {
    if (name.startsWith('.') || name.includes('.db')) continue;
    const text = await readFile(join(home.root, name), 'utf8').catch(() => null); // gone since it was listed
    if (text !== null) expect(() => JSON.parse(text), name).not.toThrow();
  }
}

describe('a process that is killed while it changes the pool', () => {
  it('leaves the old or the new pool at every point, and the new one once it is on the disk', async () => {
    await add('a');
    await add('b');
    let count = 0;
    for (const [at, boundary] of BOUNDARIES.entries()) {
      const process = start('once', home.folder, 'a', boundary);
      const [, signal] = await once(process, 'close');
      expect(signal, boundary).toBe('SIGKILL');
      await expectWholeFiles();
      const { pool } = await read();
      if (at >= DURABLE) count++;
      expect(pool.accounts, boundary).toMatchObject([
        { accountId: 'acc-a', refreshToken: count === 0 ? 'rt-a-canary' : `rt-a-${count}` },
        { accountId: 'acc-b', refreshToken: 'rt-b-canary', idToken: 'id-b-canary' },
      ]);
      expect(pool.accounts[0]).toHaveProperty('idToken', expect.stringMatching(/^id-a-/));
    }
    const last = start('once', home.folder, 'a', 'none');
    const [said] = await once(last.stdout, 'data');
    await once(last, 'close');
    expect(JSON.parse(String(said))).toEqual(BOUNDARIES);
    const { pool, health } = await read();
    expect(health).toBe('healthy');
    expect(pool.accounts[0]).toMatchObject({
      refreshToken: `rt-a-${count + 1}`,
      idToken: `id-a-${count + 1}`,
    });
    const names = await readdir(home.root);
    expect(names).not.toContain(`${POOL}.wal`);
    expect(names.filter((name) => name.startsWith('.'))).toEqual([]); // temporary files hold tokens
  });
});

describe.skipIf(!canMount())('a disk that fills up (needs root on Linux to mount a small one)', () => {
  it('is said at whatever point it is full, and no account is lost', async () => {
    execFileSync('mkdir', ['-p', '-m', '700', home.root]);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=700', 'tmpfs', home.root]);
    try {
      await updatePool(home.scope, (pool) => {
        const accounts = Array.from({ length: 40 }, (_, n) => makeAccount(`first${n}`));
        return { pool: accounts.reduce((next, one) => addAccount(next, one).pool, pool), result: 0 };
      });
      const kinds = new Set<string>();
      for (let free = 0; free <= 240_000; free += 20_480) {
        const before = (await read()).pool.accounts.length;
        const filler = join(home.root, 'filler');
        await writeFile(filler, '');
        spawnSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=4096'], { stdio: 'ignore' });
        await truncate(filler, Math.max(0, (await stat(filler)).size - free));
        const error: unknown = await add(`late${free}`).then(
          () => null,
          (reason: unknown) => reason,
        );
        expect((await read()).pool.accounts.length).toBeGreaterThanOrEqual(before + (error === null ? 1 : 0));
        await rm(filler);
        kinds.add(error === null ? 'done' : 'refused');
        if (error !== null) {
          expect(error).toMatchObject({ kind: 'environment', message: expect.stringMatching(/full/) });
        }
      }
      expect([...kinds].sort()).toEqual(['done', 'refused']);
    } finally {
      spawnSync('umount', [home.root]);
    }
  });
});

describe('several processes at once, killed again and again', () => {
  it('lose nothing they said was done, and no reader ever sees half a file', async () => {
    const workers = ['a', 'b', 'c', 'd'];
    for (const who of workers) await add(who);
    const refreshed = new Map<string, number>();
    const added = new Set<string>();
    let isOver = false;
    const live = new Set<ReturnType<typeof start>>();
    const work = async (who: string) => {
      for (let round = 0; !isOver; round++) {
        const process = start('loop', home.folder, who);
        live.add(process);
        let said = '';
        process.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
        const closed = once(process, 'close');
        // Killed while it starts, and killed while it works.
        if (round % 2 === 0) await Promise.race([once(process.stdout, 'data'), closed]);
        await wait(Math.random() * 400);
        process.kill('SIGKILL');
        await closed;
        live.delete(process);
        for (const [, verb, what = ''] of said.matchAll(/^(refreshed|added) (.+)$/gm)) {
          if (verb === 'added') added.add(`acc-${what}`);
          else refreshed.set(who, Math.max(refreshed.get(who) ?? 0, Number(what)));
        }
      }
    };
    const watch = async () => {
      let looks = 0;
      for (; !isOver; looks++) {
        const text = await readFile(join(home.root, POOL), 'utf8');
        expect(JSON.parse(text).accounts.length).toBeGreaterThanOrEqual(workers.length);
        expect((await read()).pool.accounts.length).toBeGreaterThanOrEqual(workers.length);
        await expectWholeFiles();
        await wait(5);
      }
      return looks;
    };
    try {
      const all = Promise.all([watch(), ...workers.map(work)]);
      await Promise.race([wait(5_000), all]);
      isOver = true;
      await all;
    } finally {
      for (const process of live) process.kill('SIGKILL');
    }
    const { pool } = await read();
    const there = new Map(
      pool.accounts.flatMap((account) =>
        account.kind === 'chatgpt' ? [[account.accountId, account.refreshToken] as const] : [],
      ),
    );
    for (const id of added) expect([...there.keys()]).toContain(id);
    for (const who of workers) {
      expect(refreshed.get(who) ?? 0, `worker ${who} got to work`).toBeGreaterThan(0);
      const count = Number(/-(\d+)$/.exec(there.get(`acc-${who}`) ?? '')?.[1]);
      expect(count).toBeGreaterThanOrEqual(refreshed.get(who) ?? 0);
    }
    await add('z');
    expect((await read()).health).toBe('healthy');
  });
});
