/** `steward auth` with a person in front of it: the screen of the accounts at a real pseudo-terminal, against a lab. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type LabWithHome, startLabWithHome } from '../support/lab-accounts.ts';
import { type Place, steward } from '../support/steward.ts';
import { type AtTerminal, CTRL_C, plain, startAtTerminal } from '../support/terminal.ts';

const ENTER = '\r';
const ESCAPE = '\u001b';
const CTRL_Z = '\u001a';
const SECOND_PAGE = '\u001b[?1049h';
const FIRST_PAGE = '\u001b[?25h\u001b[?1049l';
const POOL = 'multi-auth/openai-codex-accounts.json';

let world: LabWithHome;
let place: Place;
let screen: Screen;

interface Screen extends AtTerminal {
  /** Types that, and waits until it is answered so: a screen says many things twice. */
  press(keys: string, answer: RegExp): Promise<void>;
  /** What a person sees when the screen is gone. */
  left(): string;
}

beforeEach(async () => {
  world = await startLabWithHome();
  for (const name of ['plus', 'second', 'team'] as const) await world.addAccount(name);
  place = { env: { ...world.environment(), TERM: 'xterm-256color' }, project: world.home };
});

afterEach(async () => {
  screen.kill();
  await world.stop();
});

async function openScreen(env: Record<string, string> = {}): Promise<void> {
  const terminal = startAtTerminal(place, ['auth'], env);
  screen = {
    ...terminal,
    press: async (keys, answer) => {
      const from = terminal.written().length;
      terminal.type(keys);
      for (let waited = 0; !answer.test(plain(terminal.written().slice(from))); waited += 20) {
        const after = terminal.written().slice(from);
        if (waited > 20_000) throw new Error(`${answer} does not answer ${JSON.stringify(keys)}: ${after}`);
        await sleep(20);
      }
    },
    left: () => terminal.written().slice(terminal.written().lastIndexOf(FIRST_PAGE) + FIRST_PAGE.length),
  };
  await screen.until(/q leave/);
}

async function poolJson() {
  return JSON.parse(await readFile(join(world.home, POOL), 'utf8'));
}

test('finds, switches, disables, checks, refreshes and removes; the files say the same', async () => {
  await openScreen();
  expect(plain(screen.written())).toMatch(/▸ ● 1 pl\*\*\*@\*\*\*\.com/);
  await screen.press('r', /✔ Limits of 3 accounts refreshed\.[\s\S]*q leave/);
  expect(plain(screen.written())).toMatch(/2 se\*\*\*@\S+ id:\w+ +plus +█{7}░ {2}88 % \S+ .*ready/);

  await screen.press('/', /type to search/);
  await screen.press('second', /1 shown/);
  await screen.press(ENTER, /Enter switch/);
  await screen.press(ENTER, /✔ Switched to Account 2 \(se\*\*\*@\*\*\*\.com, id:\w+\); pinned/);
  expect(await poolJson()).toMatchObject({ activeIndex: 1, pinnedAccountIndex: 1 });
  const second = (await poolJson()).accounts[1];
  expect((await world.readAuth()).tokens).toMatchObject({ account_id: second.accountId });
  await screen.press(ESCAPE, /3 te\*\*\*@/);

  await screen.press('3', /▸ +3 te/);
  await screen.press('d', /Account 3 \(te\S+, id:\w+\) is disabled\./);
  expect((await poolJson()).accounts[2].enabled).toBe(false);
  await screen.press('c', /✔ Account 3 [\s\S]*Result: 1 working/);
  expect((await poolJson()).accounts[2].enabled).toBe(false);

  await screen.press('1', /▸ +1 pl/);
  await screen.press('x', /Take Account 1 \(pl\S+, id:\w+\) out of the pool\? y\/N/);
  await screen.press('n', /Nothing was removed\./);
  expect((await poolJson()).accounts).toHaveLength(3);
  await screen.press('x', /y\/N/);
  await screen.press('y', /out of the pool; 2 left\./);
  expect((await poolJson()).accounts.map(({ email }: { email: string }) => email)).toEqual([
    'second@example.com',
    'team@example.com',
  ]);
  screen.type('q');
  expect(await screen.ended).toEqual({ code: 0, signal: 0 });

  const left = plain(screen.left());
  expect(left).toMatch(/Switched to Account 2[\s\S]*Account 3 \S+ \S+ is disabled\.[\s\S]*2 left\./);
  expect(left).not.toContain('Result:');
  expect(screen.written()).not.toMatch(/second@example\.com|team@example\.com/);
  expect(screen.written().split(SECOND_PAGE)).toHaveLength(2);
  const status = JSON.parse((await steward(place, ['auth', 'status', '--json'])).stdout);
  expect(status).toMatchObject({ accountCount: 2, activeIndex: 0, pinnedAccountIndex: 0 });
});

