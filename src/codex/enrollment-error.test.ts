import { describe, expect, it } from 'vitest';
import { isConnectedLine, parseEnrollmentError } from './enrollment-error.ts';

const BASE = 'https://chatgpt.com/backend-api';
const ENROLL = `${BASE}/wham/remote/control/server/enroll`;
const MFA = `remote control server enrollment failed at \`${ENROLL}\`: HTTP 403 Forbidden, request-id: req_1, cf-ray: ray1, body: {"detail":"Multi-factor authentication required"}`;

const OLD_MESSAGE = (reason: string) =>
  `failed to connect to app-server remote control websocket: wss://chatgpt.com/backend-api/wham/remote/control/server, err: ${reason}`;
const NEW_TEXT = (reason: string) =>
  `failed to connect to app-server remote control websocket websocket_url=wss://chatgpt.com/x installation_id=0c64 server_name=vm error=${reason} error_kind=PermissionDenied reconnect_attempt=3 reconnect_delay=11.7s has_enrollment=false server_id=None environment_id=None subscribe_cursor_present=false`;
const NEW_JSON = (reason: string) =>
  JSON.stringify({
    timestamp: '2026-11-21T03:31:43.121203Z',
    level: 'WARN',
    fields: {
      message: 'failed to connect to app-server remote control websocket',
      error: reason,
      error_kind: 'Other',
    },
    target: 'codex_app_server_transport::transport::remote_control::websocket',
  });
const OLD_JSON = (reason: string) =>
  JSON.stringify({
    timestamp: '2026-11-21T03:31:43.121203Z',
    level: 'WARN',
    fields: { message: OLD_MESSAGE(reason) },
  });

