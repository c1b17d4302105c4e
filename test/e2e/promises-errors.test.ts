/** The errors that users of Codex meet most: brought about with the real Codex where it can be, then asked about as a user would. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/storage/sqlite.ts';
import { codexBinary, type Ran, runProgram } from '../support/real-codex.ts';
import { type RemoteWorld, startRemoteWorld } from '../support/remote-world.ts';
import { type StewardRun, steward } from '../support/steward.ts';

let world: RemoteWorld;
let config: string;
beforeAll(async () => {
  world = await startRemoteWorld('codex-newest', 'ok');
  config = join(world.home, 'config.toml');
});
afterAll(() => world.stop());

const run = (args: readonly string[], env: Record<string, string> = {}, input = ''): Promise<StewardRun> =>
  steward({ env: { ...world.env, ...env }, project: world.host.userHome }, args, { input });
/** As `steward explain "WORDS"` prints it, in one line. */
async function explain(words: string): Promise<string> {
  return (await run(['explain', words])).stdout.replace(/\s+/g, ' ');
}
/** As `codex … 2>&1 | steward explain` prints it. */
async function explainOutput({ stdout, stderr }: Ran): Promise<string> {
  return (await run(['explain'], {}, `${stdout}\n${stderr}`)).stdout.replace(/\s+/g, ' ');
}
const turn = () => world.codex('exec', '--skip-git-repo-check', 'hi');
const scenario = (name: string) => world.lab.control({ do: 'scenario', name });

describe('an error of the login', () => {
  it('D1: 401 leads to a new login, and names the key and a stale variable', async () => {
    world.lab.world.sessions.revokeAll('plus');
    const failed = await turn();
    expect(failed.code).toBe(1);
    expect(await explainOutput(failed)).toMatch(/auth\.\w+ · .*`codex logout`.*`codex login`/);
    expect(await explain('401 Unauthorized')).toMatch(
      /token has expired .* API key is wrong.*codex logout, then codex login.*stale OPENAI_API_KEY/,
    );
    const again = await run(['auth', 'login', '--device-auth']);
    expect(again.stdout + again.stderr).toContain('Account 1 (');
  });

  it('D3: a held port is named, and the logins that need none', async () => {
    expect(await explain('Error logging in: Address already in use (os error 98)')).toMatch(
      /Port 1455 is in use .*SSH tunnel.*API key or a device code needs no port.* here .*codex login --device-auth/,
    );
  });

  it('D5: a device code that the admin has switched off leads to the admin, to another machine, or to a key', async () => {
    await scenario('device-code-off');
    // In a home of its own: the official login takes the old one away first.
    const env = { ...world.env, CODEX_HOME: join(world.host.userHome, 'other') };
    await mkdir(env.CODEX_HOME);
    const args = ['login', '--device-auth', '--experimental_issuer', world.lab.url];
    const failed = await runProgram(codexBinary(world.alias), args, { env });
    await scenario('ok');
    expect(failed.code).toBe(1);
    expect(await explainOutput(failed)).toMatch(
      /auth\.device_code_disabled.*owner or admin allows it.*printenv OPENAI_API_KEY \| codex login --with-api-key/,
    );
    expect(await explain('headless login fails')).toMatch(
      /the admin enables them, or you copy auth\.json.*API key/,
    );
  });

  it('D6: a sign-in page that does not come back leads to firewall, device code and key', async () => {
    expect(await explain('stuck on the sign-in page')).toMatch(
      /firewall or policy blocks it.* here .*codex login --device-auth.*--with-api-key/,
    );
  });

  it('D12, D13: says which method is in use, and that key and login together are to be parted', async () => {
    const method = async (env: Record<string, string>) =>
      JSON.parse((await run(['doctor', '--json', '--only', 'auth'], env)).stdout);
    const plain = await method({});
    expect(plain.checks['steward.auth-login']).toMatchObject({
      summary: 'in use: ChatGPT login',
      status: 'ok',
    });
    const both = await method({ CODEX_API_KEY: 'sk-proj-invented-for-a-test' });
    expect(both.checks['steward.auth-login'].details['method in use']).toMatch(
      /^codex exec: CODEX_API_KEY of the env/,
    );
    expect(both.findings).toMatchObject([
      {
        id: 'auth.apikey_conflict',
        fix: { steps: expect.arrayContaining([expect.stringMatching(/^unset CODEX_API_KEY/)]) },
      },
    ]);
    expect(await explain('which auth method am I using')).toContain('in use: ChatGPT login');
    expect(await explain('API key and login at the same time')).toMatch(/Pick one: .*Unset the variable/);
  });
});

