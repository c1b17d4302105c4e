/** The controller's side: a phone or an app enrols with a device key, proves it, claims a pairing code, is revoked. */
import { detail, empty, json, type LabAnswer } from '../answer.ts';
import { signedIn } from '../backend/account-routes.ts';
import { bodyFields, parseFields, textField } from '../exchange.ts';
import type { LabRoute } from '../routes.ts';
import type { LabWorld } from '../world.ts';
import { isProven } from './device-key.ts';
import { refuseRemoteCaller } from './host-routes.ts';
import { type ListedClient, listedClient, page } from './listing.ts';
import type { RemoteClient } from './store.ts';

const CODEX = '/backend-api/codex/remote/control/client';
const WHAM = '/backend-api/wham/remote/control';

/** Like `signedIn`, for callers that the workspace and MFA rules let in. */
export function remoteUser(handle: Parameters<typeof signedIn>[0]): LabRoute['handle'] {
  return signedIn(
    (caller, world, exchange) => refuseRemoteCaller(caller, world) ?? handle(caller, world, exchange),
  );
}

function challengeFor(client: RemoteClient, world: LabWorld, path: string): object {
  return {
    client_id: client.clientId,
    account_user_id: client.account.userId,
    device_key_challenge: {
      challenge_id: `chal_${world.ids.hex(16)}`,
      challenge_token: `chtok_${world.ids.hex(32)}`,
      nonce: world.ids.hex(32),
      account_user_id: client.account.userId,
      client_id: client.clientId,
      challenge_expires_at: world.clock.iso(60_000),
      target_origin: world.baseUrl,
      target_path: path,
    },
  };
}

function members(fields: Readonly<Record<string, unknown>>, name: string): Readonly<Record<string, unknown>> {
  return parseFields(JSON.stringify(fields[name] ?? null)) ?? {};
}

function clientToken(client: RemoteClient, world: LabWorld): LabAnswer {
  client.lastSeenMs = world.clock.now();
  return json(200, {
    client_id: client.clientId,
    remote_control_token: `rcc_lab_${world.ids.hex(48)}`,
    expires_at: world.clock.iso(60 * 60_000),
    scopes: ['codex.remote_control'],
  });
}

/** The client that a body names, or why it may go no further. */
function knownClient(fields: Readonly<Record<string, unknown>>, world: LabWorld): RemoteClient | LabAnswer {
  const client = world.remote.client(textField(fields, 'client_id'));
  if (client === undefined || client.status === 'revoked') {
    return detail(403, 'Remote-control client has been revoked');
  }
  return client;
}

const finishEnrolment: LabRoute['handle'] = remoteUser((_caller, world, exchange) => {
  const fields = bodyFields(exchange);
  const client = knownClient(fields, world);
  if ('kind' in client) return client;
  const publicKey = textField(members(fields, 'device_identity'), 'public_key_spki_der_base64');
  if (!isProven(publicKey, members(fields, 'device_key_proof')))
    return detail(403, 'Device key proof is invalid');
  client.publicKey = publicKey;
  client.status = 'enrolled';
  return clientToken(client, world);
});

const finishRefresh: LabRoute['handle'] = remoteUser((_caller, world, exchange) => {
  const fields = bodyFields(exchange);
  const client = knownClient(fields, world);
  if ('kind' in client) return client;
  if (client.publicKey === undefined) return detail(403, 'Remote-control client key material missing');
  if (!isProven(client.publicKey, members(fields, 'device_key_proof')))
    return detail(403, 'Device key proof is invalid');
  return clientToken(client, world);
});

const claimPairing: LabRoute['handle'] = remoteUser((caller, world, exchange) => {
  const fields = bodyFields(exchange);
  const client = knownClient(fields, world);
  if ('kind' in client) return client;
  const pairing = world.remote.pairing(
    textField(fields, 'manual_pairing_code') || textField(fields, 'pairing_code'),
  );
  if (pairing === undefined || pairing.server.account !== caller.account)
    return detail(404, 'Pairing code not found');
  if (pairing.expiresAtMs <= world.clock.now()) return detail(410, 'Pairing code has expired');
  if (pairing.claimedBy !== undefined) return detail(409, 'Pairing code was already claimed');
  pairing.claimedBy = client.clientId;
  client.environments.add(pairing.server.environmentId);
  return json(200, { environment_id: pairing.server.environmentId });
});

export const CLIENT_ROUTES: readonly LabRoute[] = [
  {
    method: 'POST',
    path: `${CODEX}/enroll/start`,
    handle: remoteUser(({ account }, world) =>
      json(200, challengeFor(world.remote.addClient(account), world, `${CODEX}/enroll/finish`)),
    ),
  },
  { method: 'POST', path: `${CODEX}/enroll/finish`, handle: finishEnrolment },
  {
    method: 'POST',
    path: `${CODEX}/refresh/start`,
    handle: remoteUser((_caller, world, exchange) => {
      const client = knownClient(bodyFields(exchange), world);
      return 'kind' in client ? client : json(200, challengeFor(client, world, `${CODEX}/refresh/finish`));
    }),
  },
  { method: 'POST', path: `${CODEX}/refresh/finish`, handle: finishRefresh },
  { method: 'POST', path: `${WHAM}/client/pair`, handle: claimPairing },
  {
    method: 'GET',
    path: `${WHAM}/clients`,
    handle: remoteUser(({ account }, world, { url }) => {
      const listed: ListedClient[] = world.remote
        .clients()
        .filter((client) => client.account === account && client.status !== 'revoked')
        .map(listedClient);
      return page(url, listed);
    }),
  },
  {
    method: 'DELETE',
    path: `${WHAM}/clients/:client`,
    handle: remoteUser(({ account }, world, { params }) => {
      const client = world.remote.client(params.client ?? '');
      if (client === undefined || client.account !== account) return detail(404, 'Client not found');
      world.remote.removeClient(client.clientId);
      return empty(204);
    }),
  },
  {
    method: 'GET',
    path: `${WHAM}/mfa_requirement`,
    handle: signedIn((_caller, world) =>
      json(200, { requirement: world.settings().requireMfa ? 'required' : 'not_required' }),
    ),
  },
];
