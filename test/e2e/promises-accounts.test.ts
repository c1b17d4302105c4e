/** The troubleshooting page of the account manager, step by step, as a user types it: shim, real Codex 0.133, lab. */
import { readdirSync } from 'node:fs';
import { chmod, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findProject } from '../../src/accounts/store/project.ts';
import type { LabAccountName } from '../../src/lab/accounts.ts';
import { type LabWithHome, startLabWithHome } from '../support/lab-accounts.ts';
import { codexBinary, type Ran, runProgram } from '../support/real-codex.ts';
import { STEWARD } from '../support/steward.ts';

let world: LabWithHome;
let env: Record<string, string>;

/** Types that line into a shell whose first `codex` is the shim. */
function type(line: string, more: Record<string, string> = {}, cwd = world.home): Promise<Ran> {
  return runProgram('/bin/sh', ['-c', line], { env: { ...env, ...more }, cwd });
}

/** Logs that account in, with a device code that is approved at once. */
async function logIn(
  account: LabAccountName,
  more: Record<string, string> = {},
  cwd = world.home,
): Promise<Ran> {
  await world.lab.control({ do: 'settings', patch: { account } });
  return await type('codex auth login --device-auth', more, cwd);
}

/** Everybody agrees at once, and says who answers. */
async function heal(): Promise<void> {
  await world.lab.control({ do: 'scenario', name: 'ok' });
  const patch = { consent: 'allow', reply: 'I am {account}.' } as const;
  await world.lab.control({ do: 'settings', patch });
}
const EXEC = 'codex exec --skip-git-repo-check hi < /dev/null';
const pool = () => join(world.home, 'multi-auth');

beforeAll(async () => {
  world = await startLabWithHome();
  await heal();
  const bin = join(world.home, 'bin');
  await mkdir(bin);
  await symlink(codexBinary('codex-0.133'), join(bin, 'codex'));
  await writeFile(join(bin, 'steward'), `#!/bin/sh\nexec '${process.execPath}' '${STEWARD}' "$@"\n`);
  // What opens addresses on a desktop: it signs in and follows the way back.
  await writeFile(
    join(bin, 'xdg-open'),
    `#!/usr/bin/env node\nfetch(process.argv[2]).then((page) => page.text());\n`,
  );
  for (const name of ['steward', 'xdg-open']) await chmod(join(bin, name), 0o755);
  env = { ...world.environment(), PATH: `${bin}:${dirname(process.execPath)}:/usr/bin:/bin` };
  await type('steward shim install');
  env.PATH = `${join(world.home, '.local/share/codex-steward/bin')}:${env.PATH}`;
});
afterAll(async () => {
  await type('steward gateway stop');
  await world.stop();
});