describe('an error of the way or the limit', () => {
  it('D2: a used-up limit comes back by itself, at a time that is named', async () => {
    await scenario('usage-limit');
    const failed = await turn();
    expect(failed.stderr).toContain('hit your usage limit');
    expect(await explainOutput(failed)).toMatch(
      /ratelimit\.usage_limit.* because .*try again at \d.*Wait until then.*buy credits/i,
    );
    expect((await run(['explain', '--last'])).stdout).toContain('ratelimit.usage_limit');
    expect((await run(['auth', 'forecast', '--live'])).stdout).toMatch(/limit used up, resets .*\(in /);
    await scenario('ok');
    expect(await explain('does my quota come back')).toContain('by itself');
  });

  it('D4: a reconnecting loop is the way and not the login', async () => {
    expect(await explain('Reconnecting... 2/5')).toMatch(
      /network, a proxy or VPN, or the server\. It is not the login: .*401.*steward doctor --live --only network/,
    );
  });

  it('D11: each kind of error has its cause, and a 401 from the models proves that the network is fine', async () => {
    const kinds = {
      '401': 'credential',
      '403': 'MFA',
      '429': 'plan is used up',
      'Reconnecting... 5/5': 'connection breaks',
    };
    const [ran, ...answers] = await Promise.all([
      run(['doctor', '--live', '--json', '--only', 'steward.network-route']),
      ...Object.keys(kinds).map(explain),
    ]);
    for (const [at, kind] of Object.values(kinds).entries()) expect(answers[at]).toContain(kind);
    expect(answers[0]).toContain('never a network fault');
    const report = JSON.parse(ran.stdout);
    expect(report.findings).toEqual([]);
    expect(report.checks['steward.network-route'].details['model traffic']).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/\/v1\/models/),
        expect.stringMatching(/^https ok \(HTTP 401\)/),
      ]),
    );
  });
});

describe('an error of this machine', () => {
  it('D7: a model that does not exist: without the line the default works', async () => {
    const before = await readFile(config, 'utf8');
    await writeFile(config, `model = "gpt-nope"\n${before}`);
    await scenario('model-unknown');
    const failed = await turn();
    await scenario('ok');
    expect(failed.code).toBe(1);
    expect(await explainOutput(failed)).toMatch(
      /config\.invalid_model · .*Remove or correct the `model` setting/,
    );
    await writeFile(config, before);
    expect((await turn()).code).toBe(0);
  });

  it('D8: a command that the sandbox stops is explained, and the sandbox stays as it is', async () => {
    const before = await readFile(config, 'utf8');
    const stopped = await world.codex('sandbox', '--', 'touch', '/etc/invented-for-a-test');
    expect(stopped.code).toBe(1);
    const answer = await explain(stopped.stderr.trim().split('\n').at(-1) ?? '');
    expect(answer).toMatch(
      /The sandbox blocks a command .*approve that command.*Switching the sandbox off is not the fix/,
    );
    const more = await run(['explain', 'sandbox.blocked']);
    for (const text of [answer, more.stdout]) expect(text).not.toMatch(/danger|bypass|yolo/i);
    expect(more.stdout).toContain('codex -a on-request');
    expect(await readFile(config, 'utf8')).toBe(before);
  });

  it('D9: a broken config.toml is repaired with a backup, and Codex starts', async () => {
    const whole = await readFile(config, 'utf8');
    const broken = `${whole}\n[tui]\nnotifications = true\nnotifications = false\n`;
    await writeFile(config, broken);
    const failed = await turn();
    expect(failed.code).toBe(1);
    expect(await explainOutput(failed)).toMatch(
      /config\.toml_syntax · .*steward doctor --fix --only config\.toml_syntax/,
    );
    expect((await run(['doctor', '--fix', '--yes', '--only', 'config.toml_syntax'])).stdout).toContain(
      '1 repaired',
    );
    expect((await turn()).code).toBe(0);
    expect((await run(['undo'])).code).toBe(0);
    expect(await readFile(config, 'utf8')).toBe(broken);
    await writeFile(config, whole);
  });

  it('D10: "previously applied but has been modified" leads to a database folder of its own, with which Codex starts', async () => {
    const db = await openDatabase(join(world.home, 'state_5.sqlite'));
    db.exec(
      "UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = (SELECT max(version) FROM _sqlx_migrations)",
    );
    await db.close();
    const failed = await world.codex('app-server');
    expect(failed.code).toBe(1);
    expect(await explainOutput(failed)).toMatch(
      /state\.sqlite_migration · .*own database folder with `CODEX_SQLITE_HOME`/,
    );
    expect(await explain('WSL migration was previously applied but has been modified')).toContain(
      'CODEX_SQLITE_HOME',
    );
    const own = await world.codex('-c', `sqlite_home="${join(world.host.userHome, 'own')}"`, 'app-server');
    expect(own.code).toBe(0);
  });
});

describe('a stale pairing', () => {
  it('B7: each of its messages leads to the revoked client, with what does not help', async () => {
    const messages = [
      'Failed to update connection',
      'Remote-control client has been revoked',
      '[remote-control] refresh failed hasExistingEnrollment=true localEnrollmentClientId=cli_0123',
    ];
    for (const answer of await Promise.all(messages.map(explain))) {
      expect(answer).toContain('remote.client_revoked');
      expect(answer).toMatch(
        / no help .*Clearing `remote_control_enrollments` in SQLite.*Reinstalling the app, removing its keychain entries, or logging in again/,
      );
    }
  });

  it('B8: why another user or the phone works: the state is in the Codex home of this user', async () => {
    expect(await explain('why does another OS user on this Mac work')).toMatch(
      /kept in the Codex home of one user: \.codex-global-state\.json.*steward remote repair/,
    );
    expect(await explain('Remote-control client has been revoked')).toContain(
      "out of this user's Codex home, so the phone or another user of the same computer still works",
    );
  });
});
