import { describe, expect, test } from 'vitest';
import { createAdmission } from './admission.ts';
import { createClientBook, tokenForAccount } from './clients.ts';
import { createEncryptedBook } from './encrypted-items.ts';
import { bodyFor } from './replay-body.ts';
import { describeBody } from './request-body.ts';
import { requestHeaders } from './request-headers.ts';
import { responseHeaders } from './response-headers.ts';
import { createUpstreamRouter, OFFICIAL_BASES } from './upstream-route.ts';

const TOKEN = 'a'.repeat(43);
const clients = createClientBook([{ id: 'one', token: TOKEN }]);
const admit = createAdmission({ clients, hosts: new Set(['127.0.0.1:8080', 'localhost:8080']) });
const knock = (url: string, headers: Record<string, string> = {}, method = 'POST') =>
  admit({ method, url, headers: { host: '127.0.0.1:8080', ...headers }, rawHeaders: [] });

describe('admission', () => {
  test('lets in whoever has the token, in the path or in a header', () => {
    expect(knock(`/${TOKEN}/v1/responses/compact?a=b`)).toEqual({
      kind: 'admitted',
      client: { id: 'one', onlyAccount: null },
      path: 'responses/compact',
      query: '?a=b',
    });
    expect(knock('/v1/models', { 'x-steward-token': TOKEN }, 'GET')).toMatchObject({
      kind: 'admitted',
      path: 'models',
    });
  });

  test.each([
    ['another token', `/${'b'.repeat(43)}/v1/responses`, {}, 401],
    ['a part of the token', `/${TOKEN.slice(1)}/v1/responses`, {}, 401],
    ['no token', '/v1/responses', {}, 401],
    ['the client’s own bearer in place of it', '/v1/responses', { authorization: `Bearer ${TOKEN}` }, 401],
    ['a foreign host (DNS rebinding)', `/${TOKEN}/v1/responses`, { host: 'evil.example:8080' }, 403],
    ['another port', `/${TOKEN}/v1/responses`, { host: '127.0.0.1:80' }, 403],
    ['a page', `/${TOKEN}/v1/responses`, { origin: 'http://127.0.0.1:8080' }, 403],
    ['a page without an origin', `/${TOKEN}/v1/responses`, { 'sec-fetch-site': 'none' }, 403],
    ['a path that climbs', `/${TOKEN}/v1/../admin`, {}, 404],
    ['a path that climbs at its end', `/${TOKEN}/v1/responses/..`, {}, 404],
    ['an encoded path', `/${TOKEN}/v1/%2e%2e/admin`, {}, 404],
    ['an encoded slash', `/${TOKEN}/v1/responses%2fx`, {}, 404],
    ['a doubled slash', `/${TOKEN}/v1//evil.example/x`, {}, 404],
    ['a backslash', `/${TOKEN}/v1/a\\b`, {}, 404],
    ['an absolute address', `http://evil.example/${TOKEN}/v1/responses`, {}, 404],
    ['a line break in the query', `/${TOKEN}/v1/a?b\r\nx: y`, {}, 404],
    ['nothing below the base', `/${TOKEN}/v1/`, {}, 404],
  ])('refuses %s', (_name, url, headers, status) => {
    expect(knock(url, headers)).toMatchObject({ kind: 'refused', status });
  });

  test.each(['CONNECT', 'TRACE', 'OPTIONS'])('refuses %s', (method) => {
    expect(knock(`/${TOKEN}/v1/responses`, {}, method)).toMatchObject({ kind: 'refused', status: 405 });
  });

  test('a weak token is never taken', () => {
    expect(() => createClientBook([{ id: 'x', token: 'short' }])).toThrow(TypeError);
  });

  test('a token for one account is made from the session’s, and good for nothing else', () => {
    const token = tokenForAccount(TOKEN, 'sha256:abc');
    expect(clients.find(token)).toEqual({ id: 'one', onlyAccount: 'sha256:abc' });
    const forAnother = tokenForAccount(TOKEN, 'sha256:abd');
    for (const wrong of [
      `${token.slice(0, 43)}${forAnother.slice(43)}`,
      token.slice(0, 43),
      tokenForAccount('b'.repeat(43), 'sha256:abc'),
      `${TOKEN}${Buffer.from('sha256:abc').toString('base64url')}`,
    ])
      expect(clients.find(wrong)).toBeNull();
  });
});

