import { describe, expect, it } from 'vitest';
import { createRedactor, redact, redactValue } from './redact.ts';

const JWT = 'eyJhbGciOiJSUzI1NiJ9.eyJlbWFpbCI6ImFubmFAZXhhbXBsZS5jb20ifQ.c2lnbmF0dXJl';

describe('redact', () => {
  it.each([
    ['a JSON Web Token', `got ${JWT} back`, 'got <redacted> back'],
    ['an OpenAI key', 'key sk-proj-abc_DEF-1234567890 refused', 'key <redacted> refused'],
    ['a refresh token', 'sent rt_9XyZabcdef to the issuer', 'sent <redacted> to the issuer'],
    ['a session key', 'sess-0123456789abcdef', '<redacted>'],
    ['GitHub tokens', 'ghp_0123456789abcdef github_pat_11ABC_defghij', '<redacted> <redacted>'],
    ['Slack and AWS', 'xoxb-123-456-abc AKIAIOSFODNN7EXAMPLE', '<redacted> <redacted>'],
    ['an address with the shape of a key', 'from hf_.abcdefgh@example.test', 'from <redacted>@e…'],
    ['a bearer header', 'Authorization: Bearer abc.def', 'Authorization: Bearer <redacted>'],
    ['a bearer in prose', 'used Bearer x9-y8-z7-w6', 'used Bearer <redacted>'],
    ['a whole cookie line', 'Cookie: a=b; __Secure-next=c\nnext: 1', 'Cookie: <redacted>\nnext: 1'],
    [
      'a quoted header',
      `curl -H 'Cookie: a=b; c=d' https://x.test`,
      `curl -H 'Cookie: <redacted>' https://x.test`,
    ],
    [
      'TOML',
      'experimental_bearer_token = "hunter2"  # mine',
      'experimental_bearer_token = "<redacted>"  # mine',
    ],
    ['a key in TOML', 'key = "q8Zx-7fYw"', 'key = "<redacted>"'],
    ['JSON', '{"access_token":"abc","n":1}', '{"access_token":"<redacted>","n":1}'],
    [
      'camelCase',
      '{"refreshToken": "abc", "apiKey": "def"}',
      '{"refreshToken": "<redacted>", "apiKey": "<redacted>"}',
    ],
    ['JSON in a string', '"{\\"id_token\\":\\"a\\\\\\"b\\"}"', '"{\\"id_token\\":\\"<redacted>\\"}"'],
    ['a nested object', '"tokens": { "id_token": "abc" }', '"tokens": { "id_token": "<redacted>" }'],
    [
      'Rust debug output',
      'Auth { access_token: Some("abc"), id: 1 }',
      'Auth { access_token: Some("<redacted>"), id: 1 }',
    ],
    ['a list', 'api_keys: ["abc", "def"]', 'api_keys: ["<redacted>", "<redacted>"]'],
    ['variables', 'export OPENAI_API_KEY=abc123; echo', 'export OPENAI_API_KEY=<redacted>; echo'],
    [
      'flags',
      'tool --api-key abc123 --password=x,y;z --verbose',
      'tool --api-key <redacted> --password=<redacted> --verbose',
    ],
    ['a cut-off literal', 'token = "abc\nnext = "x"', 'token = "<redacted>\nnext = "x"'],
    ['a password of letters', 'password: hunter', 'password: <redacted>'],
    ['URL user info', 'https://me:pa@ss@host.test/x', 'https://<redacted>@host.test/x'],
    [
      'URL parameters',
      'http://localhost:1455/auth/callback?code=ac12&state=zz&x=1',
      'http://localhost:1455/auth/callback?code=<redacted>&state=<redacted>&x=1',
    ],
    ['an e-mail', 'as anna.b+c@mail.example.com, ok', 'as a…@m…, ok'],
    ['an e-mail in a URL', 'https://x.test/?login=anna%40example.com', 'https://x.test/?login=a…@e…'],
    ['a random string', 'id q8ZxV7fYw3Lk9TbR2mNcE5 end', 'id <redacted> end'],
    ['base64 with slashes', 'x dGhpcy/pc2E+bG9uZ1/NlY3JldA9+Zk8sQ/2xX7d4 y', 'x <redacted> y'],
    ['a bare hexadecimal key', '0123456789abcdef0123456789abcdef', '<redacted>'],
    [
      'a private key',
      'a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nb',
      'a\n<redacted>\nb',
    ],
    ['a private key cut off', '-----BEGIN PRIVATE KEY-----\\nMIIE\\nabc', '<redacted>'],
  ])('takes out %s', (_name, text, expected) => {
    expect(redact(text)).toBe(expected);
    expect(redact(redact(text))).toBe(expected);
  });

  it.each([
    'request id req_0123456789abcdef0123456789abcdef, cf-ray: 8f1b2c3d4e5f6a7b-FRA',
    'thread 019a1b2c-3d4e-7f60-8123-456789abcdef resumed',
    '/home/anna/.codex/sessions/2025/11/21/rollout-2025-11-21T03-18-00-019a1b2c-3d4e-7f60-8123-456789abcdef.jsonl',
    '/nix/store/s66mzxpvicwk07gjbjfw9izjfa797vsw-codex-0.169.0/bin/codex',
    'C:\\Users\\Anna\\AppData\\Local\\Programs\\OpenAI\\Codex\\bin\\codex.exe',
    'sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    'commit 9ae7845f1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e6f',
    'model_auto_compact_token_limit = 200000, max_output_tokens: 4096',
    'env_key = "OPENAI_API_KEY"',
    'bearer_token_env_var = "GITHUB_TOKEN"',
    'refreshing token: 401 Unauthorized',
    'Bearer authentication failed',
    'unknown key: model_providers.local.wire_api',
    'ResponsesWebSocketConnectionRefusedError in codex_app_server_transport::websocket',
    'npm i -g @openai/codex@0.169.0; git@github.com:openai/codex.git',
    'stream disconnected before completion: error sending request for url (https://chatgpt.com/backend-api/codex/responses)',
    '{"access_token":null,"token_type":"Bearer","auth_mode":"chatgpt"}',
  ])('keeps what helps: %s', (text) => {
    expect(redact(text)).toBe(text);
  });

  it('takes time in proportion to the text', () => {
    const bad = [
      'a',
      '@',
      'a@',
      '%40',
      'token=',
      'token="',
      '"',
      '\\',
      '\\"',
      'eyJ',
      '://',
      'a.',
      'req_',
      '-----BEGIN PRIVATE KEY',
      'Bearer ',
      '--key ',
    ];
    const counted = (size: number) => {
      const started = process.cpuUsage().user;
      for (const piece of bad) redact(piece.repeat(Math.ceil(size / piece.length)));
      return process.cpuUsage().user - started;
    };
    counted(20_000); // compiled first
    // Sixteen times the text; quadratic work would take 256 times as long.
    expect(counted(320_000) / counted(20_000)).toBeLessThan(80);
  });
});

