/** The real Codex works with what `writeCodexLogin` leaves, and keeps writing while we do. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { adoptCodexLogin } from '../../src/accounts/codex-login/adopt.ts';
import { writeCodexLogin } from '../../src/accounts/codex-login/write-codex-login.ts';
import { requirePool } from '../../src/accounts/store/pool-store.ts';
import { withAuthLock } from '../../src/codex/auth-lock.ts';
import { type LabWithHome, startLabWithHome } from '../support/lab-accounts.ts';
import { CODEX_ALIASES, codexBinary, runProgram } from '../support/real-codex.ts';

let world: LabWithHome;
beforeEach(async () => {
  world = await startLabWithHome();
});
afterEach(() => world.stop());

describe.each(CODEX_ALIASES)('%s', (alias) => {
  const codex = (args: readonly string[]) =>
    runProgram(codexBinary(alias), args, { env: world.environment(), cwd: world.home });

  test('answers as the account that was switched to, also after it refreshed the login itself', async () => {
    const first = await world.addAccount('plus');
    const second = await world.addAccount('second');
    await world.lab.control({ do: 'settings', patch: { reply: 'I am {account}.' } });

    expect(await writeCodexLogin(world.scope(), first)).toMatchObject({ kind: 'written' });
    expect((await codex(['login', 'status'])).stderr).toContain('Logged in using ChatGPT');
    expect((await codex(['exec', '--skip-git-repo-check', 'who'])).stdout).toContain('I am plus.');

    expect(await writeCodexLogin(world.scope(), second)).toMatchObject({ kind: 'written' });
    expect((await codex(['exec', '--skip-git-repo-check', 'who'])).stdout).toContain('I am second.');

    // Codex spends a refresh token itself: the pool learns the new pair, and the next switch loses nothing.
    const expired = await world.login('second', -3600);
    await world.writeAuth(expired, 'second');
    expect((await codex(['exec', '--skip-git-repo-check', 'who'])).stdout).toContain('I am second.');
    const held = await world.readAuth();
    expect(held.tokens.refresh_token).not.toBe(expired.refresh_token);
    expect(await adoptCodexLogin(world.scope())).toMatchObject({ kind: 'adopted' });
    const stored = (await requirePool(world.scope())).accounts[1];
    expect(stored?.kind === 'chatgpt' && stored.refreshToken).toBe(held.tokens.refresh_token);
    expect(await writeCodexLogin(world.scope(), first)).toMatchObject({ kind: 'written' });
  }, 120_000);
});

test('Codex 0.169 waits with its login while steward holds the lock on auth.json', async () => {
  const account = await world.addAccount('plus');
  await world.writeAuthOf(account);
  let login: ReturnType<typeof runProgram> | undefined;
  await withAuthLock(world.scope(), async () => {
    login = runProgram(codexBinary('codex-newest'), ['login', '--with-api-key'], {
      env: world.environment(),
      cwd: world.home,
      input: 'sk-other',
    });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect((await world.readAuth()).auth_mode).toBe('chatgpt');
  });
  expect((await login)?.code).toBe(0);
  expect(await world.readAuth()).toMatchObject({ auth_mode: 'apikey', OPENAI_API_KEY: 'sk-other' });
}, 60_000);
