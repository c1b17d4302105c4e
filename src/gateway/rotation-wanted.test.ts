import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type AccountsHome, fullRow, makeAccountsHome, poolFile } from '../../test/support/accounts-home.ts';
import { projectKey } from '../accounts/store/project.ts';
import { isRotationWanted } from './rotation-wanted.ts';

const POOL = 'openai-codex-accounts.json';
let home: AccountsHome;
beforeEach(async () => {
  home = await makeAccountsHome();
});
afterEach(() => home.remove());

it('rotates from the second account on, unless it was switched off', async () => {
  await home.write(POOL, poolFile([fullRow(1)]));
  expect(await isRotationWanted(home.scope)).toEqual({ kind: 'not-wanted', why: 'few', accounts: 1 });
  await home.write(POOL, poolFile([fullRow(1), fullRow(2)]));
  expect(await isRotationWanted(home.scope)).toEqual({ kind: 'wanted', accounts: 2 });
  await home.write('settings.json', { version: 1, pluginConfig: { codexRuntimeRotationProxy: false } });
  expect(await isRotationWanted(home.scope)).toMatchObject({ kind: 'not-wanted', why: 'off' });
});

it('asks for one account too where a variable says so', async () => {
  await home.write(POOL, poolFile([fullRow(1)]));
  const scope = home.at({ env: { CODEX_MULTI_AUTH_RUNTIME_ROTATION_PROXY: '1' } });
  expect(await isRotationWanted(scope)).toEqual({ kind: 'wanted', accounts: 1 });
});

it('keeps the sessions of a project with a pool of its own from the accounts that all share', async () => {
  const project = join(home.folder, 'project');
  await mkdir(join(project, '.git'), { recursive: true });
  await home.write(POOL, poolFile([fullRow(1), fullRow(2)]));
  await home.write(`projects/${projectKey(project, 'linux')}/${POOL}`, poolFile([fullRow(3), fullRow(4)]));
  expect(await isRotationWanted(home.at({ cwd: project }))).toMatchObject({ kind: 'wanted' });
  const scope = home.at({ cwd: project, env: { CODEX_AUTH_PER_PROJECT_ACCOUNTS: '1' } });
  expect(await isRotationWanted(scope)).toEqual({ kind: 'not-wanted', why: 'project', accounts: 2 });
});
