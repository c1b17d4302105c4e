import { createHash } from 'node:crypto';
import { chmod, chown, mkdir, readdir, rm, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type AccountsHome,
  fullRow,
  makeAccount,
  makeAccountsHome,
  NOW,
  poolFile,
} from '../../../test/support/accounts-home.ts';
import type { Account, ApiKeyAccount, Pool } from '../account.ts';
import { addAccount, removeAccount } from './identity.ts';
import { updatePolicy } from './policies-store.ts';
import { readPool, requirePool, updatePool } from './pool-store.ts';

const POOL = 'openai-codex-accounts.json';
const EXTRAS = 'openai-codex-accounts.steward.json';
let home: AccountsHome;
beforeEach(async () => {
  home = await makeAccountsHome();
});
afterEach(() => home.remove());

const read = async () => {
  const reading = await readPool(home.scope);
  if (reading.kind !== 'ok') throw new Error(reading.message);
  return reading;
};
const add = (account: Account) =>
  updatePool(home.scope, (pool) => ({ pool: addAccount(pool, account).pool, result: undefined }));
const edit = (change: (pool: Pool) => Pool) =>
  updatePool(home.scope, (pool) => ({ pool: change(pool), result: undefined }));
const emails = (pool: Pool) => pool.accounts.map(({ email }) => email);
const apiKey = (key: string): ApiKeyAccount => {
  const { kind, refreshToken, accessToken, expiresAt, idToken, accountId, accountIdSource, ...others } =
    makeAccount(9, { email: null, label: 'work key' });
  const { invalidated, workspaces, currentWorkspaceIndex, recordId, ...common } = others;
  return { ...common, kind: 'api-key', apiKey: key, key: '' };
};
const wal = (content: string) => ({
  version: 1,
  createdAt: NOW,
  path: join(home.root, POOL),
  checksum: createHash('sha256').update(content).digest('hex'),
  content,
});