describe('the troubleshooting page', () => {
  it('C2: says which codex runs, in which versions, by every name of the command, and names a former package', async () => {
    expect((await type('command -v codex')).stdout).toBe(`${env.PATH?.split(':')[0]}/codex\n`);
    expect((await type('codex --version')).stdout).toBe('codex-cli 0.133.0\n');
    expect((await type('steward --version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    const install = (await type('steward doctor --only install --verbose')).stdout;
    expect(install).toContain('Codex 0.133.0 · home');
    expect(install).toMatch(/a shell starts: \S+codex-steward\/bin\/codex/);
    const status = await type('codex auth status');
    expect(status).toMatchObject({ code: 0, stderr: '' });
    for (const name of ['multi auth', 'multi-auth', 'multiauth'])
      expect(await type(`codex ${name} status`)).toEqual(status);

    const former = join(world.home, 'lib/node_modules/@former/codex-multi-auth');
    await mkdir(former, { recursive: true });
    await writeFile(join(former, 'package.json'), '{"name":"@former/codex-multi-auth","version":"0.1.0"}');
    expect((await type('codex auth doctor')).stdout).toContain('npm uninstall -g @former/codex-multi-auth');
    await rm(join(world.home, 'lib'), { recursive: true });
  });

  it('C3: a login at a desk opens the browser, which comes back by itself', async () => {
    // Again while another test holds both ports of this machine.
    let ran = await type('timeout 20 codex auth login', { BROWSER: 'xdg-open' });
    for (let tries = 1; ran.code !== 0 && tries < 5; tries += 1) {
      await sleep(1000);
      ran = await type('timeout 20 codex auth login', { BROWSER: 'xdg-open' });
    }
    expect(ran.stderr).toContain('Sign in in the browser.');
    expect(ran).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Added: Account 1 (pl***@***.com'),
    });
    expect((await type(EXEC)).stdout).toBe('I am plus.\n');
  });

  it('C1, C4, C6: first aid names each account and what it needs; a login brings the pool and Codex back', async () => {
    const second = await world.addAccount('second', { expired: true });
    await world.redeem(second.refreshToken);
    expect(await type('codex auth doctor --fix')).toMatchObject({ code: 0 });
    const check = await type('codex auth check');
    expect(check).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('1 working | 0 at their limit | 1 need a login'),
    });
    expect(check.stdout).toMatch(
      /Account 2 .* needs a login: .*refresh_token_reused[\s\S]*Log this account in again: steward auth login/,
    );
    expect((await type('codex auth forecast --live')).stdout).toMatch(/● 1\. Account 1 .*: ready/);

    // Now nobody works any more.
    world.lab.world.sessions.revokeAll('plus');
    expect(await type('codex auth check')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('0 working | 0 at their limit | 2 need a login'),
    });
    expect((await type('codex auth doctor --fix')).stdout).toContain('steward auth login logs one in again');
    expect(
      (await type('codex auth forecast --live')).stdout.match(/log that account in again/g),
    ).toHaveLength(2);
    expect((await logIn('plus')).stdout).toContain('Logged in again: Account 1');
    expect((await type(EXEC)).stdout).toBe('I am plus.\n');

    // What is shown is as old as it says; a check makes it new.
    await world.lab.control({ do: 'settings', patch: { primaryUsedPercent: 77 } });
    expect((await type('codex auth list')).stdout).not.toContain('77 % used');
    await type('codex auth check');
    expect((await type('codex auth list')).stdout).toContain('5h limit 77 % used');
    await world.lab.control({ do: 'settings', patch: { primaryUsedPercent: 12 } });
    expect((await logIn('second')).stdout).toContain('Logged in again: Account 2');
  });

  it('C11: each command of the diagnostics pack has something to say, and nothing on standard error', async () => {
    const pack = ['list', 'status', 'check', 'verify-flagged --json', 'forecast --live', 'fix --dry-run'];
    for (const command of [...pack, 'report --live --json', 'doctor --json']) {
      const ran = await type(`codex auth ${command}`);
      expect(ran, command).toMatchObject({ code: 0, stderr: '' });
      expect(ran.stdout.length, command).toBeGreaterThan(100);
      if (command.endsWith('--json')) expect(JSON.parse(ran.stdout)).toMatchObject({ schemaVersion: 1 });
    }
  });

  it('C8: an exhausted pool says who waits, for what, and until when', async () => {
    await world.lab.control({ do: 'scenario', name: 'pool-exhausted' });
    expect((await type(EXEC)).stderr).toMatch(/hit your usage limit\..*try again at/);
    const waiting = /Selection reason: no account can serve now\nNext: account \d from .* \(in .*\)/;
    const status = (await type('codex auth rotation status')).stdout;
    expect(status).toMatch(waiting);
    expect(status.match(/\[(?:cooling-down|rate-limited) .*\]/g)).toHaveLength(2);
    const forecast = (await type('codex auth forecast --live')).stdout;
    expect(forecast).toMatch(waiting);
    expect(forecast.match(/limit used up, resets .* \(in /g)).toHaveLength(2);
    await heal();
    await type('codex auth check');
  });

  it('C10: worktrees share the pool of their repository, other repositories do not, and one list moves a former key', async () => {
    const mine = { CODEX_AUTH_PER_PROJECT_ACCOUNTS: '1' };
    const folder = (name: string) => join(world.home, name);
    const git = 'git -c user.name=a -c user.email=a@example.test -c init.defaultBranch=main';
    await type(
      `${git} init -q one && ${git} init -q other && cd one && ${git} commit -q --allow-empty -m a && git worktree add -q ../tree`,
    );
    await logIn('plus', mine, folder('one'));
    const list = async (name: string) => (await type('codex auth list', mine, folder(name))).stdout;
    expect(await list('tree')).toBe(await list('one'));
    expect(await list('one')).toMatch(/Project: one-[0-9a-f]{12}\n[\s\S]*1\. Account 1 \(/);
    expect(await list('other')).toMatch(/^Accounts \(0\)[\s\S]*Project: other-/);

    const before = await list('one');
    const project = findProject(folder('tree'), process.platform);
    const at = (key = '') => join(pool(), 'projects', key);
    await rename(at(project?.key), at(project?.formerKey));
    expect(await list('tree')).toBe(before);
    expect(readdirSync(at(project?.formerKey))).not.toContain('openai-codex-accounts.json');
  });

  it('C12: a soft reset and a login give a clean start', async () => {
    await type('codex auth rotation disable');
    await type('codex auth switch 2');
    const page = await readFile(new URL('../../docs/accounts.md', import.meta.url), 'utf8');
    const [, lines = ''] =
      /## When nothing works[\s\S]*?```bash\n([\s\S]*?)steward auth login\n```/.exec(page) ?? [];
    expect(lines).toContain('rm -f');
    expect(await type(lines)).toMatchObject({ code: 0, stderr: '' });
    expect((await type('codex auth status')).stdout).toMatch(/^Accounts \(0\)[\s\S]*Storage health: empty/);
    expect((await logIn('second')).stdout).toContain('Added: Account 1 (se***@***.com');
    expect((await type('codex auth list')).stdout).toMatch(
      /^Accounts \(1\)[\s\S]*1\. Account 1 .*\[current\]/,
    );
    expect((await type('codex auth rotation status')).stdout).toContain('Stored setting: none');
    expect((await type(EXEC)).stdout).toBe('I am second.\n');
    expect(await readFile(join(world.home, 'auth.json'), 'utf8')).toContain('refresh_token');
  });
});
