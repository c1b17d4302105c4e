import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeAuthority } from '../../../test/support/certificates.ts';
import { makeRemoteHome, type RemoteHome } from '../../../test/support/remote-home.ts';
import { spliceText } from '../../storage/text-edit.ts';
import { networkSettingsCheck } from './network-settings.ts';

let home: RemoteHome;
let server: Server;
let live: number;
let dead: number;
beforeEach(async () => {
  home = await makeRemoteHome();
  server = createServer((socket) => socket.destroy());
  live = await listen(server);
  const gone = createServer();
  dead = await listen(gone);
  await new Promise((resolve) => gone.close(resolve));
});
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  await home.remove();
});

async function listen(target: Server): Promise<number> {
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
  return (target.address() as AddressInfo).port;
}

const run = (env: Record<string, string> = {}) =>
  home.run(networkSettingsCheck, { host: { env, cwd: home.path } });
const told = async (env: Record<string, string>) =>
  (await run(env)).problems.map(({ finding }) => [finding.id, finding.severity, finding.subject]);

describe('settings without fault', () => {
  it('have no finding: none at all, a proxy that listens, a proxy elsewhere, a full PEM chain', async () => {
    await home.write('ca.pem', makeAuthority('A').certificate);
    const sets: Record<string, string>[] = [
      {},
      { HTTPS_PROXY: `http://127.0.0.1:${live}` },
      { https_proxy: 'proxy.example:8080' },
      { SSL_CERT_FILE: join(home.path, 'ca.pem') },
      { HTTP_PROXY: `http://127.0.0.1:${dead}` }, // nothing official is plain HTTP
      { HTTPS_PROXY: `http://127.0.0.1:${dead}`, NO_PROXY: '*' },
      { HTTPS_PROXY: `http://127.0.0.1:${live}`, ALL_PROXY: `http://127.0.0.1:${dead}` },
      { NODE_EXTRA_CA_CERTS: '/nowhere.pem', REQUESTS_CA_BUNDLE: '/nowhere.pem' },
      { CODEX_CA_CERTIFICATE: join(home.path, 'ca.pem'), SSL_CERT_FILE: '/nowhere.pem' },
    ];
    for (const env of sets) {
      expect(await told(env)).toEqual([]);
    }
  });

  it('are shown without the password of a proxy', async () => {
    const result = await run({
      HTTPS_PROXY: `http://ada:hunter2secret@127.0.0.1:${live}`,
      https_proxy: 'x:1',
    });
    expect(result.details).toMatchObject({
      'differing case': [expect.stringContaining('HTTPS_PROXY and https_proxy differ')],
    });
    expect(JSON.stringify(result)).not.toContain('hunter2secret');
  });
});

describe('a proxy', () => {
  it('on this machine where nobody listens is a failure', async () => {
    const where = 'HTTPS_PROXY in the environment';
    expect(await told({ HTTPS_PROXY: `http://127.0.0.1:${dead}` })).toEqual([
      ['network.proxy', 'fail', where],
    ]);
    expect(await told({ all_proxy: `socks5://localhost:${dead}` })).toEqual([
      ['network.proxy', 'fail', 'all_proxy in the environment'],
    ]);
  });

  it('that is no URL, no kind of proxy or no port is a failure, and its password stays hidden', async () => {
    for (const value of [
      'http://127.0.0.1:99999',
      'ftp://x',
      'http://',
      'http://a:hunter2secret@h:99999',
      'http://h:0',
    ]) {
      const result = await run({ HTTPS_PROXY: value });
      expect(result.problems.map(({ finding }) => finding.id)).toEqual(['network.proxy']);
      expect(JSON.stringify(result)).not.toContain('hunter2secret');
    }
  });

  it('of the SOCKS kind that listens is a warning: the port may understand HTTP too', async () => {
    expect(await told({ ALL_PROXY: `socks5h://127.0.0.1:${live}` })).toMatchObject([
      ['network.proxy', 'warn', expect.any(String)],
    ]);
  });

  it('in .env is commented out, line by line, without touching the rest', async () => {
    const text = `# mine\r\nHTTPS_PROXY=http://127.0.0.1:${dead}\r\nOTHER=1\r\n`;
    await home.write('.env', text);
    const [problem] = (await run()).problems;
    expect(problem?.finding).toMatchObject({
      subject: `${join(home.path, '.env')}:2`,
      fix: { repairId: 'network.proxy.dotenv' },
    });
    const plan = await problem?.plan?.();
    if (plan === undefined || 'refused' in plan || plan.steps[0]?.kind !== 'text-edit')
      throw new Error('no plan');
    const fixed = spliceText(text, plan.steps[0].splices);
    expect(fixed).toBe(`# mine\r\n# HTTPS_PROXY=http://127.0.0.1:${dead}\r\nOTHER=1\r\n`);
    await home.write('.env', fixed);
    expect(await told({})).toEqual([]);
    expect(await problem?.plan?.()).toMatchObject({ refused: expect.stringContaining('any more') });
  });

  it('in the environment has steps and no repair', async () => {
    const [problem] = (await run({ HTTPS_PROXY: `http://127.0.0.1:${dead}` })).problems;
    expect(problem?.plan).toBeUndefined();
    expect(problem?.finding.fix.steps.join('\n')).toContain('grep -n HTTPS_PROXY');
  });
});

describe('a CA file', () => {
  it.each([
    ['missing', '/nowhere.pem', 'there is no such file'],
    ['empty', 'empty.pem', 'the file is empty'],
    ['not PEM', 'text.pem', 'the file holds no PEM certificate'],
    ['a folder', '.', 'the file cannot be read (EISDIR)'],
  ])('that is %s is a failure for each variable that Codex honours', async (_, file, what) => {
    await home.write('empty.pem', '');
    await home.write('text.pem', 'hello');
    for (const name of ['CODEX_CA_CERTIFICATE', 'SSL_CERT_FILE']) {
      const { problems } = await run({ [name]: file });
      expect(problems.map(({ finding }) => [finding.id, finding.severity])).toEqual([
        ['network.tls_ca', 'fail'],
      ]);
      expect(problems[0]?.finding.cause).toContain(what);
    }
  });

  it('named in .env is commented out; CODEX_CA_CERTIFICATE there does nothing and is said so', async () => {
    await home.write('.env', 'SSL_CERT_FILE=/nowhere.pem\nCODEX_CA_CERTIFICATE=/good.pem\n');
    const { problems } = await run();
    expect(problems.map(({ finding }) => [finding.severity, finding.fix.repairId])).toEqual([
      ['fail', 'network.tls_ca.dotenv'],
      ['warn', 'network.tls_ca.dotenv'],
    ]);
    expect(await problems[1]?.plan?.()).toMatchObject({
      steps: [{ kind: 'text-edit', splices: [{ start: 27, end: 27, text: '# ' }] }],
    });
  });
});
