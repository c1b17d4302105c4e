import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { clientEnrollment } from '../../../test/support/remote-world.ts';
import { createHost } from '../../host.ts';
import { makeLabHome } from '../../lab/home.ts';
import { startLab } from '../../lab/lab.ts';
import { createContext } from '../context.ts';
import { remoteServerCheck } from './remote-server.ts';

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const back of undo.splice(0).reverse()) await back();
});

async function world() {
  const lab = await startLab();
  undo.push(() => lab.stop());
  const host = createHost({ env: {}, cwd: '/var/tmp' });
  const home = await makeLabHome(lab, { host });
  undo.push(() => home.remove());
  const run = (live = true) =>
    remoteServerCheck.run(
      createContext({
        host,
        home: { path: home.path, source: 'env' },
        signal: new AbortController().signal,
        live,
      }),
    );
  return { lab, home: home.path, run };
}

it('asks nobody without --live, nor where remote control was never used', async () => {
  const { lab, run } = await world();
  expect(await run(false)).toMatchObject({ status: 'skipped' });
  expect(await run()).toMatchObject({ status: 'ok', summary: 'remote control was never used here' });
  expect(lab.requests()).toEqual([]);
});

it('finds a client that the server has revoked, leaves no trace, and plans to discard it alone', async () => {
  const { lab, home, run } = await world();
  const account = lab.world.account('plus');
  const { clientId } = lab.world.remote.addClient(account, { status: 'revoked' });
  const path = join(home, '.codex-global-state.json');
  await writeFile(
    path,
    JSON.stringify({
      'electron-remote-control-client-enrollments': clientEnrollment(lab, clientId, account.userId),
    }),
  );
  const before = await readdir(home);
  const { problems } = await run();
  expect(await readdir(home)).toEqual(before);
  expect(problems.map(({ finding }) => [finding.id, finding.subject])).toEqual([
    ['remote.client_revoked', clientId],
  ]);
  expect(await problems[0]?.plan?.()).toMatchObject({
    repairId: 'remote.repair.discard-stale',
    steps: [{ kind: 'json-edit', path }],
  });
  expect(await readFile(path, 'utf8')).toContain(clientId);
});

it('never calls what it could not ask "ok"', async () => {
  const { lab, home, run } = await world();
  await writeFile(
    join(home, '.codex-global-state.json'),
    '{"added-remote-control-env-ids":["env_00000001"]}',
  );
  await lab.control({
    do: 'fault',
    faults: [{ match: { path: '/backend-api/**' }, effect: { kind: 'half-body' } }],
  });
  expect(await run()).toMatchObject({
    status: 'skipped',
    summary: expect.stringContaining('is broken'),
    problems: [],
  });
});