describe('reading', () => {
  it('finds an empty pool where there is none, and creates nothing', async () => {
    expect(await read()).toMatchObject({ health: 'empty', recoveredFrom: null, pool: { accounts: [] } });
    expect(await readdir(join(home.folder, 'home/.codex'))).toEqual([]);
  });

  it('takes every documented member', async () => {
    await home.write(POOL, poolFile([fullRow(1)], { pinnedAccountIndex: 0, affinityGeneration: 7 }));
    const { pool, health } = await read();
    expect(health).toBe('healthy');
    expect(pool).toMatchObject({ activeIndex: 0, pinnedIndex: 0, affinityGeneration: 7 });
    expect(pool.accounts[0]).toMatchObject({
      kind: 'chatgpt',
      accountId: 'acc-1',
      accountIdSource: 'org',
      label: 'Team 1 (role:owner) [id:000001]',
      refreshToken: 'rt-1-canary',
      expiresAt: NOW + 3_600_000,
      lastSwitchReason: 'rotation',
      rateLimitResetTimes: { 'gpt-5-codex': NOW + 60_000, 'gpt-5.2:gpt-5.6-sol': NOW + 90_000 },
      cooldown: { untilMs: NOW + 5_000, reason: 'server-error' },
      invalidated: { at: NOW - 5, code: 'token_invalidated' },
      workspaces: [
        { id: 'acc-1', name: 'Corp', isEnabled: true, isDefault: true, disabledAt: null },
        { id: 'ws-2', name: null, isEnabled: false, isDefault: false, disabledAt: NOW - 7 },
      ],
      currentWorkspaceIndex: 0,
      rest: {},
    });
  });

  it('takes format 1: one reset time, if still ahead, becomes one of each family', async () => {
    const { rateLimitResetTimes: _, ...row } = fullRow(1);
    const past = { ...fullRow(2), rateLimitResetTimes: undefined, rateLimitResetTime: NOW - 1 };
    await home.write(POOL, {
      version: 1,
      accounts: [{ ...row, rateLimitResetTime: NOW + 9 }, past],
      activeIndex: 1,
    });
    const { pool } = await read();
    expect(pool.activeIndexByFamily).toEqual({
      'gpt-5-codex': 1,
      'codex-max': 1,
      codex: 1,
      'gpt-5.2': 1,
      'gpt-5.1': 1,
    });
    expect(pool.accounts[0]?.rateLimitResetTimes['gpt-5.1']).toBe(NOW + 9);
    expect(pool.accounts[1]?.rateLimitResetTimes).toEqual({});
  });

  it('never loses an account to a member of the wrong type, and writes that member back as it was', async () => {
    const odd = {
      refreshToken: 'rt-odd',
      email: 5,
      accountId: ['x'],
      accessToken: { a: 1 },
      expiresAt: 'soon',
      enabled: 'no',
      addedAt: null,
      lastUsed: 'x',
      workspaces: 'none',
      rateLimitResetTimes: { codex: 'later', 'gpt-5.1': NOW },
      accountIdSource: 'guess',
      __proto__x: 1,
    };
    await home.write(
      POOL,
      poolFile([odd, 'nonsense', { email: 'no@token.test' }], { futureMember: { a: [1] } }),
    );
    const { pool } = await read();
    expect(pool.accounts).toHaveLength(1);
    expect(pool.accounts[0]).toMatchObject({ email: null, isEnabled: true, addedAt: 0 });
    await edit((current) => ({ ...current, affinityGeneration: 3 }));
    const file = await home.json(POOL);
    expect(file.futureMember).toEqual({ a: [1] });
    expect(file.accounts[0]).toMatchObject({
      ...odd,
      addedAt: 0,
      lastUsed: 0,
      rateLimitResetTimes: { 'gpt-5.1': NOW },
    });
    expect(file.accounts.slice(1)).toEqual(['nonsense', { email: 'no@token.test' }]);
  });

  it('shows the same account once, as codex-multi-auth does, and follows it with the selection', async () => {
    const older = { ...fullRow(1), refreshToken: 'rt-old', lastUsed: 1 };
    await home.write(
      POOL,
      poolFile([older, fullRow(2), fullRow(1), { ...fullRow(3), accountId: 'acc-2' }], { activeIndex: 2 }),
    );
    const { pool } = await read();
    expect(emails(pool)).toEqual(['user1@corp.test', 'user2@corp.test', 'user3@corp.test']);
    expect(pool.accounts[0]).toMatchObject({ refreshToken: 'rt-1-canary' });
    expect(pool.activeIndex).toBe(0);
    expect(new Set(pool.accounts.map(({ key }) => key)).size).toBe(3);
  });

  it.each([
    [
      '{"version":3,\n "accounts":[{"refreshToken":"rt-secret"',
      /accounts\.json, line 2: the JSON breaks off/,
    ],
    ['', /the file is empty/],
    ['\0\0\0\0', /line 1: the JSON breaks off/],
    ['[]', /not a JSON object/],
    ['{"version":3}', /no list of accounts/],
    ['{"accounts":[]}', /no format number/],
    ['{"version":4,"accounts":[]}', /its format is 4/],
  ])('says what is wrong with %j, without its content, and never overwrites it', async (text, message) => {
    await home.write(POOL, text);
    const reading = await readPool(home.scope);
    expect(reading).toMatchObject({ kind: 'corrupt', message: expect.stringMatching(message) });
    expect(JSON.stringify(reading)).not.toContain('rt-secret');
    await expect(requirePool(home.scope)).rejects.toMatchObject({
      code: 'ERR_ACCOUNTS_POOL',
      kind: 'environment',
    });
    await expect(add(makeAccount(1))).rejects.toMatchObject({ code: 'ERR_ACCOUNTS_POOL' });
    expect(await home.read(POOL)).toBe(text);
  });

  it('refuses a file larger than 10 MB instead of reading it', async () => {
    await home.write(POOL, ' '.repeat(10 * 1024 * 1024 + 1));
    expect(await readPool(home.scope)).toMatchObject({
      kind: 'corrupt',
      message: expect.stringMatching(/more than/),
    });
  });
});