describe('headers to the upstream', () => {
  const raw = [
    ...[
      'Host',
      '127.0.0.1:1',
      'Connection',
      'keep-alive, X-Private',
      'X-Private',
      '1',
      'Content-Length',
      '2',
    ],
    ...[
      'Authorization',
      'Bearer own',
      'ChatGPT-Account-ID',
      'own',
      'Cookie',
      'a=b',
      'x-steward-token',
      TOKEN,
    ],
    ...[
      'X-Codex-Turn-State',
      's',
      'x-openai-account-routing-override',
      'us',
      'Originator',
      'codex_exec',
      'X-New',
      'ü',
    ],
    ...['Sec-WebSocket-Key', 'k', 'Transfer-Encoding', 'chunked', 'TE', 'trailers', 'Upgrade', 'websocket'],
  ];
  const login = { bearer: 'pool', accountId: 'acc' };

  test('are the client’s own, less this hop and its login, plus the account’s', () => {
    expect(requestHeaders(raw, { login, isOtherAccount: false, isMove: false })).toEqual([
      ...[
        'X-Codex-Turn-State',
        's',
        'x-openai-account-routing-override',
        'us',
        'Originator',
        'codex_exec',
        'X-New',
        'ü',
      ],
      ...['authorization', 'Bearer pool', 'chatgpt-account-id', 'acc'],
    ]);
  });

  test('leave behind what is bound to another account', () => {
    const names = requestHeaders(raw, { login, isOtherAccount: true, isMove: true });
    expect(names).not.toContain('x-openai-account-routing-override');
    expect(names).not.toContain('X-Codex-Turn-State');
  });

  test('carry the client’s own login when there is no other', () => {
    const names = requestHeaders(raw, { login: null, isOtherAccount: false, isMove: false });
    expect(names).toContain('Bearer own');
    expect(names).not.toContain(TOKEN);
  });
});

test('headers to the client tell the pool’s limits in place of one account’s, and no cookies', () => {
  const raw = [
    'X-Codex-Primary-Used-Percent',
    '100',
    'x-codex-credits-balance',
    '5',
    'Set-Cookie',
    'a=b',
    'X-Id',
    '1',
  ];
  const window = { name: 'primary', usedPercent: 41.66, windowMinutes: 300, resetsAtMs: 5500 } as const;
  expect(responseHeaders(raw, { windows: [window] })).toEqual([
    ...['x-codex-credits-balance', '5', 'X-Id', '1'],
    ...['x-codex-primary-used-percent', '41.7', 'x-codex-primary-window-minutes', '300'],
    ...['x-codex-primary-reset-at', '6'],
  ]);
  expect(responseHeaders(raw, null)).toContain('100');
  expect(responseHeaders(['X-Id', '1'], { windows: [window] })).toEqual(['X-Id', '1']);
});

test('paths go to the endpoint of the login', () => {
  const route = createUpstreamRouter(OFFICIAL_BASES);
  expect(route('chatgpt', 'responses/compact', '?a=1')).toEqual({
    origin: 'https://chatgpt.com',
    path: '/backend-api/codex/responses/compact?a=1',
  });
  expect(route('api-key', 'models', '')).toEqual({ origin: 'https://api.openai.com', path: '/v1/models' });
  expect(() => createUpstreamRouter({ chatgpt: 'file:///x', apiKey: 'http://a' })).toThrow(TypeError);
});

/** A Zstandard frame with one raw block. */
function zstd(text: string): Buffer {
  const body = Buffer.from(text);
  const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 0]);
  header.writeUInt32LE(body.length, 5);
  const block = Buffer.alloc(3);
  block.writeUIntLE((body.length << 3) | 1, 0, 3);
  return Buffer.concat([header, block, body]);
}

describe('bodies', () => {
  const text = '{"model":"gpt-5.5","input":[],"previous_response_id":"resp_1"}';
  test('are understood plain and packed, and passed on as they came', () => {
    for (const [bytes, encoding] of [
      [Buffer.from(text), undefined],
      [zstd(text), 'zstd'],
    ] as const) {
      const body = describeBody(bytes, encoding, 1e6);
      expect([body.model, body.previousResponseId]).toEqual(['gpt-5.5', 'resp_1']);
      const account = { key: 'a', kind: 'chatgpt', label: 'a', accountId: null } as const;
      const deps = { book: createEncryptedBook(), threadId: null, isRefused: false };
      expect(bodyFor(account, body, deps)).toEqual({ kind: 'body', bytes, isUnpacked: false });
    }
  });

  test('are unpacked for an API key, whose endpoint takes no Zstandard', () => {
    const account = { key: 'k', kind: 'api-key', label: 'k', accountId: null } as const;
    const body = describeBody(zstd(text), 'zstd', 1e6);
    const deps = { book: createEncryptedBook(), threadId: null, isRefused: false };
    expect(bodyFor(account, body, deps)).toEqual({
      kind: 'body',
      bytes: Buffer.from(text),
      isUnpacked: true,
    });
  });

  test('that cannot be read pass all the same: the server says what is wrong', () => {
    for (const encoding of ['zstd', 'br']) {
      const body = describeBody(Buffer.from('{nonsense'), encoding, 1e6);
      expect([body.model, body.plain()]).toEqual([null, null]);
    }
    expect(describeBody(Buffer.from('{"model'), undefined, 1e6).model).toBeNull();
  });

  test('a model that stands later, or in a nested place, is not mixed up', () => {
    const body = describeBody(Buffer.from('{"input":[{"model":"x"}],"model":"y"}'), undefined, 1e6);
    expect(body.model).toBe('y');
    const nested = '{"model":"y","input":[{"previous_response_id":"x"}]}';
    expect(describeBody(Buffer.from(nested), undefined, 1e6).previousResponseId).toBeNull();
  });

  test('a small body that unpacks to more than the bound is not unpacked', () => {
    const big = zstd(`{"model":"m","x":"${'y'.repeat(100_000)}"}`);
    expect(describeBody(big, 'zstd', 1000).plain()).toBeNull();
  });
});
