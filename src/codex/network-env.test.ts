import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeAuthority } from '../../test/support/certificates.ts';
import { createHost } from '../host.ts';
import { parseDotenv } from './network-dotenv.ts';
import { readNetworkEnvironment } from './network-env.ts';
import { readCaSettings } from './tls-ca.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'steward-env-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

const scope = (env: Record<string, string> = {}) => ({
  host: createHost({ env, cwd: home }),
  home: { path: home, source: 'env' as const },
  signal: new AbortController().signal,
});

// What Codex 0.133.0 and 0.169.0 were seen to do with the same lines.
describe('readNetworkEnvironment', () => {
  it('lets .env win over the environment, and says where each value comes from', async () => {
    await writeFile(join(home, '.env'), "X=1\nexport HTTPS_PROXY='http://a:1' # mine\n");
    const { variables } = await readNetworkEnvironment(scope({ HTTPS_PROXY: 'http://b:2', NO_PROXY: 'c' }));
    expect(variables.get('HTTPS_PROXY')).toMatchObject({
      value: 'http://a:1',
      source: 'dotenv',
      where: `${home}/.env:2`,
    });
    expect(variables.get('NO_PROXY')).toMatchObject({ value: 'c', source: 'environment' });
    expect(variables.has('X')).toBe(false);
  });

  it('sets CODEX_ variables of .env aside, because Codex does', async () => {
    await writeFile(join(home, '.env'), 'CODEX_CA_CERTIFICATE=/a.pem\n');
    const { variables, ignored } = await readNetworkEnvironment(scope());
    expect(variables.size).toBe(0);
    expect(ignored).toMatchObject([{ name: 'CODEX_CA_CERTIFICATE', where: `${home}/.env:1` }]);
  });

  it('goes by the environment alone where .env is missing or unreadable', async () => {
    expect((await readNetworkEnvironment(scope({ ALL_PROXY: 'x' }))).variables.size).toBe(1);
    await writeFile(join(home, '.env'), Buffer.from([0xff, 0xfe, 0x41]));
    const env = await readNetworkEnvironment(scope({ ALL_PROXY: 'x' }));
    expect(env.dotenv.kind).toBe('malformed');
    expect(env.variables.size).toBe(1);
  });
});

describe('parseDotenv', () => {
  it('skips lines that are no assignment, before and after', () => {
    expect(
      parseDotenv('bad line\nA=1\nalso bad\n=x\nB="open\n', {}).map(({ name, value }) => [name, value]),
    ).toEqual([['A', '1']]);
  });

  it('reads quotes, comments, escapes and references', () => {
    const values = parseDotenv(
      'A= plain # c\nB="two words # kept"\nC=\'$A raw\'\nD="\u0024{A}/x"\nE=$HOME/y\nF=\nG=#only\nH="a\\"b"\r\n',
      { HOME: '/home/ada' },
    );
    expect(Object.fromEntries(values.map(({ name, value }) => [name, value]))).toEqual({
      A: 'plain',
      B: 'two words # kept',
      C: '$A raw',
      D: 'plain/x',
      E: '/home/ada/y',
      F: '',
      G: '',
      H: 'a"b',
    });
  });

  it('knows the place of each line, the last one without a line break too', () => {
    const text = '# é\nA=1\r\nB=2';
    for (const { name, start, end } of parseDotenv(text, {}))
      expect(text.slice(start, end)).toContain(`${name}=`);
    expect(parseDotenv(text, {}).map(({ start, end }) => [start, end])).toEqual([
      [4, 9],
      [9, 12],
    ]);
  });
});

describe('readCaSettings', () => {
  const bundle = async (env: Record<string, string>) =>
    (await readCaSettings(scope(env))).settings.map(({ variable, honoured, bundle: { kind } }) => [
      variable.name,
      honoured,
      kind,
    ]);

  it('honours CODEX_CA_CERTIFICATE before SSL_CERT_FILE, an empty value never, and no variable of another program', async () => {
    const pem = join(home, 'ca.pem');
    await writeFile(pem, makeAuthority('A').certificate);
    expect(await bundle({ CODEX_CA_CERTIFICATE: pem, SSL_CERT_FILE: pem })).toEqual([
      ['CODEX_CA_CERTIFICATE', true, 'ok'],
      ['SSL_CERT_FILE', false, 'ok'],
    ]);
    expect(await bundle({ CODEX_CA_CERTIFICATE: '', SSL_CERT_FILE: 'ca.pem' })).toEqual([
      ['SSL_CERT_FILE', true, 'ok'],
    ]);
    expect(await bundle({ NODE_EXTRA_CA_CERTS: pem, REQUESTS_CA_BUNDLE: pem })).toEqual([
      ['NODE_EXTRA_CA_CERTS', false, 'ok'],
      ['REQUESTS_CA_BUNDLE', false, 'ok'],
    ]);
  });

  it('tells missing, empty, foreign and unreadable files apart', async () => {
    await writeFile(join(home, 'empty'), ' \n');
    await writeFile(join(home, 'text'), 'hello');
    await writeFile(join(home, 'bad'), '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
    const kindOf = async (path: string) => (await bundle({ SSL_CERT_FILE: path }))[0]?.[2];
    expect(await kindOf('nowhere')).toBe('missing');
    expect(await kindOf('empty')).toBe('empty');
    expect(await kindOf('text')).toBe('not-pem');
    expect(await kindOf('bad')).toBe('not-pem');
    expect(await kindOf(home)).toBe('unreadable');
  });
});