test('an error is shown with its code and what to do, and the screen goes on', async () => {
  const before = await poolJson();
  const [first] = before.accounts;
  await world.redeem(first.refreshToken);
  const expired = { ...first, accessToken: undefined, expiresAt: 1 };
  const accounts = [expired, ...before.accounts.slice(1)];
  await writeFile(join(world.home, POOL), JSON.stringify({ ...before, accounts }));
  await openScreen();
  await screen.press(
    's',
    /✖ ERR_ACCOUNTS_REFUSED: Account 1 [\s\S]*refresh_token_reused[\s\S]*→ Log this account in again/i,
  );
  await screen.press('2', /▸ +2 se/);
  screen.type(CTRL_C);
  expect(await screen.ended).toEqual({ code: 130, signal: 0 });
  expect(screen.written()).toContain(FIRST_PAGE);
});

test('leaving ends what is under way, and leaves the terminal as it was', async () => {
  await world.fault('/backend-api/wham/usage', { kind: 'hang' });
  await openScreen();
  await screen.press('r', /limits: 0 of 3 accounts asked/);
  await screen.press('2', /▸ +2 se/);
  screen.type(CTRL_C);
  expect(await screen.ended).toEqual({ code: 130, signal: 0 });
  expect(screen.left()).toBe('');
  expect(JSON.stringify(await poolJson())).toContain('team@example.com');
});

test('a login takes the terminal and gives it back to the screen', async () => {
  await openScreen({ NO_COLOR: '1', CODEX_AUTH_NO_BROWSER: '1' });
  await screen.press('a', /q to give up\):/);
  expect(screen.written().lastIndexOf(FIRST_PAGE)).toBeGreaterThan(screen.written().lastIndexOf(SECOND_PAGE));
  await screen.press(`q${ENTER}`, /Cancelled; nothing was changed\.[\s\S]*q leave/);
  await screen.press('3', /▸ +3 te/);
  screen.type('q');
  expect((await screen.ended).code).toBe(0);
  expect(screen.written()).not.toMatch(/\u001b\[\d*m/);
});

test('a login of somebody else than was meant is told', async () => {
  await openScreen(); // no browser here: the device code, which the lab types for its first account
  await screen.press(
    '2l',
    /✔ Logged in again: Account 1 [\s\S]*▲ Account 2 \(se\S+ \S+ is as it was: somebody else/,
  );
  await screen.press('3', /▸ +3 te/);
  screen.type(CTRL_C);
  expect((await screen.ended).code).toBe(130);
});

test('another size is painted anew, and stopping the process gives the terminal back meanwhile', async () => {
  await openScreen();
  screen.resize(40, 20);
  await screen.until(/▸ ● 1 pl\S+ id:…/);
  await screen.press(CTRL_Z, /^$/);
  for (let waited = 0; !screen.written().endsWith(FIRST_PAGE); waited += 20) {
    if (waited > 20_000) throw new Error(`the screen stays: ${screen.written()}`);
    await sleep(20);
  }
  process.kill(screen.pid, 'SIGCONT');
  await screen.until(/q leave[\s\S]*q leave[\s\S]*q leave/);
  await screen.press('2', /▸ +2 se/);
  screen.type('q');
  expect((await screen.ended).code).toBe(0);
});

test('without a terminal the same is said as plain lines', async () => {
  const home = await steward(place, ['auth']);
  expect(home).toEqual(await steward(place, ['auth', 'status']));
  expect(home).toMatchObject({ code: 0, stderr: '' });
  expect(home.stdout).toContain('1. Account 1 (pl***@***.com');
});
