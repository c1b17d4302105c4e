/** Which failure of the catalogue a remote-control error is: the body first, then the status, then the kind. */
import type { EnrollmentError } from '../codex/enrollment-error.ts';
import type { Severity } from '../knowledge/finding.ts';
import type { FailureId } from '../knowledge/ids.ts';
import { redact } from '../storage/redact.ts';

export interface RemoteCause {
  readonly id: FailureId;
  /** One sentence, without time and place. */
  readonly cause: string;
  readonly confidence: number;
  readonly severity: Severity;
  /** Where the catalogue's steps do not fit. */
  readonly steps?: readonly string[];
  readonly command?: string;
}

/** What people may read in a body, in the order of exactness. */
const TEXTS: readonly (readonly [RegExp, FailureId, string])[] = [
  [
    /multi-?factor authentication/i,
    'remote.mfa_required',
    'The account needs multi-factor authentication, and this login was made without it',
  ],
  [
    /client has been revoked/i,
    'remote.client_revoked',
    'The server has revoked the remote-control client that this home still uses',
  ],
  [
    /client key material missing/i,
    'remote.client_revoked',
    'The device key of the stored remote-control client is gone',
  ],
  [
    /remote app server not found/i,
    'remote.server_unknown',
    'The server no longer knows the enrolment that this home has stored',
  ],
  [
    /already online|only one instance/i,
    'remote.server_conflict',
    'Another process or machine is already online under the same server id',
  ],
  [
    /unsupported_country_region_territory|country, region, or territory not supported/i,
    'network.region_blocked',
    'The backend does not serve the region that this route comes from',
  ],
  [
    /just a moment|attention required|cf-chl|challenge-platform|enable javascript and cookies/i,
    'network.edge_blocked',
    'The edge in front of the backend answered with a browser challenge',
  ],
  [
    /token_expired|token (?:is|has) expired/i,
    'auth.token_expired',
    'The backend says that the login has expired',
  ],
  [
    /(?:workspace|organization|admin|policy).*(?:disabled|not (?:allowed|enabled|permitted)|permission|forbid)|(?:disabled|not (?:allowed|enabled|permitted)).*(?:workspace|organization|admin|policy)/is,
    'remote.workspace_policy',
    'The workspace does not allow remote control',
  ],
];

const TRANSPORT: readonly (readonly [RegExp, FailureId, string])[] = [
  [/proxy|HTTP CONNECT/i, 'network.proxy', 'The proxy did not let the connection through'],
  [/UnknownIssuer|certificate|self.signed/i, 'network.tls_ca', 'The certificate on the way is not trusted'],
  [
    /dns error|resolve|Name or service not known|nodename nor servname|ENOTFOUND/i,
    'network.dns',
    'The name of the backend could not be resolved',
  ],
];

/** The failure behind that error. */
export function causeOfRemoteError(error: EnrollmentError): RemoteCause {
  const said = error.body ?? '';
  for (const [pattern, id, cause] of TEXTS) if (pattern.test(said)) return fail(id, cause, 0.95);
  switch (error.kind) {
    case 'api-key':
      return fail(
        'remote.requires_chatgpt_login',
        'This home is logged in with an API key, and a key cannot enrol',
        0.95,
      );
    case 'not-logged-in':
      return fail(
        'remote.requires_chatgpt_login',
        'Remote control was started without a ChatGPT login',
        0.95,
      );
    case 'no-account-id':
      return fail(
        'remote.requires_chatgpt_login',
        'The login names no ChatGPT account, and enrolment waits for one',
        0.8,
      );
    case 'no-state-db':
      return enrollment('Remote control cannot start because the state database is not available', [
        'Repair the database first: steward doctor --only state',
        'codex remote-control start',
      ]);
    case 'bad-base-url':
      return enrollment(
        `Remote control does not accept chatgpt_base_url ${redact(error.url ?? '')}`.trimEnd(),
        [
          'Remove chatgpt_base_url from config.toml (or point it at https://chatgpt.com/backend-api/)',
          'codex remote-control start',
        ],
      );
    case 'unreadable-answer':
      return enrollment('The backend answered something that this Codex cannot read', [
        'Update Codex: codex update (or npm install -g @openai/codex)',
        'If a proxy or gateway stands between, take it out and try again.',
      ]);
    case 'transport':
      return causeOfTransport(error.reason ?? '');
    case 'websocket-auth':
      return enrollment(
        `The remote-control websocket was refused with HTTP ${error.httpStatus ?? '?'}; Codex did not keep the reason`,
        [
          'codex remote-control stop',
          'codex remote-control start',
          'If it stays: codex logout, codex login, and start again.',
        ],
      );
    default:
      return causeOfStatus(error);
  }
}

function causeOfStatus(error: EnrollmentError): RemoteCause {
  const status = error.httpStatus ?? 0;
  const said =
    error.detail === null
      ? error.body === null
        ? 'no reason'
        : 'a reason of its own'
      : redact(error.detail).slice(0, 200);
  if (status === 401) return fail('auth.token_expired', 'The backend rejected the login (HTTP 401)', 0.85);
  if (status === 409)
    return fail('remote.server_conflict', 'The backend reports a conflict (HTTP 409)', 0.85);
  if (status === 429)
    return wait('ratelimit.too_many_requests', 'The backend asks for fewer requests (HTTP 429)');
  if (status >= 500) return wait('server.error', `The backend failed (HTTP ${status})`);
  if (status === 403 && (error.body === null || error.body.trimStart().startsWith('<'))) {
    return fail(
      'network.edge_blocked',
      'The edge in front of the backend refused the request (HTTP 403 without a reason)',
      0.7,
    );
  }
  if (status === 404 && error.kind !== 'enroll') {
    return fail('remote.server_unknown', `The backend does not know this server (HTTP 404, ${said})`, 0.7);
  }
  return enrollment(`The backend refused remote control with HTTP ${status} (${said})`, undefined);
}

function causeOfTransport(reason: string): RemoteCause {
  for (const [pattern, id, cause] of TRANSPORT) if (pattern.test(reason)) return fail(id, cause, 0.85);
  return {
    ...enrollment('Codex could not reach the backend', [
      'steward doctor --live --only network   (walks the same way and says where it ends)',
      'codex remote-control start',
    ]),
    command: 'steward doctor --live --only network',
  };
}

function fail(id: FailureId, cause: string, confidence: number): RemoteCause {
  return { id, cause, confidence, severity: 'fail' };
}

function wait(id: FailureId, cause: string): RemoteCause {
  return { id, cause, confidence: 0.9, severity: 'warn' };
}

function enrollment(cause: string, steps: readonly string[] | undefined): RemoteCause {
  return { ...fail('remote.enrollment_errored', cause, 0.8), ...(steps === undefined ? {} : { steps }) };
}