describe('recovering', () => {
  const broken = '{"version":3,"accou';

  it('goes from the write-ahead file to the newest good backup', async () => {
    await home.write(POOL, broken);
    await home.write(`${POOL}.wal`, wal(JSON.stringify(poolFile([fullRow(1)]))));
    await home.write(`${POOL}.bak`, 'also broken');
    await home.write(`${POOL}.bak.1`, poolFile([fullRow(2)]));
    await home.write(`${POOL}.bak.2`, poolFile([fullRow(3)]));
    expect(await read()).toMatchObject({
      health: 'recoverable',
      recoveredFrom: join(home.root, `${POOL}.wal`),
    });
    await home.write(`${POOL}.wal`, { ...wal('{}'), checksum: 'f'.repeat(64) });
    const { pool, recoveredFrom } = await read();
    expect(recoveredFrom).toBe(join(home.root, `${POOL}.bak.1`));
    expect(emails(pool)).toEqual(['user2@corp.test']);
  });

  it('keeps the broken file aside when it writes, and does not make a backup of it', async () => {
    await home.write(POOL, broken);
    await home.write(`${POOL}.bak`, poolFile([fullRow(2)]));
    await add(makeAccount(4));
    expect(emails((await read()).pool)).toEqual(['user2@corp.test', 'user4@corp.test']);
    expect(await home.read(`openai-codex-accounts.broken-${NOW}.json`)).toBe(broken);
    expect((await home.json(`${POOL}.bak`)).accounts).toHaveLength(1);
  });

  it('takes a newer write-ahead file before the pool file: its write was cut short', async () => {
    const path = await home.write(POOL, poolFile([fullRow(1)]));
    await utimes(path, 1_700_000_000, 1_700_000_000);
    await home.write(
      `${POOL}.wal`,
      wal(JSON.stringify(poolFile([{ ...fullRow(1), refreshToken: 'rt-newest' }]))),
    );
    const { pool, health } = await read();
    expect(health).toBe('recoverable');
    expect(pool.accounts[0]).toMatchObject({ refreshToken: 'rt-newest' });
    await utimes(join(home.root, `${POOL}.wal`), 1_600_000_000, 1_600_000_000);
    expect((await read()).pool.accounts[0]).toMatchObject({ refreshToken: 'rt-1-canary' });
  });

  it('takes the write-ahead file of a first write that was cut short', async () => {
    await home.write(`${POOL}.wal`, wal(JSON.stringify(poolFile([fullRow(1)]))));
    expect(await read()).toMatchObject({
      health: 'recoverable',
      pool: { accounts: [{ email: 'user1@corp.test' }] },
    });
  });

  it('honours an intended reset until something is written again', async () => {
    const path = await home.write(POOL, poolFile([fullRow(1)]));
    await utimes(path, 1_700_000_000, 1_700_000_000);
    await home.write(`${POOL}.reset-intent`, { version: 1, createdAt: NOW });
    await home.write(`${POOL}.bak`, poolFile([fullRow(2)]));
    expect(await read()).toMatchObject({ health: 'intentional-reset', pool: { accounts: [] } });
    await add(makeAccount(4));
    expect(emails((await read()).pool)).toEqual(['user4@corp.test']);
    expect(await readdir(home.root)).not.toContain(`${POOL}.reset-intent`);
    expect((await home.json(`${POOL}.bak`)).accounts[0].email).toBe('user2@corp.test');
  });

  it('is empty and works after the documented soft reset, whatever backups and extras are left', async () => {
    await add(makeAccount(1));
    await add(apiKey('sk-canary'));
    await home.write('settings.json', { version: 1, pluginConfig: { schedulingStrategy: 'sequential' } });
    for (const name of [POOL, 'openai-codex-flagged-accounts.json', 'settings.json']) {
      await rm(join(home.root, name), { force: true });
    }
    expect(await read()).toMatchObject({ health: 'empty', pool: { accounts: [] } });
    await add(makeAccount(2));
    expect(emails((await read()).pool)).toEqual(['user2@corp.test']);
    expect(await home.read(EXTRAS)).not.toMatch(/sk-canary|id-1-canary/);
  });
});

