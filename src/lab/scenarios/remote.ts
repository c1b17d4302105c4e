/** Remote control: enrolment, the machine's connection, controllers and pairing. */
import { ENROLL, HOST_SOCKET, PAIR } from './matches.ts';
import { REMOTE, type Scenario, type ScenarioInput, scenario } from './scenario.ts';

function enrollAnswers(
  name: string,
  failureId: string,
  status: number,
  detail: string,
  summary: string,
  headers: Readonly<Record<string, string>> = {},
): Scenario {
  return remote({
    name,
    failureId,
    summary,
    faults: [{ match: ENROLL, effect: { kind: 'answer', status, headers, json: { detail } } }],
  });
}

function remote(input: ScenarioInput): Scenario {
  return scenario({ shows: REMOTE, ...input });
}

export const REMOTE_SCENARIOS: readonly Scenario[] = [
  remote({
    name: 'mfa-required',
    failureId: 'remote.mfa_required',
    summary: 'Enrolment is refused until the account signs in with a second factor.',
    settings: { requireMfa: true },
    home: { mfa: false },
  }),
  remote({
    name: 'workspace-policy',
    failureId: 'remote.workspace_policy',
    summary: 'The workspace’s owner has switched remote control off.',
    settings: { remoteAllowed: false, account: 'team' },
  }),
  remote({
    name: 'remote-managed-off',
    failureId: 'remote.workspace_policy',
    summary:
      'The workspace’s managed requirements forbid remote control (0.169 obeys, 0.133 does not know them).',
    settings: { account: 'enterprise', requirements: 'allow_remote_control = false\n' },
  }),
  remote({
    name: 'remote-not-logged-in',
    failureId: 'remote.requires_chatgpt_login',
    summary: 'The machine has no login at all.',
    home: { login: 'none' },
  }),
  remote({
    name: 'remote-api-key',
    failureId: 'remote.requires_chatgpt_login',
    summary: 'The machine is logged in with an API key, which cannot enrol.',
    home: { login: 'api-key' },
  }),
  remote({
    name: 'client-revoked',
    failureId: 'remote.client_revoked',
    summary: 'The phone or app that wants to connect has been revoked.',
    faults: [
      {
        match: { path: '/backend-api/codex/remote/control/client/**' },
        effect: { kind: 'answer', status: 403, json: { detail: 'Remote-control client has been revoked' } },
      },
      {
        match: { path: '/backend-api/wham/remote/control/client/*' },
        effect: { kind: 'answer', status: 403, json: { detail: 'Remote-control client has been revoked' } },
      },
    ],
  }),
  remote({
    name: 'client-key-missing',
    failureId: 'remote.client_revoked',
    summary: 'The phone or app has lost its device key.',
    faults: [
      {
        match: { path: '/backend-api/codex/remote/control/client/refresh/*' },
        effect: {
          kind: 'answer',
          status: 403,
          json: { detail: 'Remote-control client key material missing' },
        },
      },
    ],
  }),
  remote({
    name: 'server-unknown',
    failureId: 'remote.server_unknown',
    summary: 'The server forgot the machine right after it enrolled; Codex enrols anew.',
    settings: { forgetServers: 1 },
  }),
  remote({
    name: 'environment-gone',
    failureId: 'remote.stale_environment',
    summary: 'Every question about an environment is answered "Environment not found".',
    faults: [
      {
        match: { path: '/backend-api/codex/remote/control/environments/*' },
        effect: { kind: 'answer', status: 404, json: { detail: 'Environment not found' } },
      },
      {
        match: { path: '/backend-api/wham/remote/control/environments/**' },
        effect: { kind: 'answer', status: 404, json: { detail: 'Environment not found' } },
      },
    ],
  }),
  remote({
    name: 'already-online',
    failureId: 'remote.server_conflict',
    summary: 'A ghost connection holds the machine’s server id: 409.',
    settings: { ghost: 'first-server' },
  }),
  remote({
    name: 'identity-collision',
    failureId: 'remote.identity_collision',
    summary:
      'Another machine with the same installation id is online: 409, and enrolling anew does not help.',
    settings: { ghost: 'first-installation' },
  }),
  remote({
    name: 'presence-stale',
    failureId: 'remote.presence_stale',
    summary: 'The machine is connected, and the server lists it as offline.',
    settings: { presence: 'stale' },
  }),
  remote({
    name: 'pending-clients',
    failureId: 'remote.pairing_failed',
    summary: 'Twenty phones never finished their enrolment, and the next one is refused.',
    pendingClients: 20,
    faults: [
      {
        match: { path: '/backend-api/codex/remote/control/client/enroll/start' },
        effect: { kind: 'answer', status: 409, json: { detail: 'Too many pending remote-control clients' } },
      },
    ],
  }),
  remote({
    name: 'pairing-expired',
    failureId: 'remote.pairing_failed',
    summary: 'Pairing codes are dead as soon as they are made.',
    settings: { pairingSeconds: -1 },
  }),
  remote({
    name: 'pairing-refused',
    failureId: 'remote.pairing_failed',
    summary: 'The server makes no pairing code (500).',
    faults: [{ match: PAIR, effect: { kind: 'answer', status: 500, json: { detail: 'Internal error' } } }],
  }),
  enrollAnswers('enroll-401', 'remote.enrollment_errored', 401, 'Unauthorized', 'Enrolment is answered 401.'),
  enrollAnswers('enroll-404', 'remote.enrollment_errored', 404, 'Not Found', 'Enrolment is answered 404.'),
  enrollAnswers(
    'enroll-429',
    'remote.enrollment_errored',
    429,
    'Too many requests',
    'Enrolment is answered 429 with Retry-After.',
    {
      'retry-after': '7',
    },
  ),
  enrollAnswers(
    'enroll-500',
    'remote.enrollment_errored',
    500,
    'Internal Server Error',
    'Enrolment is answered 500.',
  ),
  remote({
    name: 'enroll-challenge',
    failureId: 'network.edge_blocked',
    summary: 'The edge answers enrolment with its HTML page.',
    faults: [{ match: ENROLL, effect: { kind: 'challenge' } }],
  }),
  remote({
    name: 'enroll-half-json',
    failureId: 'remote.enrollment_errored',
    summary: 'Enrolment is answered 200 with half a body.',
    faults: [{ match: ENROLL, effect: { kind: 'half-body' } }],
  }),
  remote({
    name: 'enroll-reset',
    failureId: 'remote.enrollment_errored',
    summary: 'The connection is reset during enrolment.',
    faults: [{ match: ENROLL, effect: { kind: 'reset' } }],
  }),
  remote({
    name: 'enroll-timeout',
    failureId: 'remote.enrollment_errored',
    summary: 'Enrolment is never answered.',
    faults: [{ match: ENROLL, effect: { kind: 'hang' } }],
  }),
  remote({
    name: 'enroll-refused',
    failureId: 'remote.enrollment_errored',
    summary: 'Nobody listens where the backend should be.',
    home: { backend: 'closed' },
  }),
  remote({
    name: 'host-socket-503',
    failureId: 'server.error',
    summary: 'The machine is enrolled, and its WebSocket is answered 503.',
    faults: [
      {
        match: HOST_SOCKET,
        effect: {
          kind: 'answer',
          status: 503,
          text: 'upstream connect error or disconnect/reset before headers. reset reason: connection failure',
        },
      },
    ],
  }),
  remote({
    name: 'server-revoked',
    failureId: 'remote.server_unknown',
    summary:
      'The server takes no machine of this account: every connection is answered 404 "Remote app server not found".',
    faults: [
      {
        match: HOST_SOCKET,
        effect: { kind: 'answer', status: 404, json: { detail: 'Remote app server not found' } },
      },
    ],
  }),
  remote({
    name: 'host-socket-403',
    failureId: 'remote.enrollment_errored',
    summary: 'The machine is enrolled, and its WebSocket is answered 403.',
    faults: [{ match: HOST_SOCKET, effect: { kind: 'answer', status: 403, json: { detail: 'Forbidden' } } }],
  }),
];
