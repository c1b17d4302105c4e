/** What a machine asks: enrol, refresh its token, pair, and hold its WebSocket. */
import { detail, empty, json, type LabAnswer } from '../answer.ts';
import { type Caller, unauthorized } from '../caller.ts';
import { bodyFields, type Exchange, textField } from '../exchange.ts';
import type { LabRoute, SocketRoute } from '../routes.ts';
import type { LabWorld } from '../world.ts';
import { createHostLink } from './host-link.ts';
import type { RemoteServer } from './store.ts';

const BASE = '/backend-api/wham/remote/control/server';

/** Refuses a caller that may not use remote control at all, in the words that the backend uses. */
export function refuseRemoteCaller(caller: Caller, world: LabWorld): LabAnswer | undefined {
  if (caller.kind === 'nobody') return unauthorized(caller.why);
  if (caller.kind === 'api-key') return detail(401, 'ChatGPT authentication is required.');
  if (!world.settings().remoteAllowed) {
    return detail(403, 'Remote control is disabled by your workspace administrator.');
  }
  if (caller.kind === 'session' && world.settings().requireMfa && !caller.session.amr.includes('mfa')) {
    return detail(403, 'Multi-factor authentication required');
  }
  return undefined;
}

function enrolment(server: RemoteServer): LabAnswer {
  return json(200, {
    server_id: server.serverId,
    environment_id: server.environmentId,
    remote_control_token: server.token,
    expires_at: new Date(server.tokenExpiresAtMs).toISOString(),
  });
}

function enroll(exchange: Exchange, world: LabWorld): LabAnswer {
  const refused = refuseRemoteCaller(exchange.caller, world);
  if (refused !== undefined) return refused;
  if (exchange.caller.kind !== 'session') return unauthorized('unknown');
  const fields = bodyFields(exchange);
  const missing = ['name', 'os', 'arch', 'app_server_version', 'installation_id'].filter(
    (name) => textField(fields, name) === '',
  );
  if (missing.length > 0) return detail(422, `Missing: ${missing.join(', ')}`);
  return enrolment(
    world.remote.enroll({
      account: exchange.caller.account,
      installationId: textField(fields, 'installation_id'),
      name: textField(fields, 'name'),
      os: textField(fields, 'os'),
      arch: textField(fields, 'arch'),
      version: textField(fields, 'app_server_version'),
    }),
  );
}

function refresh(exchange: Exchange, world: LabWorld): LabAnswer {
  const refused = refuseRemoteCaller(exchange.caller, world);
  if (refused !== undefined) return refused;
  const server = world.remote.server(textField(bodyFields(exchange), 'server_id'));
  if (
    server === undefined ||
    (exchange.caller.kind !== 'nobody' && server.account !== exchange.caller.account)
  ) {
    return detail(404, 'Remote app server not found');
  }
  world.remote.renew(server);
  return enrolment(server);
}

/** The machine behind a machine token; 404 when its enrolment is gone. */
function machine(exchange: Exchange, world: LabWorld): RemoteServer | LabAnswer {
  const { caller } = exchange;
  if (caller.kind !== 'server') return detail(401, 'Remote control token is required.');
  if (caller.server.tokenExpiresAtMs <= world.clock.now()) return unauthorized('expired');
  return world.remote.server(caller.server.serverId) ?? detail(404, 'Remote app server not found');
}

function pair(exchange: Exchange, world: LabWorld): LabAnswer {
  const server = machine(exchange, world);
  if ('kind' in server) return server;
  const pairing = world.remote.pair(server);
  if (world.settings().pairingClaimed) {
    const phone = world.remote.addClient(server.account, { status: 'enrolled' });
    phone.environments.add(server.environmentId);
    pairing.claimedBy = phone.clientId;
  }
  return json(200, {
    pairing_code: pairing.pairingCode,
    manual_pairing_code: bodyFields(exchange).manual_code === true ? pairing.manualCode : null,
    server_id: server.serverId,
    environment_id: server.environmentId,
    expires_at: new Date(pairing.expiresAtMs).toISOString(),
  });
}

function pairStatus(exchange: Exchange, world: LabWorld): LabAnswer {
  const server = machine(exchange, world);
  if ('kind' in server) return server;
  const fields = bodyFields(exchange);
  const code = textField(fields, 'pairing_code') || textField(fields, 'manual_pairing_code');
  const pairing = world.remote.pairing(code);
  if (pairing === undefined || pairing.server !== server) return detail(404, 'Pairing code not found');
  if (pairing.claimedBy === undefined && pairing.expiresAtMs <= world.clock.now()) {
    return detail(410, 'Pairing code has expired');
  }
  return json(200, { claimed: pairing.claimedBy !== undefined });
}

/** The machine that wants to connect, or the refusal. 0.133 shows the person's token, 0.169 the machine's. */
function connecting(exchange: Exchange, world: LabWorld): RemoteServer | LabAnswer {
  const { caller } = exchange;
  const server = world.remote.server(String(exchange.headers['x-codex-server-id'] ?? ''));
  if (server === undefined) return detail(404, 'Remote app server not found');
  const refused = refuseRemoteCaller(caller, world);
  if (refused !== undefined) return refused;
  if (caller.kind === 'nobody' || caller.account !== server.account)
    return detail(404, 'Remote app server not found');
  if (server.ghost || server.link !== undefined) return detail(409, 'Remote app server already online');
  return server;
}

export const HOST_ROUTES: readonly LabRoute[] = [
  { method: 'POST', path: `${BASE}/enroll`, handle: enroll },
  { method: 'POST', path: `${BASE}/refresh`, handle: refresh },
  { method: 'POST', path: `${BASE}/pair`, handle: pair },
  { method: 'POST', path: `${BASE}/pair/status`, handle: pairStatus },
  { method: 'GET', path: BASE, handle: () => empty(426, { upgrade: 'websocket' }) },
];

export const HOST_SOCKET: SocketRoute = {
  path: BASE,
  refuse: (exchange, world) => {
    const server = connecting(exchange, world);
    return 'kind' in server ? server : undefined;
  },
  open: ({ socket, exchange, world, frames }) => {
    const server = connecting(exchange, world);
    if ('kind' in server) {
      socket.close(1011, 'refused');
      return;
    }
    const link = createHostLink(socket, frames, () => world.ids.uuid());
    server.link = link;
    server.lastSeenMs = world.clock.now();
    socket.on('close', () => {
      if (server.link === link) server.link = undefined;
      server.lastSeenMs = world.clock.now();
    });
  },
};
