import { describe, expect, it } from 'vitest';
import { parseEnrollmentError } from '../codex/enrollment-error.ts';
import { parseRemoteBase } from './backend/base-url.ts';
import { lastErrorOf, ownError } from './last-error.ts';
import { troubleOfError } from './trouble.ts';

const URL = 'https://chatgpt.com/backend-api/wham/remote/control/server';
const enroll = (status: string, body: string) =>
  `remote control server enrollment failed at \`${URL}/enroll\`: HTTP ${status}, request-id: req_1, cf-ray: 8f-FRA, body: ${body}`;
const socket = (status: string, body: string) =>
  `failed to connect app-server remote control websocket \`${URL}\`: HTTP error: ${status}, request-id: <none>, cf-ray: <none>, body: ${body}`;

const WORDS: readonly (readonly [string, string])[] = [
  ['mfa', enroll('403 Forbidden', '{"detail":"Multi-factor authentication required"}')],
  [
    'workspace-policy',
    enroll('403 Forbidden', '{"detail":"Remote control is disabled by your workspace administrator."}'),
  ],
  ['client-revoked', enroll('403 Forbidden', '{"detail":"Remote-control client has been revoked"}')],
  ['client-revoked', enroll('404 Not Found', '{"detail":"Remote-control client has been revoked"}')],
  ['server-unknown', socket('404 Not Found', '{"detail":"Remote app server not found"}')],
  ['server-conflict', socket('409 Conflict', '{"detail":"Remote app server already online"}')],
  ['api-key', 'remote control requires ChatGPT authentication; API key auth is not supported'],
  ['not-logged-in', 'remote control requires ChatGPT authentication'],
  ['edge-challenge', enroll('403 Forbidden', '<html><title>Just a moment...</title></html>')],
  ['rate-limit', enroll('429 Too Many Requests', '{"detail":"Too many requests"}')],
  ['backend-outage', socket('503 Service Unavailable', 'upstream connect error')],
  [
    'network',
    `failed to enroll remote control server at \`${URL}/enroll\`: error sending request for url (${URL}/enroll)`,
  ],
  ['network', `timed out connecting to remote control websocket at \`${URL}\` after 30s`],
  ['login-rejected', enroll('401 Unauthorized', '{"detail":"Unauthorized"}')],
];

describe('troubleOfError', () => {
  it.each(WORDS)('tells %s by the words of Codex', (kind, words) => {
    const error = parseEnrollmentError(words);
    if (error === null) throw new Error('not understood');
    expect(troubleOfError(lastErrorOf(error, 0))).toMatchObject({
      kind,
      finding: { cause: expect.stringMatching(/\.$/) },
    });
  });

  it('says when Codex tries again where only time helps, and keeps still where somebody has to act first', () => {
    const line = (words: string) =>
      JSON.stringify({
        timestamp: '2026-11-21T07:00:00.000Z',
        fields: {
          message: 'failed to connect to app-server remote control websocket',
          error: words,
          reconnect_delay: '23.5s',
        },
      });
    const causeOf = (words: string) => {
      const error = parseEnrollmentError(line(words));
      return error === null ? '' : troubleOfError(lastErrorOf(error, 0)).finding.cause;
    };
    expect(causeOf(WORDS[9]?.[1] ?? '')).toContain('tries again by itself at 2026-11-21T07:00:23Z');
    expect(causeOf(WORDS[0]?.[1] ?? '')).not.toContain('tries again');
  });

  it('reads the words of the official command where no server was asked', () => {
    const managed = ownError('daemon', 0, {
      detail: 'Error: remote control is disabled by managed requirements',
    });
    expect(troubleOfError(managed)).toMatchObject({ kind: 'workspace-policy', finding: { actor: 'admin' } });
    const missing = ownError('daemon', 0, {
      detail:
        'Error: managed standalone Codex install not found at /home/a/.codex/packages/standalone/current/codex',
    });
    expect(troubleOfError(missing).finding.fix.steps.join()).toContain('install.sh');
    expect(troubleOfError(ownError('unknown', 0))).toMatchObject({
      kind: 'other',
      finding: { confidence: 0.6 },
    });
  });

  it('keeps secrets out of what is stored', () => {
    const token = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhYmNkZWZnaGlqa2wifQ.c2lnbmF0dXJlLXNpZ25hdHVyZQ';
    const error = parseEnrollmentError(enroll('403 Forbidden', `{"detail":"refused Bearer ${token}"}`));
    if (error === null) throw new Error('not understood');
    expect(JSON.stringify(lastErrorOf(error, 0))).not.toContain('eyJzdWIi');
  });
});

describe('parseRemoteBase', () => {
  it.each([
    'https://chatgpt.com/backend-api',
    'https://eu.chatgpt.com/backend-api/',
    'https://chatgpt-staging.com/backend-api/',
    'http://127.0.0.1:4000/backend-api/',
    'http://[::1]:4000/',
    'https://localhost/x/',
  ])('accepts %s, as Codex does', (value) => {
    expect(parseRemoteBase(value)).toMatchObject({ kind: 'ok' });
  });

  it.each([
    'http://chatgpt.com/backend-api/',
    'https://chatgpt.com.example.test/',
    'https://notchatgpt.com/',
    'https://example.test/chatgpt.com/',
    'http://127.0.0.1.example.test/',
    'http://10.0.0.1/',
    'ftp://localhost/',
    'not a url',
  ])('refuses %s', (value) => {
    expect(parseRemoteBase(value)).toMatchObject({ kind: 'refused' });
  });
});