describe('writing', () => {
  it('makes files that only the owner may read, in folders that only the owner may enter', async () => {
    await add(makeAccount(1));
    await add(makeAccount(2));
    const modes = await Promise.all(
      (await readdir(home.root)).map(async (name) => {
        const { mode } = await stat(join(home.root, name));
        return `${name} ${(mode & 0o777).toString(8)}`;
      }),
    );
    expect(modes.sort()).toEqual(
      [`${POOL} 600`, `${POOL}.bak 600`, `${EXTRAS} 600`, 'steward-accounts.lock.db 600'].sort(),
    );
    expect(((await stat(home.root)).mode & 0o777).toString(8)).toBe('700');
  });

  it('closes a file that was open to others', async () => {
    const path = await home.write(POOL, poolFile([fullRow(1)]));
    await chmod(path, 0o644);
    await add(makeAccount(2));
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it.skipIf(process.getuid?.() !== 0)('leaves the files to their user when root writes them', async () => {
    await chown(join(home.folder, 'home/.codex'), 1234, 1234);
    await add(makeAccount(1));
    await add(makeAccount(2));
    await updatePolicy(home.scope, await requirePool(home.scope), makeAccount(1), (policy) => ({
      ...policy,
      paused: true,
    }));
    for (const name of ['.', ...(await readdir(home.root))]) {
      expect((await stat(join(home.root, name))).uid, name).toBe(1234);
    }
  });

  it('writes nothing when nothing changed', async () => {
    await add(makeAccount(1));
    const before = await stat(join(home.root, POOL));
    await edit((pool) => pool);
    await edit((pool) => ({ ...pool, accounts: [...pool.accounts] }));
    expect((await stat(join(home.root, POOL))).mtimeMs).toBe(before.mtimeMs);
    expect(await readdir(home.root)).not.toContain(`${POOL}.bak`);
  });

  it('keeps the last three states', async () => {
    for (let n = 1; n <= 5; n++) await add(makeAccount(n));
    const counts = await Promise.all(
      ['', '.bak', '.bak.1', '.bak.2'].map(async (end) => (await home.json(`${POOL}${end}`)).accounts.length),
    );
    expect(counts).toEqual([5, 4, 3, 2]);
  });

  it('gives the change what is on the disk now, not what the caller once read', async () => {
    await add(makeAccount(1));
    const old = await requirePool(home.scope);
    await add(makeAccount(2));
    await updatePool(home.scope, (pool) => {
      expect(pool.accounts.length).toBe(old.accounts.length + 1);
      return { pool: { ...pool, affinityGeneration: 1 }, result: undefined };
    });
    expect(emails(await requirePool(home.scope))).toEqual(['user1@corp.test', 'user2@corp.test']);
  });

  it('changes again when codex-multi-auth, which knows no lock, wrote in between', async () => {
    await add(makeAccount(1));
    let calls = 0;
    await updatePool(home.scope, async (pool) => {
      if (calls++ === 0) await home.write(POOL, poolFile([fullRow(1), fullRow(7)]));
      return { pool: addAccount(pool, makeAccount(2)).pool, result: undefined };
    });
    expect(calls).toBe(2);
    expect(emails(await requirePool(home.scope))).toEqual([
      'user1@corp.test',
      'user7@corp.test',
      'user2@corp.test',
    ]);
  });

  it('gives up with a reason when somebody writes all the time', async () => {
    await add(makeAccount(1));
    let calls = 0;
    const change = updatePool(home.scope, async (pool) => {
      await home.write(POOL, poolFile([{ ...fullRow(1), lastUsed: calls++ }]));
      return { pool: addAccount(pool, makeAccount(2)).pool, result: undefined };
    });
    await expect(change).rejects.toMatchObject({
      code: 'ERR_ACCOUNTS_CHANGED_MEANWHILE',
      kind: 'environment',
    });
  });

  it('loses none of thirty changes at once', async () => {
    await Promise.all(Array.from({ length: 30 }, (_, n) => add(makeAccount(n + 1))));
    expect((await requirePool(home.scope)).accounts).toHaveLength(30);
  });
});

describe('what only we keep', () => {
  it('survives a codex-multi-auth that writes the pool with nothing but what it knows', async () => {
    await add(makeAccount(1));
    await add(apiKey('sk-canary'));
    const file = await home.json(POOL);
    expect(JSON.stringify(file)).not.toMatch(/id-1-canary|sk-canary/);
    await home.write(POOL, {
      ...file,
      accounts: [{ ...file.accounts[0], refreshToken: 'rt-rotated' }, fullRow(2)],
    });
    const { pool } = await read();
    expect(pool.accounts.map((account) => account.kind)).toEqual(['chatgpt', 'chatgpt', 'api-key']);
    expect(pool.accounts[0]).toMatchObject({ refreshToken: 'rt-rotated', idToken: 'id-1-canary' });
  });

  it('keeps the id token of an account that another program dropped, and gives it back', async () => {
    await add(makeAccount(1));
    await add(makeAccount(2));
    const file = await home.json(POOL);
    await home.write(POOL, { ...file, accounts: [file.accounts[1]] });
    await add(makeAccount(3));
    await home.write(POOL, file);
    expect((await read()).pool.accounts[0]).toMatchObject({ idToken: 'id-1-canary' });
  });

  it('drops the id token of an account that was removed here', async () => {
    await add(makeAccount(1));
    await add(makeAccount(2));
    await edit((pool) => removeAccount(pool, 0));
    expect(await home.read(EXTRAS)).not.toContain('id-1-canary');
  });

  it('finds the id token again when an e-mail was filled in and the key is another', async () => {
    await add(makeAccount(1, { email: null }));
    const file = await home.json(POOL);
    await home.write(POOL, { ...file, accounts: [{ ...file.accounts[0], email: 'now@known.test' }] });
    expect((await read()).pool.accounts[0]).toMatchObject({
      email: 'now@known.test',
      idToken: 'id-1-canary',
    });
  });

  it('lets an API key be active and pinned, until somebody chooses in the pool file', async () => {
    await add(makeAccount(1));
    await add(makeAccount(2));
    await add(apiKey('sk-canary'));
    await edit((pool) => ({ ...pool, activeIndex: 2, pinnedIndex: 2, affinityGeneration: 1 }));
    expect((await read()).pool).toMatchObject({ activeIndex: 2, pinnedIndex: 2 });
    const file = await home.json(POOL);
    expect(file).toMatchObject({ activeIndex: 0, affinityGeneration: 1 });
    expect(file).not.toHaveProperty('pinnedAccountIndex');
    await home.write(POOL, { ...file, activeIndex: 1, pinnedAccountIndex: 1, affinityGeneration: 2 });
    expect((await read()).pool).toMatchObject({ activeIndex: 1, pinnedIndex: 1, affinityGeneration: 2 });
  });

  it('never lets the generation fall when a login of codex-multi-auth forgets it', async () => {
    await add(makeAccount(1));
    await edit((pool) => ({ ...pool, affinityGeneration: 5 }));
    const { affinityGeneration: _, ...forgotten } = await home.json(POOL);
    await home.write(POOL, forgotten);
    const afterLogin = (await read()).pool.affinityGeneration;
    await home.write(POOL, { ...forgotten, affinityGeneration: 1 });
    const afterSwitch = (await read()).pool.affinityGeneration;
    expect(afterLogin).toBeGreaterThan(5);
    expect(afterSwitch).toBeGreaterThan(afterLogin);
  });

  it('is set aside when it is broken, and the accounts stay', async () => {
    await add(makeAccount(1));
    await home.write(EXTRAS, '{"idTok');
    expect(await read()).toMatchObject({ health: 'recoverable', pool: { accounts: [{ idToken: null }] } });
    await add(makeAccount(2));
    expect(await home.read(`openai-codex-accounts.steward.broken-${NOW}.json`)).toBe('{"idTok');
    expect((await read()).health).toBe('healthy');
  });
});

describe.skipIf(process.getuid?.() !== 0)('a place that cannot be written', () => {
  it('is said, and nothing is lost', async () => {
    await add(makeAccount(1));
    const before = await home.read(POOL);
    await chmod(join(home.folder), 0o755);
    for (const folder of [
      home.folder,
      join(home.folder, 'home'),
      join(home.folder, 'home/.codex'),
      home.root,
    ]) {
      await chmod(folder, 0o755);
    }
    process.seteuid?.(65534);
    try {
      await expect(add(makeAccount(2))).rejects.toMatchObject({
        code: 'ERR_STORAGE_FILE',
        kind: 'environment',
        message: expect.stringContaining('permission denied'),
      });
      expect(await readPool(home.scope)).toMatchObject({
        kind: 'corrupt',
        message: expect.stringContaining('permission denied'),
        hint: expect.stringMatching(/may be fine: make the file readable/), // never: move it away
      });
    } finally {
      process.seteuid?.(0);
    }
    expect(await home.read(POOL)).toBe(before);
  });

  it('is said when a file stands where the folder should be', async () => {
    await mkdir(join(home.folder, 'home/.codex'), { recursive: true });
    await writeFile(home.root, 'x');
    await expect(add(makeAccount(2))).rejects.toMatchObject({ kind: 'environment' });
    await unlink(home.root);
  });
});
