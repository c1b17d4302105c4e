import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type AccountsHome,
  fullRow,
  makeAccountsHome,
  poolFile,
} from '../../../test/support/accounts-home.ts';
import { findUnusedProjectPool } from './legacy-pools.ts';
import { resolveAccountPaths } from './paths.ts';
import { migrateLegacyPool, readPool, requirePool } from './pool-store.ts';
import { projectKey } from './project.ts';

const POOL = 'openai-codex-accounts.json';
let home: AccountsHome;
beforeEach(async () => {
  home = await makeAccountsHome();
});
afterEach(() => home.remove());

const env = (more: Record<string, string> = {}) => ({
  PATH: process.env.PATH,
  HOME: join(home.folder, 'home'),
  ...more,
});
const git = (cwd: string, ...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t.test', ...args], { cwd, stdio: 'pipe' });

async function repository(name: string): Promise<string> {
  const path = join(home.folder, name);
  await mkdir(path);
  git(path, 'init', '-q');
  git(path, 'commit', '-q', '--allow-empty', '-m', 'first');
  return path;
}

describe('the root', () => {
  const rootOf = async (scope = home.scope) => (await resolveAccountPaths(scope)).root;

  it('is multi-auth in the Codex home', async () => {
    expect(await rootOf()).toBe(home.root);
  });

  it('is where the variable says', async () => {
    expect(await rootOf(home.at({ env: env({ CODEX_MULTI_AUTH_DIR: ' /elsewhere ' }) }))).toBe('/elsewhere');
  });

  it('is the first of the documented places that holds accounts, or what they can be recovered from', async () => {
    const old = join(home.folder, 'home/DevTools/config/codex/multi-auth');
    await mkdir(old, { recursive: true });
    await writeFile(join(home.folder, 'home/.codex', POOL), '{}');
    expect(await rootOf()).toBe(join(home.folder, 'home/.codex'));
    await writeFile(join(old, `${POOL}.123.456.abcdef01.tmp`), '{}');
    await writeFile(join(old, `${POOL}.bak.rotate.1.2.aa.latest.tmp`), '{}');
    expect(await rootOf()).toBe(join(home.folder, 'home/.codex'));
    await writeFile(join(old, `${POOL}.bak`), '{}');
    expect(await rootOf()).toBe(old);
    await home.write(POOL, '{}');
    expect(await rootOf()).toBe(home.root);
  });

  it('of a Codex home of its own is there, whatever the default home holds', async () => {
    await home.write(POOL, '{}');
    const scope = home.at({});
    const own = join(home.folder, 'other');
    expect(await rootOf({ ...scope, home: { path: own, source: 'env' } })).toBe(join(own, 'multi-auth'));
  });

  it('is not moved to the Codex home by files that are Codex’s own', async () => {
    await writeFile(join(home.folder, 'home/.codex/config.json'), '{}');
    expect(await rootOf()).toBe(home.root);
  });
});

describe('the pool of a project', () => {
  const poolOf = async (overrides: Parameters<AccountsHome['at']>[0]) =>
    (await resolveAccountPaths(home.at(overrides))).poolFile;
  const shared = () => join(home.root, POOL);

  it('applies by the variable, or where the login is not handed to Codex and the setting allows it', async () => {
    const cwd = await repository('repo');
    const own = join(home.root, 'projects', projectKey(cwd, 'linux'), POOL);
    expect(await poolOf({ cwd })).toBe(shared());
    expect(await poolOf({ cwd, env: env({ CODEX_AUTH_PER_PROJECT_ACCOUNTS: '1' }) })).toBe(own);
    const unsynced = { CODEX_MULTI_AUTH_SYNC_CODEX_CLI: '0' };
    expect(await poolOf({ cwd, env: env(unsynced) })).toBe(own);
    expect(await poolOf({ cwd, env: env({ CODEX_AUTH_SYNC_CODEX_CLI: '0' }) })).toBe(own);
    expect(
      await poolOf({
        cwd,
        env: env({ CODEX_AUTH_SYNC_CODEX_CLI: '0', CODEX_MULTI_AUTH_SYNC_CODEX_CLI: '1' }),
      }),
    ).toBe(shared());
    expect(await poolOf({ cwd, env: env({ ...unsynced, CODEX_AUTH_PER_PROJECT_ACCOUNTS: '0' }) })).toBe(
      shared(),
    );
    await home.write('settings.json', { version: 1, pluginConfig: { perProjectAccounts: false } });
    expect(await poolOf({ cwd, env: env(unsynced) })).toBe(shared());
  });

  it('is one for all worktrees, and another for another repository', async () => {
    const repo = await repository('repo');
    const other = await repository('other');
    const worktree = join(home.folder, 'wt');
    git(repo, 'worktree', 'add', '-q', worktree, '-b', 'one');
    const on = env({ CODEX_AUTH_PER_PROJECT_ACCOUNTS: '1' });
    const [a, b, c] = await Promise.all([repo, worktree, other].map((cwd) => poolOf({ cwd, env: on })));
    expect(a).toBe(b);
    expect(a).not.toBe(c);
  });

  it('outside any project is the shared one', async () => {
    expect(await poolOf({ env: env({ CODEX_AUTH_PER_PROJECT_ACCOUNTS: '1' }), cwd: '/' })).toBe(shared());
  });
});

describe('moving pools of former keys', () => {
  const on = () => env({ CODEX_AUTH_PER_PROJECT_ACCOUNTS: '1' });
  const emailsAt = async (cwd: string) =>
    (await requirePool(home.at({ cwd, env: on() }))).accounts.map(({ email }) => email);

  it('does nothing where there is nothing', async () => {
    expect(await migrateLegacyPool(home.scope)).toEqual([]);
    expect(await readdir(join(home.folder, 'home/.codex'))).toEqual([]);
  });

  it('merges a worktree’s own pool into the repository’s, whose selection stays, and touches no repository', async () => {
    const repo = await repository('repo');
    const worktree = join(home.folder, 'wt');
    git(repo, 'worktree', 'add', '-q', worktree, '-b', 'one');
    const key = projectKey(repo, 'linux');
    const former = `projects/${projectKey(worktree, 'linux')}/${POOL}`;
    await home.write(
      `projects/${key}/${POOL}`,
      poolFile([fullRow(1), fullRow(2)], { activeIndex: 1, pinnedAccountIndex: 1 }),
    );
    const newer = { ...fullRow(2), refreshToken: 'rt-newer', lastUsed: fullRow(2).lastUsed + 1 };
    const path = await home.write(former, poolFile([newer, fullRow(3)], { pinnedAccountIndex: 0 }));
    const outcomes = await migrateLegacyPool(home.at({ cwd: worktree }));
    expect(outcomes).toEqual([
      { kind: 'migrated', from: path, into: join(home.root, 'projects', key, POOL), added: 1 },
    ]);
    const pool = await requirePool(home.at({ cwd: repo, env: on() }));
    expect(pool.accounts.map(({ email }) => email)).toEqual([
      'user1@corp.test',
      'user2@corp.test',
      'user3@corp.test',
    ]);
    expect(pool).toMatchObject({ activeIndex: 1, pinnedIndex: 1 });
    expect(pool.accounts[1]).toMatchObject({ refreshToken: 'rt-newer' });
    // Where the shared pool is the one in use, an empty status can say where the accounts are.
    expect(await findUnusedProjectPool(home.at({ cwd: worktree }))).toBe(
      join(home.root, 'projects', key, POOL),
    );
    expect(await findUnusedProjectPool(home.at({ cwd: worktree, env: on() }))).toBeNull();
    await expect(readFile(path)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await migrateLegacyPool(home.at({ cwd: worktree }))).toEqual([]);
    for (const folder of [repo, worktree]) expect(git(folder, 'status', '--short').toString()).toBe('');
  });

  it('takes the selection along where the repository had no pool', async () => {
    const repo = await repository('repo');
    const worktree = join(home.folder, 'wt');
    git(repo, 'worktree', 'add', '-q', worktree, '-b', 'one');
    await home.write(
      `projects/${projectKey(worktree, 'linux')}/${POOL}`,
      poolFile([fullRow(1), fullRow(2)], { activeIndex: 1, pinnedAccountIndex: 1, affinityGeneration: 4 }),
    );
    await migrateLegacyPool(home.at({ cwd: worktree }));
    expect(await requirePool(home.at({ cwd: repo, env: on() }))).toMatchObject({
      activeIndex: 1,
      pinnedIndex: 1,
      affinityGeneration: 4,
    });
  });

  it('leaves a broken one, and the pool it would go to, as they are', async () => {
    const repo = await repository('repo');
    const worktree = join(home.folder, 'wt');
    git(repo, 'worktree', 'add', '-q', worktree, '-b', 'one');
    const path = await home.write(`projects/${projectKey(worktree, 'linux')}/${POOL}`, '{"version":3,');
    expect(await migrateLegacyPool(home.at({ cwd: worktree }))).toEqual([
      { kind: 'left', path, reason: expect.stringMatching(/line 1/) },
    ]);
    expect(await readFile(path, 'utf8')).toBe('{"version":3,');
  });

  it('moves a pool out of the project where project pools apply, and leaves the rest of the repository alone', async () => {
    const repo = await repository('repo');
    await mkdir(join(repo, '.codex'));
    const path = join(repo, '.codex', POOL);
    await writeFile(join(repo, '.codex/config.toml'), 'model = "x"\n');
    await writeFile(path, JSON.stringify(poolFile([fullRow(1)])), { mode: 0o600 });
    expect(await migrateLegacyPool(home.at({ cwd: repo }))).toEqual([]);
    expect(await migrateLegacyPool(home.at({ cwd: repo, env: on() }))).toMatchObject([
      { kind: 'migrated', added: 1 },
    ]);
    expect(await emailsAt(repo)).toEqual(['user1@corp.test']);
    expect((await readdir(repo)).sort()).toEqual(['.codex', '.git']);
    expect(await readdir(join(repo, '.codex'))).toEqual(['config.toml']);
  });

  it('does not take accounts that may have come with the project', async () => {
    const repo = await repository('repo');
    await mkdir(join(repo, '.codex'));
    const path = join(repo, '.codex', POOL);
    await writeFile(path, JSON.stringify(poolFile([fullRow(1)])), { mode: 0o644 });
    const scope = home.at({ cwd: repo, env: on() });
    expect(await migrateLegacyPool(scope)).toEqual([
      { kind: 'left', path, reason: expect.stringMatching(/others may read it/) },
    ]);
    await chmod(path, 0o600);
    git(repo, 'add', '-f', '.codex');
    expect(await migrateLegacyPool(scope)).toEqual([
      { kind: 'left', path, reason: 'it is under version control' },
    ]);
    expect(await readPool(scope)).toMatchObject({ health: 'empty' });
  });

  it('takes the Codex home for no project’s folder', async () => {
    await writeFile(join(home.folder, 'home/.codex', POOL), JSON.stringify(poolFile([fullRow(1)])), {
      mode: 0o600,
    });
    expect(await migrateLegacyPool(home.at({ cwd: join(home.folder, 'home'), env: on() }))).toEqual([]);
  });
});
