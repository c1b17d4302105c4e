import { describe, expect, it } from 'vitest';
import type { NetworkEnvironment } from './network-env.ts';
import { exemption, parseProxy, proxyFor } from './proxy.ts';

function env(values: Readonly<Record<string, string>>): NetworkEnvironment {
  return {
    variables: new Map(
      Object.entries(values).map(([name, value]) => [
        name,
        { name, value, source: 'environment' as const, where: `${name} in the environment`, line: null },
      ]),
    ),
    ignored: [],
    dotenv: { kind: 'missing', path: '.env' },
  };
}

const HTTPS = new URL('https://chatgpt.com/backend-api/codex');
const chosen = (values: Readonly<Record<string, string>>, url = HTTPS) => {
  const choice = proxyFor(url, env(values));
  return choice.kind === 'proxy' ? choice.proxy.port : choice.kind;
};

// Every row was measured with `codex exec` of 0.133.0 and 0.169.0 and a proxy that writes down what it is asked.
describe('proxyFor', () => {
  it.each([
    ['HTTPS_PROXY', { HTTPS_PROXY: 'http://127.0.0.1:1001' }, 1001],
    ['https_proxy', { https_proxy: 'http://127.0.0.1:1001' }, 1001],
    [
      'upper before lower case',
      { HTTPS_PROXY: 'http://127.0.0.1:1001', https_proxy: 'http://127.0.0.1:1002' },
      1001,
    ],
    ['ALL_PROXY alone', { ALL_PROXY: 'http://127.0.0.1:1001' }, 1001],
    [
      'HTTPS_PROXY before ALL_PROXY',
      { HTTPS_PROXY: 'http://127.0.0.1:1001', ALL_PROXY: 'http://127.0.0.1:1002' },
      1001,
    ],
    ['HTTP_PROXY for nothing but http', { HTTP_PROXY: 'http://127.0.0.1:1001' }, 'direct'],
    ['a socks URL too', { HTTPS_PROXY: 'socks5://127.0.0.1:1001' }, 1001],
    ['a URL without scheme', { HTTPS_PROXY: '127.0.0.1:1001' }, 1001],
    [
      'ALL_PROXY where HTTPS_PROXY is no URL',
      { HTTPS_PROXY: ':::', ALL_PROXY: 'http://127.0.0.1:1002' },
      1002,
    ],
    [
      'an empty upper case hides the lower',
      { HTTPS_PROXY: '', https_proxy: 'http://127.0.0.1:1001', ALL_PROXY: 'http://127.0.0.1:1002' },
      1002,
    ],
    ['NO_PROXY with the host', { HTTPS_PROXY: 'http://127.0.0.1:1001', NO_PROXY: 'chatgpt.com' }, 'direct'],
    [
      'NO_PROXY with a dot before the host',
      { HTTPS_PROXY: 'http://127.0.0.1:1001', NO_PROXY: 'x.y, .chatgpt.com' },
      'direct',
    ],
    ['NO_PROXY with a star', { HTTPS_PROXY: 'http://127.0.0.1:1001', NO_PROXY: '*' }, 'direct'],
    [
      'NO_PROXY before no_proxy',
      { HTTPS_PROXY: 'http://127.0.0.1:1001', NO_PROXY: 'example.org', no_proxy: 'chatgpt.com' },
      1001,
    ],
  ] as const)('takes %s', (_, values, expected) => {
    expect(chosen(values)).toBe(expected);
  });

  it('does not exempt loopback by itself', () => {
    expect(chosen({ HTTP_PROXY: 'http://127.0.0.1:1001' }, new URL('http://localhost:9/'))).toBe(1001);
  });

  it('names a setting that is no proxy, where nothing else is set', () => {
    expect(proxyFor(HTTPS, env({ HTTPS_PROXY: 'ftp://x' }))).toMatchObject({
      kind: 'invalid',
      reason: 'ftp:// is no kind of proxy',
      variable: { name: 'HTTPS_PROXY' },
    });
  });
});

describe('parseProxy', () => {
  it('keeps credentials out of what may be shown', () => {
    const proxy = parseProxy('http://ada:p%40ss@proxy.example:8080');
    expect(proxy).toMatchObject({ host: 'proxy.example', port: 8080, shown: 'http://proxy.example:8080' });
    expect(proxy).toMatchObject({ authorization: `Basic ${Buffer.from('ada:p@ss').toString('base64')}` });
    expect(parseProxy('http://a:100%@h:1')).toMatchObject({ host: 'h', port: 1 });
  });

  it('takes the usual port of the scheme, and IPv6 addresses', () => {
    expect(parseProxy('socks5h://h')).toMatchObject({ scheme: 'socks', port: 1080 });
    expect(parseProxy('https://h')).toMatchObject({ scheme: 'https', port: 443 });
    expect(parseProxy('http://[::1]:3128')).toMatchObject({ host: '::1', port: 3128 });
  });

  it('refuses what is no URL', () => {
    expect(parseProxy('http://127.0.0.1:99999')).toEqual({ reason: 'it is not a URL' });
    expect(parseProxy('http://')).toHaveProperty('reason');
  });
});

describe('exemption', () => {
  it('matches addresses, ranges and subdomains, and nothing that only looks alike', () => {
    const no = (list: string, host: string) => exemption(host, env({ NO_PROXY: list }));
    expect(no('10.0.0.0/8', '10.1.2.3')).toBe('10.0.0.0/8');
    expect(no('10.0.0.0/8', '11.1.2.3')).toBeNull();
    expect(no('::1', '[::1]')).toBe('::1');
    expect(no('openai.com', 'api.openai.com')).toBe('openai.com');
    expect(no('openai.com', 'notopenai.com')).toBeNull();
    expect(no('10.0.0.0/99', '10.0.0.1')).toBeNull();
    expect(no('', 'x')).toBeNull();
  });
});