describe('parseEnrollmentError', () => {
  it.each([
    ['the bare reason', MFA],
    ['a message of 0.133', OLD_MESSAGE(MFA)],
    [
      'a text line of 0.133 with colours',
      `\u001b[2m2026-11-21T03:31:43.121203Z\u001b[0m \u001b[33m WARN\u001b[0m x: ${OLD_MESSAGE(MFA)}`,
    ],
    ['a JSON line of 0.133', OLD_JSON(MFA)],
    ['a text line of 0.169', NEW_TEXT(MFA)],
    ['a JSON line of 0.169', NEW_JSON(MFA)],
    ['a reason that promises another try', NEW_JSON(`${MFA}; retrying after auth recovery`)],
    ['an error of `codex remote-control pair`', `Error: remoteControl/pairing/start failed: ${MFA}`],
  ])('finds status, ids and detail in %s', (_, text) => {
    expect(parseEnrollmentError(text)).toMatchObject({
      kind: 'enroll',
      url: ENROLL,
      httpStatus: 403,
      statusText: 'Forbidden',
      detail: 'Multi-factor authentication required',
      requestId: 'req_1',
      cfRay: 'ray1',
      body: '{"detail":"Multi-factor authentication required"}',
    });
  });

  it('takes the time from a line that has one', () => {
    const at = Date.parse('2026-11-21T03:31:43.121Z');
    expect(parseEnrollmentError(NEW_JSON(MFA))?.at).toBe(at);
    expect(parseEnrollmentError(`2026-11-21T03:31:43.121203Z  WARN x: ${OLD_MESSAGE(MFA)}`)?.at).toBe(at);
    expect(parseEnrollmentError(MFA)?.at).toBeNull();
  });

  it('reads a refused refresh and a refused websocket, with and without a body', () => {
    expect(
      parseEnrollmentError(
        `remote control server refresh failed at \`${BASE}/r\`: HTTP 500 Internal Server Error, request-id: <none>, cf-ray: <none>, body: <empty>`,
      ),
    ).toMatchObject({
      kind: 'refresh',
      httpStatus: 500,
      statusText: 'Internal Server Error',
      requestId: null,
      cfRay: null,
      body: null,
    });
    expect(
      parseEnrollmentError(
        NEW_TEXT(
          'failed to connect app-server remote control websocket `wss://h/s`: HTTP error: 409 Conflict, request-id: <none>, cf-ray: <none>, body: {"detail":"Remote app server already online"}',
        ),
      ),
    ).toMatchObject({
      kind: 'websocket',
      httpStatus: 409,
      detail: 'Remote app server already online',
      url: 'wss://h/s',
    });
    expect(
      parseEnrollmentError(
        OLD_MESSAGE(
          'failed to connect app-server remote control websocket `wss://h/s`: HTTP error: 503 Service Unavailable, request-id: <none>, cf-ray: <none>',
        ),
      ),
    ).toMatchObject({ kind: 'websocket', httpStatus: 503, statusText: 'Service Unavailable', body: null });
  });

  it('reads a websocket refused with 403, whose body Codex loses', () => {
    for (const tail of ['; retrying after auth recovery', '; refreshing server token before reconnect']) {
      expect(
        parseEnrollmentError(
          OLD_MESSAGE(`remote control websocket auth failed with HTTP 403 Forbidden${tail}`),
        ),
      ).toMatchObject({ kind: 'websocket-auth', httpStatus: 403, statusText: 'Forbidden', body: null });
    }
  });

  it('tells a server that did not answer from one that answered nonsense', () => {
    expect(
      parseEnrollmentError(
        OLD_MESSAGE(
          `failed to enroll remote control server at \`${ENROLL}\`: error sending request for url (${ENROLL})`,
        ),
      ),
    ).toMatchObject({
      kind: 'transport',
      url: ENROLL,
      httpStatus: null,
      reason: `error sending request for url (${ENROLL})`,
    });
    expect(
      parseEnrollmentError(
        OLD_MESSAGE(
          'failed to connect app-server remote control websocket `ws://l/s`: URL error: Proxy connection failed: HTTP CONNECT failed with status 502',
        ),
      ),
    ).toMatchObject({
      kind: 'transport',
      url: 'ws://l/s',
      reason: 'URL error: Proxy connection failed: HTTP CONNECT failed with status 502',
    });
    expect(
      parseEnrollmentError('timed out connecting to remote control websocket at `wss://h/s` after 30s'),
    ).toMatchObject({
      kind: 'transport',
      reason: 'timed out after 30s',
    });
    for (const name of ['enrollment response', 'server enrollment response']) {
      expect(
        parseEnrollmentError(
          `failed to parse remote control ${name} from \`${ENROLL}\`: HTTP 200 OK, request-id: <none>, cf-ray: <none>, body: {}, decode error: missing field \`server_id\``,
        ),
      ).toMatchObject({ kind: 'unreadable-answer', httpStatus: 200, url: ENROLL });
    }
  });

  it('tells the causes that lie on this machine apart', () => {
    const kindOf = (text: string) => parseEnrollmentError(OLD_MESSAGE(text))?.kind;
    expect(kindOf('remote control requires ChatGPT authentication')).toBe('not-logged-in');
    expect(kindOf('remote control requires ChatGPT authentication; API key auth is not supported')).toBe(
      'api-key',
    );
    expect(kindOf('remote control enrollment is waiting for a ChatGPT account id')).toBe('no-account-id');
    expect(kindOf('remote control requires sqlite state db')).toBe('no-state-db');
    expect(
      parseEnrollmentError(
        'invalid remote control URL `http://evil.example`; expected HTTPS URL for chatgpt.com or chatgpt-staging.com, or HTTP/HTTPS URL for localhost',
      ),
    ).toMatchObject({ kind: 'bad-base-url', url: 'http://evil.example' });
  });

  it('keeps a body with commas, quotes, line breaks and HTML whole', () => {
    const body = '<!DOCTYPE html>\n<title>Just a moment...</title>, request-id: fake, body: x';
    expect(
      parseEnrollmentError(
        OLD_MESSAGE(
          `remote control server enrollment failed at \`${ENROLL}\`: HTTP 403 Forbidden, request-id: r, cf-ray: c, body: ${body}`,
        ),
      ),
    ).toMatchObject({ httpStatus: 403, body, detail: null, requestId: 'r' });
  });

  it('finds the detail in a body that was cut off', () => {
    const body = `{"detail":"Multi-factor authentication required","more":"${'x'.repeat(100)}`;
    expect(
      parseEnrollmentError(
        `remote control server enrollment failed at \`${ENROLL}\`: HTTP 403 Forbidden, request-id: r, cf-ray: c, body: ${body}`,
      ),
    ).toMatchObject({ detail: 'Multi-factor authentication required' });
  });

  it('says nothing of lines about something else, cut off or empty', () => {
    for (const text of [
      '',
      '{}',
      '{"fields":',
      'Codex could not find bubblewrap on PATH',
      'null',
      '{"fields":{"message":"x"}}',
    ]) {
      expect(parseEnrollmentError(text)).toBeNull();
    }
  });
});

describe('isConnectedLine', () => {
  it('knows the success lines of both versions and no failure line', () => {
    expect(
      isConnectedLine(
        'connected to app-server remote control websocket: ws://x, request-id: <none>, cf-ray: <none>',
      ),
    ).toBe(true);
    expect(isConnectedLine('connected to app-server remote control websocket websocket_url=ws://x')).toBe(
      true,
    );
    expect(
      isConnectedLine(
        'remote control websocket status changed previous_status=Connecting next_status=Connected x',
      ),
    ).toBe(true);
    expect(isConnectedLine(OLD_MESSAGE(MFA))).toBe(false);
    expect(isConnectedLine(NEW_TEXT(MFA))).toBe(false);
    expect(isConnectedLine('remote control websocket status changed next_status=Errored')).toBe(false);
  });
});
