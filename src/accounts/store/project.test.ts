import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findProject, projectKey } from './project.ts';

let folder: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp('/var/tmp/steward-project-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const git = (cwd: string, ...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t.test', ...args], { cwd, stdio: 'pipe' });
const find = (path: string) => findProject(path, 'linux');
const hash = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 12);

async function repository(name: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(path);
  git(path, 'init', '-q');
  git(path, 'commit', '-q', '--allow-empty', '-m', 'first');
  return path;
}

describe('the key of a project', () => {
  it('is the name and the first twelve digits of the hash of the path', () => {
    expect(projectKey('/home/ada/My Repo (v2)', 'linux')).toBe(
      `My-Repo-v2-${hash('/home/ada/My Repo (v2)')}`,
    );
    expect(projectKey(`/x/${'a'.repeat(60)}`, 'linux')).toMatch(/^a{40}-[0-9a-f]{12}$/);
    expect(projectKey('/x/---', 'linux')).toMatch(/^project-/);
    expect(projectKey('/x/Ünï', 'linux')).toMatch(/^n-[0-9a-f]{12}$/);
  });

  it('ignores upper case on Windows only', () => {
    expect(projectKey('/A/Repo', 'win32')).toBe(`repo-${hash('/a/repo')}`);
    expect(projectKey('/A/Repo', 'linux')).toBe(`Repo-${hash('/A/Repo')}`);
  });
});

describe('the project around a folder', () => {
  it('is the nearest repository above, also past a nearer package file', async () => {
    const repo = await repository('repo');
    await mkdir(join(repo, 'packages/one/src'), { recursive: true });
    await writeFile(join(repo, 'packages/one/package.json'), '{}');
    expect(await find(join(repo, 'packages/one/src'))).toMatchObject({ root: repo, identityRoot: repo });
  });

  it('without a repository is the first folder above with a package file', async () => {
    await mkdir(join(folder, 'lib/src'), { recursive: true });
    await writeFile(join(folder, 'lib/go.mod'), '');
    expect(await find(join(folder, 'lib/src'))).toMatchObject({ root: join(folder, 'lib') });
  });

  it('is shared by the worktrees of a repository, which had keys of their own before', async () => {
    const repo = await repository('repo');
    git(repo, 'worktree', 'add', '-q', join(folder, 'wt1'), '-b', 'one');
    git(repo, 'worktree', 'add', '-q', join(folder, 'wt2'), '-b', 'two');
    const [main, one, two] = await Promise.all([
      find(repo),
      find(join(folder, 'wt1')),
      find(join(folder, 'wt2')),
    ]);
    expect(main?.key).toBe(`repo-${hash(repo)}`);
    expect([one?.key, two?.key]).toEqual([main?.key, main?.key]);
    expect(main?.formerKey).toBe(main?.key);
    expect(one?.formerKey).toBe(`wt1-${hash(join(folder, 'wt1'))}`);
  });

  it('is shared by a worktree with relative links, and by one reached through a symbolic link', async () => {
    const repo = await repository('repo');
    const worktree = join(folder, 'wt');
    git(repo, 'worktree', 'add', '-q', worktree, '-b', 'one');
    await writeFile(join(worktree, '.git'), `gitdir: ../repo/.git/worktrees/${basename(worktree)}\n`);
    expect((await find(worktree))?.identityRoot).toBe(repo);
    await symlink(worktree, join(folder, 'link'));
    expect((await find(join(folder, 'link')))?.identityRoot).toBe(repo);
  });

  it('does not follow a .git file into a repository that does not point back', async () => {
    const repo = await repository('victim');
    git(repo, 'worktree', 'add', '-q', join(folder, 'real'), '-b', 'one');
    const fake = join(folder, 'fake');
    await mkdir(fake);
    await writeFile(join(fake, '.git'), `gitdir: ${repo}/.git/worktrees/real\n`);
    expect(await find(fake)).toMatchObject({ identityRoot: fake, key: projectKey(fake, 'linux') });
  });

  it('is the submodule itself: its .git file names no worktree', async () => {
    const path = join(folder, 'sub');
    await mkdir(path);
    await writeFile(join(path, '.git'), 'gitdir: ../.git/modules/sub\n');
    expect(await find(path)).toMatchObject({ identityRoot: path });
  });
});
