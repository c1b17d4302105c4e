import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { TEST_ACCOUNT } from '../support/codex-home.ts';
import type { Fault } from '../support/fault-runner.ts';
import type { FaultWorld } from '../support/fault-world.ts';
import { put, sql } from './change.ts';

const ENROLL = 'https://chatgpt.com/backend-api/wham/remote/control/server/enroll';

/** The daemon's structured log of 0.169 and the one of 0.133, with one failed connection. */
async function daemonLog(world: FaultWorld, error: string): Promise<void> {
  const newest = world.alias === 'codex-newest';
  const message = 'failed to connect to app-server remote control websocket';
  const fields = newest
    ? { message, error, error_kind: 'Other', reconnect_attempt: 3, has_enrollment: false }
    : { message: `${message}: wss://chatgpt.com/backend-api/wham/remote/control/server, err: ${error}` };
  const line = JSON.stringify({
    timestamp: new Date().toISOString(),
    level: 'WARN',
    fields,
    target: 'codex_app_server_transport::transport::remote_control::websocket',
  });
  await put(world, `app-server-daemon/${newest ? 'daemon' : 'app-server'}.stderr.log`, `${line}\n`);
  await put(world, 'app-server-daemon/settings.json', '{"remoteControlEnabled":true}');
}

const refused = (status: string, body: string) =>
  `remote control server enrollment failed at \`${ENROLL}\`: HTTP ${status}, request-id: req_1, cf-ray: 8f-FRA, body: ${body}`;

const enrolment = (name: string, id: Fault['id'], error: string): Fault => ({
  name,
  id,
  repairable: false,
  inject: (world) => daemonLog(world, error),
});

const CLIENT = 'cli_0000000000000000000000000000aaaa';

function globalState(clientId = CLIENT): string {
  const key = [
    'Codex Desktop',
    'http://localhost:8000/api',
    'https://chatgpt.com/backend-api',
    'after-first-unlock-device-key-v1',
    TEST_ACCOUNT.userId,
  ].join('\n');
  return JSON.stringify({
    'project-order': ['/srv/app'],
    'electron-remote-control-client-enrollments': {
      [key]: {
        accountUserId: TEST_ACCOUNT.userId,
        clientId,
        keyId: 'key_1',
        algorithm: 'ecdsa_p256_sha256',
        protectionClass: 'os_protected_nonextractable',
        publicKeySpkiDerBase64: 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE',
      },
    },
    'selected-remote-host-id': 'remote-control:env_gone',
    'remote-connection-auto-connect-by-host-id': { 'remote-control:env_gone': true },
    'added-remote-control-env-ids': ['env_gone'],
    'electron-persisted-atom-state': { 'sidebar-width': 240, 'remote-control-banner': true },
  });
}

async function desktopLog(world: FaultWorld, line: string): Promise<void> {
  await put(world, '.codex-global-state.json', globalState());
  await put(world, '.codex-global-state.json.bak', globalState());
  await put(world, 'log/codex-desktop.log', `${new Date(Date.now() - 60_000).toISOString()} error ${line}\n`);
}

/** An enrolment of this host, a day old. */
function enrollmentRow(accountId: string): string {
  const columns =
    'websocket_url, account_id, app_server_client_name, server_id, environment_id, server_name, updated_at';
  const url = 'wss://chatgpt.com/backend-api/wham/remote/control/server';
  return `INSERT INTO remote_control_enrollments (${columns})
    VALUES ('${url}', '${accountId}', '', 'srv_1', 'env_1', '${hostname()}', unixepoch() - 86400)`;
}

export const REMOTE_FAULTS: readonly Fault[] = [
  enrolment(
    'enrolment refused: MFA required',
    'remote.mfa_required',
    refused('403 Forbidden', '{"detail":"Multi-factor authentication required"}'),
  ),
  enrolment(
    'enrolment refused by the edge with an HTML page',
    'network.edge_blocked',
    refused('403 Forbidden', '<!DOCTYPE html><title>Just a moment...</title>'),
  ),
  enrolment(
    'enrolment refused: too many requests',
    'ratelimit.too_many_requests',
    refused('429 Too Many Requests', '{"detail":"Too many requests"}'),
  ),
  enrolment(
    'enrolment answered with a server error',
    'server.error',
    refused('500 Internal Server Error', '<empty>'),
  ),
  enrolment(
    'remote control with an API key',
    'remote.requires_chatgpt_login',
    'remote control requires ChatGPT authentication; API key auth is not supported',
  ),
  enrolment(
    'name of the server not resolved',
    'network.dns',
    `failed to enroll remote control server at \`${ENROLL}\`: error sending request for url (${ENROLL}): dns error: failed to lookup address information: Name or service not known`,
  ),
  enrolment(
    'certificate of the server not trusted',
    'network.tls_ca',
    `failed to enroll remote control server at \`${ENROLL}\`: error sending request for url (${ENROLL}): invalid peer certificate: UnknownIssuer`,
  ),
  {
    name: 'another host holds the enrolment (409)',
    id: 'remote.server_conflict',
    repairable: true,
    inject: async (world) => {
      await sql(world, 'state_5.sqlite', enrollmentRow(TEST_ACCOUNT.accountId));
      await daemonLog(
        world,
        'failed to connect app-server remote control websocket `wss://chatgpt.com/backend-api/wham/remote/control/server`: HTTP error: 409 Conflict, request-id: req_2, cf-ray: 8f-FRA, body: {"detail":"Remote app server already online"}',
      );
    },
  },
  {
    name: 'revoked client still stored in both global-state files',
    id: 'remote.client_revoked',
    repairable: true,
    inject: (world) =>
      desktopLog(
        world,
        `remote-control client/refresh/start failed status=403 body={"detail":"Remote-control client has been revoked"} client_id=${CLIENT}`,
      ),
  },
  {
    name: 'saved host names an environment that is gone',
    id: 'remote.stale_environment',
    repairable: true,
    inject: (world) =>
      desktopLog(world, 'remote-control connect failed: environment env_gone not found (404)'),
  },
  {
    name: 'enrolment of another account left in the database',
    id: 'remote.stale_environment',
    repairable: true,
    inject: (world) => sql(world, 'state_5.sqlite', enrollmentRow('account-of-somebody-else')),
  },
  {
    name: 'pid file of the daemon names a process that is gone',
    id: 'remote.socket_or_daemon',
    repairable: true,
    inject: async (world) => {
      const name = world.alias === 'codex-newest' ? 'daemon.pid' : 'app-server.pid';
      await put(
        world,
        `app-server-daemon/${name}`,
        JSON.stringify({ pid: 4_000_001, processStartTime: '12345' }),
      );
      await put(world, 'app-server-daemon/settings.json', '{"remoteControlEnabled":true}');
    },
  },
  {
    name: 'control socket that nobody listens on',
    id: 'remote.socket_or_daemon',
    repairable: true,
    inject: async (world) => {
      const folder = join(world.codexHome, 'app-server-control');
      await mkdir(folder, { mode: 0o700 });
      const path = join(folder, 'app-server-control.sock');
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(path, resolve));
      // Closing would remove the socket file: a killed process leaves it, which a plain file in its place shows as well.
      await new Promise((resolve) => server.close(resolve));
      await writeFile(path, '');
    },
  },
  {
    name: 'installation_id is not an id',
    id: 'remote.identity_collision',
    repairable: true,
    inject: (world) => put(world, 'installation_id', 'not-a-uuid'),
  },
];