describe('redactValue', () => {
  it('goes by the names of members and by the shape of strings, and keeps the rest', () => {
    expect(
      redactValue({
        tokens: { id_token: 'abc', account_id: '019a1b2c-3d4e-7f60-8123-456789abcdef', refresh_token: null },
        cookies: { sid: 'abc' },
        'anna@example.com': [1, true, 'mail to anna@example.com'],
        password: 123456,
        max_tokens: 5,
        status: { api_key: 'present' },
      }),
    ).toEqual({
      tokens: {
        id_token: '<redacted>',
        account_id: '019a1b2c-3d4e-7f60-8123-456789abcdef',
        refresh_token: null,
      },
      cookies: { sid: '<redacted>' },
      'a…@e…': [1, true, 'mail to a…@e…'],
      password: '<redacted>',
      max_tokens: 5,
      status: { api_key: 'present' },
    });
  });
});

describe('createRedactor', () => {
  const secret = 'correct/horse battery+staple';
  const redactor = createRedactor({ secrets: [secret, 'short', 'abc'] });

  it.each([
    ['whole', `x ${secret} y`, 'x <redacted> y'],
    ['in part', 'x horse battery y', 'x horse battery y'.replace('horse battery', '<redacted>')],
    ['in base64', `x ${Buffer.from(secret).toString('base64')} y`, 'x <redacted> y'],
    ['in a URL', `x ${encodeURIComponent(secret)} y`, 'x <redacted> y'],
    ['a short one', 'x short y', 'x <redacted> y'],
  ])('blanks a known secret %s', (_name, text, expected) => {
    expect(redactor.redact(text)).toBe(expected);
  });

  it('finds it inside a longer base64 text, wherever it starts', () => {
    for (const user of ['', 'a', 'ab', 'abc']) {
      const text = redactor.redact(`x ${Buffer.from(`${user}:${secret}`).toString('base64')}`);
      for (let at = 0; at + 8 <= secret.length; at++) {
        expect(Buffer.from(text.slice(2), 'base64').toString()).not.toContain(secret.slice(at, at + 8));
      }
    }
  });

  it('ignores a "secret" that is too short to tell', () => {
    expect(redactor.redact('abc')).toBe('abc');
  });
});
