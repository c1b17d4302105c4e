import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TEST_ACCOUNT } from '../../../test/support/codex-home.ts';
import { makeRemoteHome, type RemoteHome } from '../../../test/support/remote-home.ts';
import { planFullReset } from '../../remote/plans/pairing.ts';
import { editJson } from '../../storage/json-edit.ts';
import type { RepairPlan } from '../../storage/steps.ts';
import type { FoundProblem } from '../check.ts';
import { remotePairingCheck } from './remote-pairing.ts';

const keyOf = (user: string) =>
  `Codex Desktop\nhttp://localhost:8000/api\nhttps://chatgpt.com/backend-api\nafter-first-unlock-device-key-v1\n${user}`;
const client = (user: string, id: string) => ({
  accountUserId: user,
  clientId: id,
  keyId: `key-${id}`,
  algorithm: 'ecdsa_p256_sha256',
});

const PAIRED = {
  'project-order': ['b', 'a'],
  'electron-remote-control-client-enrollments': {
    [keyOf('user-ada')]: client('user-ada', 'cli_ada1'),
    [keyOf('user-bob')]: client('user-bob', 'cli_bob1'),
  },
  'electron-local-remote-control-environment-id': 'env_own',
  'electron-local-remote-control-installation-id': '2b1e8f1a-0000-4000-8000-000000000001',
  'selected-remote-host-id': 'remote-control:env_other',
  'remote-connection-auto-connect-by-host-id': { 'remote-control:env_other': true },
  'added-remote-control-env-ids': ['env_other'],
  'codex-mobile-setup-completed': true,
  'electron-persisted-atom-state': { 'codex-mobile-hint': 1, theme: 'dark', 'x-remote_control': {} },
  big: Number('12345678901234567890'),
};
// The number that no double can hold shows that the file is edited, not rewritten.
const TEXT = JSON.stringify(PAIRED, null, 2).replace('12345678901234567000', '12345678901234567890');

let home: RemoteHome;
beforeEach(async () => {
  home = await makeRemoteHome();
});
afterEach(() => home.remove());

async function paired(text = TEXT) {
  await home.write('.codex-global-state.json', text);
  await home.write('.codex-global-state.json.bak', text);
}

const desktopLog = (line: string) =>
  home.write('log/codex-desktop-1.log', `2026-11-20T10:00:00.000Z info start\n${line}\n`);

/** What the two files are after the plan's edits, as the journal will make them. */
async function edited(
  problem: FoundProblem | undefined,
): Promise<{ plan: RepairPlan; files: Map<string, string> }> {
  const plan = await problem?.plan?.();
  if (plan === undefined || 'refused' in plan) throw new Error(plan?.refused ?? 'no plan');
  return { plan, files: await apply(plan) };
}

async function apply(plan: RepairPlan): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const step of plan.steps) {
    if (step.kind === 'json-edit')
      files.set(step.path, await editJson(await readFile(step.path, 'utf8'), step.edits));
  }
  return files;
}

describe('a healthy home', () => {
  it.each([
    ['that never had the app', async () => {}],
    ['with the app, never paired', () => paired('{"project-order":[]}')],
    ['that is paired', () => paired()],
    [
      'whose log names only a client that was replaced',
      async () => {
        await paired();
        await desktopLog(
          '2026-11-20T10:00:01.000Z error refresh/start 403 clientId=cli_old9 Remote-control client has been revoked',
        );
      },
    ],
    [
      'whose complaint was settled by a new enrolment',
      async () => {
        await paired();
        await desktopLog(
          'error Remote-control client has been revoked\ninfo remote-control client/enroll/finish status=200',
        );
      },
    ],
    [
      'whose log names an environment that is not saved',
      async () => {
        await paired();
        await desktopLog('error environment not found env_gone1');
      },
    ],
  ])('%s has no finding', async (_, arrange) => {
    await arrange();
    await home.enroll({
      accountId: TEST_ACCOUNT.accountId,
      clientName: 'Codex Desktop',
      environmentId: 'env_own',
    });
    expect(await home.run(remotePairingCheck)).toMatchObject({ status: 'ok', problems: [] });
  });
});

