import { readFile, stat } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  type AccountsHome,
  fullRow,
  makeAccountsHome,
  poolFile,
} from '../../../test/support/accounts-home.ts';
import { requirePool } from '../store/pool-store.ts';
import { setEnabled } from './enable-account.ts';

const POOL = 'openai-codex-accounts.json';

let home: AccountsHome;

beforeEach(async () => {
  home = await makeAccountsHome();
  await home.write(POOL, poolFile([fullRow(1), fullRow(2)], { pinnedAccountIndex: 1 }));
});

afterEach(() => home.remove());

const keyAt = async (index: number) => (await requirePool(home.scope)).accounts[index]?.key ?? '';

test('disables and enables one account, and leaves everything else of it and the others alone', async () => {
  const before = (await home.json(POOL)).accounts;
  expect(await setEnabled(home.scope, await keyAt(1), false)).toMatchObject({
    index: 1,
    changed: true,
    isActive: false,
    isPinned: true,
    enabledCount: 1,
  });
  expect((await home.json(POOL)).accounts).toEqual([before[0], { ...before[1], enabled: false }]);
  expect(await setEnabled(home.scope, await keyAt(1), true)).toMatchObject({
    changed: true,
    enabledCount: 2,
  });
  expect((await requirePool(home.scope)).accounts.map(({ isEnabled }) => isEnabled)).toEqual([true, true]);
});

test('writes nothing when it is so already', async () => {
  const path = `${home.root}/${POOL}`;
  const before = { text: await readFile(path, 'utf8'), inode: (await stat(path)).ino };
  expect(await setEnabled(home.scope, await keyAt(0), true)).toMatchObject({
    changed: false,
    isActive: true,
  });
  expect({ text: await readFile(path, 'utf8'), inode: (await stat(path)).ino }).toEqual(before);
});

test('knows an account that is gone', async () => {
  expect(await setEnabled(home.scope, 'sha256:gone', false)).toBeNull();
});