describe('a revoked client', () => {
  it('is found by its id in the log of the app, and only it is removed, from both files', async () => {
    await paired();
    await desktopLog(
      '2026-11-20T10:00:01.000Z error refresh/start 403 clientId=cli_bob1 {"detail":"Remote-control client has been revoked"}',
    );
    const { problems } = await home.run(remotePairingCheck);
    expect(problems.map(({ finding }) => [finding.id, finding.subject])).toEqual([
      ['remote.client_revoked', 'cli_bob1'],
    ]);
    expect(problems[0]?.finding.evidence.map(({ where }) => where.replace(home.path, ''))).toEqual([
      '/log/codex-desktop-1.log:2',
      '/.codex-global-state.json',
      '/.codex-global-state.json.bak',
    ]);

    const { plan, files } = await edited(problems[0]);
    expect(plan).toMatchObject({ repairId: 'remote.client_revoked.minimal', requiresStopped: 'app' });
    expect([...files.keys()]).toHaveLength(2);
    for (const text of files.values()) {
      expect(text).toContain('12345678901234567890');
      const wanted = structuredClone(PAIRED);
      Reflect.deleteProperty(wanted['electron-remote-control-client-enrollments'], keyOf('user-bob'));
      expect(JSON.parse(text)).toEqual(wanted);
      expect(Object.keys(JSON.parse(text))).toEqual(Object.keys(PAIRED));
    }
  });

  it('is every stored client where the log names none, and the whole key goes with the last', async () => {
    await paired(
      JSON.stringify({
        a: 1,
        'electron-remote-control-client-enrollments': { [keyOf('u')]: client('u', 'cli_one1') },
      }),
    );
    await desktopLog('error Remote-control client has been revoked');
    const { problems } = await home.run(remotePairingCheck);
    expect(problems[0]?.finding.confidence).toBeLessThan(0.9);
    const { files } = await edited(problems[0]);
    expect([...files.values()].map((text) => JSON.parse(text))).toEqual([{ a: 1 }, { a: 1 }]);
  });

  it('is found in the backup alone, which the app would restore', async () => {
    await home.write('.codex-global-state.json', '{}');
    await home.write('.codex-global-state.json.bak', TEXT);
    await desktopLog('error cli_ada1 Remote-control client key material missing');
    const { problems } = await home.run(remotePairingCheck);
    expect(problems[0]?.finding.cause).toContain('device key is gone');
    const { files } = await edited(problems[0]);
    expect([...files.keys()].map((path) => path.replace(home.path, ''))).toEqual([
      '/.codex-global-state.json.bak',
    ]);
  });

  it('is found by the word of the CLI, too', async () => {
    await paired();
    await home.log({
      at: Date.now(),
      body: 'remote control server enrollment failed at `https://x/e`: HTTP 403 Forbidden, request-id: <none>, cf-ray: <none>, body: {"detail":"Remote-control client has been revoked"}',
    });
    expect((await home.run(remotePairingCheck)).problems).toHaveLength(2);
  });

  it('is refused a plan while the file is damaged', async () => {
    await home.write('.codex-global-state.json', TEXT.slice(0, 100));
    await home.write('.codex-global-state.json.bak', TEXT);
    await desktopLog('error cli_ada1 Remote-control client has been revoked');
    const [problem] = (await home.run(remotePairingCheck)).problems;
    expect(await problem?.plan?.()).toMatchObject({
      refused: expect.stringContaining('state.global_state_corrupt'),
    });
  });
});

describe('saved hosts that are gone', () => {
  it('are forgotten in both files, with nothing else', async () => {
    await paired();
    await desktopLog('error remote-control connect failed: environment env_other not found (404)');
    const { problems } = await home.run(remotePairingCheck);
    expect(problems.map(({ finding }) => finding.id)).toEqual(['remote.stale_environment']);
    const { files } = await edited(problems[0]);
    for (const text of files.values()) {
      const left = Object.keys(JSON.parse(text));
      expect(left).toEqual(
        Object.keys(PAIRED).filter(
          (key) =>
            ![
              'selected-remote-host-id',
              'remote-connection-auto-connect-by-host-id',
              'added-remote-control-env-ids',
            ].includes(key),
        ),
      );
    }
  });

  it('include an own environment that the enrolment row no longer names', async () => {
    await paired();
    await home.enroll({
      accountId: TEST_ACCOUNT.accountId,
      clientName: 'Codex Desktop',
      environmentId: 'env_new',
    });
    const { problems } = await home.run(remotePairingCheck);
    expect(problems.map(({ finding }) => [finding.id, finding.severity])).toEqual([
      ['remote.stale_environment', 'warn'],
    ]);
    const { files } = await edited(problems[0]);
    for (const text of files.values()) expect(text).not.toContain('electron-local-remote-control');
  });
});

describe('the full reset', () => {
  it('removes all listed keys, the matching atoms and the app’s own rows, and keeps every other member', async () => {
    await paired();
    await home.enroll(
      { accountId: TEST_ACCOUNT.accountId, clientName: 'Codex Desktop', environmentId: 'env_own' },
      { accountId: TEST_ACCOUNT.accountId, clientName: '', environmentId: 'env_daemon' },
    );
    const plan = await planFullReset(home.context());
    if ('refused' in plan) throw new Error(plan.refused);
    expect(plan).toMatchObject({ repairId: 'remote.reset.full', requiresStopped: 'all' });
    for (const text of (await apply(plan)).values()) {
      expect(JSON.parse(text)).toEqual({
        'project-order': ['b', 'a'],
        'electron-persisted-atom-state': { theme: 'dark' },
        big: PAIRED.big,
      });
      expect(text).toContain('12345678901234567890');
    }
    expect(plan.steps.at(-1)).toMatchObject({
      kind: 'sqlite',
      statements: [{ params: [expect.any(String), TEST_ACCOUNT.accountId, 'Codex Desktop'] }],
    });
  });

  it('needs only the app closed where no row belongs to it, and refuses where nothing is left', async () => {
    await paired();
    expect(await planFullReset(home.context())).toMatchObject({ requiresStopped: 'app' });
    await paired('{"theme":1}');
    expect(await planFullReset(home.context())).toEqual({ refused: 'there is nothing to remove any more' });
  });

  it('moves a broken backup aside, because the app would read it next', async () => {
    await home.write('.codex-global-state.json', TEXT);
    await home.write('.codex-global-state.json.bak', '{"half":');
    const plan = await planFullReset(home.context());
    expect(plan).toMatchObject({ steps: [{ kind: 'json-edit' }, { kind: 'move-aside' }] });
  });
});

it('looks only at the end of a large log', async () => {
  await paired();
  await desktopLog('error cli_ada1 Remote-control client has been revoked');
  await appendFile(join(home.path, 'log/codex-desktop-1.log'), 'x'.repeat(99).concat('\n').repeat(20_000));
  expect((await home.run(remotePairingCheck)).problems).toEqual([]);
});
