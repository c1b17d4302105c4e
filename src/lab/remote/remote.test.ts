import { generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { PASSWORD_ONLY, WITH_MFA } from '../issuer/sessions.ts';
import { type Lab, startLab } from '../lab.ts';
import { createChunkJoiner } from './host-link.ts';

const WHAM = '/backend-api/wham/remote/control';
const CODEX = '/backend-api/codex/remote/control';

let lab: Lab;
let person: Record<string, string>;
const sockets: WebSocket[] = [];

async function signIn(amr = WITH_MFA, name: 'plus' | 'pro' = 'plus'): Promise<Record<string, string>> {
  const account = lab.world.account(name);
  const tokens = await lab.world.sessions.issue(lab.world.sessions.open(account, amr));
  return { authorization: `Bearer ${tokens.access_token}`, 'chatgpt-account-id': account.accountId };
}

beforeEach(async () => {
  lab = await startLab();
  person = await signIn();
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await lab.stop();
});

async function ask(method: string, path: string, body?: unknown, headers = person) {
  const answer = await fetch(lab.url + path, {
    method,
    headers: { ...headers, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: (text === '' ? null : JSON.parse(text)) as Record<string, never> };
}

interface Enrolment {
  readonly server_id: string;
  readonly environment_id: string;
  readonly remote_control_token: string;
}

const MACHINE = {
  name: 'box',
  os: 'linux',
  arch: 'x86_64',
  app_server_version: '0.169.0',
  installation_id: 'inst-1',
};

async function enroll(machine: object = MACHINE, headers = person): Promise<Enrolment> {
  const { status, body } = await ask('POST', `${WHAM}/server/enroll`, machine, headers);
  expect(status).toBe(200);
  return body as unknown as Enrolment;
}

function dial(path: string, headers: Record<string, string>): WebSocket {
  const socket = new WebSocket(lab.url + path, { headers });
  sockets.push(socket);
  return socket;
}

function dialHost({ server_id, remote_control_token }: Enrolment): WebSocket {
  return dial(`${WHAM}/server`, {
    authorization: `Bearer ${remote_control_token}`,
    'x-codex-server-id': server_id,
  });
}

/** A machine that answers JSON-RPC as an app-server does. */
async function onlineHost(enrolment: Enrolment): Promise<WebSocket> {
  const socket = dialHost(enrolment);
  socket.on('message', (data) => {
    const { type, client_id, stream_id, message } = JSON.parse(data.toString());
    if (type !== 'client_message' || message.id === undefined) return;
    const result = message.method === 'initialize' ? { userAgent: 'fake' } : { echoed: message.params };
    socket.send(
      JSON.stringify({
        type: 'server_message',
        client_id,
        stream_id,
        seq_id: 1,
        message: { id: message.id, result },
      }),
    );
  });
  await once(socket, 'open');
  return socket;
}

describe('the machine', () => {
  test('enrols, keeps its ids while its installation stays, connects, and is refused while it is online', async () => {
    const first = await enroll();
    const again = await enroll();
    expect([again.server_id, again.environment_id]).toEqual([first.server_id, first.environment_id]);
    await onlineHost(again);
    await expect(once(dialHost(again), 'open')).rejects.toThrow('409');
    expect(lab.state().servers).toMatchObject([{ online: true, installationId: 'inst-1', account: 'plus' }]);
  });

  test('is told what is missing', async () => {
    expect(await ask('POST', `${WHAM}/server/enroll`, { name: 'box' })).toMatchObject({
      status: 422,
      body: { detail: 'Missing: os, arch, app_server_version, installation_id' },
    });
  });

  test('is let in only after a second factor when the account needs one', async () => {
    await lab.control({ do: 'scenario', name: 'mfa-required' });
    const weak = await signIn(PASSWORD_ONLY);
    expect(await ask('POST', `${WHAM}/server/enroll`, MACHINE, weak)).toMatchObject({
      status: 403,
      body: { detail: 'Multi-factor authentication required' },
    });
    expect((await ask('GET', `${WHAM}/mfa_requirement`, undefined, weak)).body).toEqual({
      requirement: 'required',
    });
    expect((await ask('GET', '/backend-api/accounts/mfa_info', undefined, weak)).body).toEqual({
      mfa_enabled_v2: false,
    });
    await enroll(MACHINE, await signIn(WITH_MFA));
  });

  test('refreshes its token, unless the server forgot it or it belongs to somebody else', async () => {
    const { server_id, remote_control_token } = await enroll();
    const refreshed = await ask('POST', `${WHAM}/server/refresh`, { server_id, installation_id: 'inst-1' });
    expect(refreshed).toMatchObject({ status: 200, body: { server_id } });
    expect(refreshed.body.remote_control_token).not.toBe(remote_control_token);
    const other = await signIn(WITH_MFA, 'pro');
    expect((await ask('POST', `${WHAM}/server/refresh`, { server_id }, other)).status).toBe(404);
    await lab.control({ do: 'forget-servers' });
    expect(await ask('POST', `${WHAM}/server/refresh`, { server_id })).toMatchObject({
      status: 404,
      body: { detail: 'Remote app server not found' },
    });
  });

  test('a ghost on the first server goes away with a new enrolment, one on the installation only with a new id', async () => {
    await lab.control({ do: 'scenario', name: 'already-online' });
    await expect(once(dialHost(await enroll()), 'open')).rejects.toThrow('409');
    await onlineHost(await enroll());
    const pro = await signIn(WITH_MFA, 'pro');
    await lab.stop();
    lab = await startLab({ scenario: 'identity-collision' });
    person = await signIn(WITH_MFA);
    expect(pro).toBeDefined();
    await expect(once(dialHost(await enroll()), 'open')).rejects.toThrow('409');
    await expect(once(dialHost(await enroll()), 'open')).rejects.toThrow('409');
    await onlineHost(await enroll({ ...MACHINE, installation_id: 'inst-2' }));
  });

  test('speaks envelopes: a JSON-RPC call goes to it and back', async () => {
    const enrolment = await enroll();
    await onlineHost(enrolment);
    const answer = await lab.control({
      do: 'call-host',
      environmentId: enrolment.environment_id,
      method: 'thing/read',
      params: { x: 1 },
    });
    expect(answer).toEqual({ result: { echoed: { x: 1 } } });
  });
});

test('chunked messages are put together in their order', () => {
  const text = Buffer.from(JSON.stringify({ id: 7, result: 'long' }));
  const join = createChunkJoiner();
  const chunk = (segment_id: number, part: Buffer) => ({
    type: 'server_message_chunk',
    client_id: 'c',
    stream_id: 's',
    seq_id: 1,
    segment_id,
    segment_count: 2,
    message_chunk_base64: part.toString('base64'),
  });
  expect(join(chunk(1, text.subarray(10)))).toBeUndefined();
  expect(join(chunk(0, text.subarray(0, 10)))).toMatchObject({ message: { id: 7, result: 'long' } });
});

describe('pairing', () => {
  const machineAuth = (token: string) => ({ authorization: `Bearer ${token}` });

  test('a code is made, claimed by an enrolled client, and reported as claimed', async () => {
    const enrolment = await enroll();
    const auth = machineAuth(enrolment.remote_control_token);
    const made = await ask('POST', `${WHAM}/server/pair`, { manual_code: true }, auth);
    expect(made.body.manual_pairing_code).toMatch(/^[A-Z]{4}-\d{4}$/);
    const status = () =>
      ask('POST', `${WHAM}/server/pair/status`, { pairing_code: made.body.pairing_code }, auth);
    expect((await status()).body).toEqual({ claimed: false });
    const [clientId] = (await lab.control({ do: 'add-clients', account: 'plus', count: 1 })) as string[];
    const claim = { client_id: clientId, manual_pairing_code: made.body.manual_pairing_code };
    expect((await ask('POST', `${WHAM}/client/pair`, claim)).status).toBe(200);
    expect((await status()).body).toEqual({ claimed: true });
    expect((await ask('POST', `${WHAM}/client/pair`, claim)).status).toBe(409);
    const listed = await ask('GET', `${WHAM}/environments/${enrolment.environment_id}/clients?limit=1`);
    expect(listed.body).toMatchObject({ items: [{ client_id: clientId }], cursor: null });
    const grant = `${WHAM}/environments/${enrolment.environment_id}/clients/${clientId}`;
    expect((await ask('DELETE', grant)).status).toBe(204);
    expect((await ask('DELETE', grant)).status).toBe(404);
  });

  test('an expired code cannot be claimed', async () => {
    const enrolment = await enroll();
    const auth = machineAuth(enrolment.remote_control_token);
    const made = await ask('POST', `${WHAM}/server/pair`, { manual_code: true }, auth);
    await lab.control({ do: 'move-clock', ms: 601_000 });
    const [clientId] = (await lab.control({ do: 'add-clients', account: 'plus', count: 1 })) as string[];
    const claim = { client_id: clientId, manual_pairing_code: made.body.manual_pairing_code };
    expect(await ask('POST', `${WHAM}/client/pair`, claim)).toMatchObject({
      status: 410,
      body: { detail: 'Pairing code has expired' },
    });
  });

  test('a person’s token makes no pairing code', async () => {
    expect((await ask('POST', `${WHAM}/server/pair`, {})).status).toBe(401);
  });
});

describe('the controller', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const proof = (payload = 'payload') => ({
    signed_payload_base64: Buffer.from(payload).toString('base64'),
    signature_der_base64: sign('sha256', Buffer.from(payload), privateKey).toString('base64'),
    algorithm: 'ecdsa_p256_sha256',
  });
  const identity = {
    key_id: 'k',
    public_key_spki_der_base64: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
    algorithm: 'ecdsa_p256_sha256',
  };

  async function enrolClient(): Promise<string> {
    const { body } = await ask('POST', `${CODEX}/client/enroll/start`, {});
    const finished = await ask('POST', `${CODEX}/client/enroll/finish`, {
      client_id: body.client_id,
      device_identity: identity,
      device_key_proof: proof(),
    });
    expect(finished.status).toBe(200);
    return body.client_id as unknown as string;
  }

  test('enrols with a device key that it proves, and refreshes with the same', async () => {
    const client_id = await enrolClient();
    expect((await ask('POST', `${CODEX}/client/refresh/start`, { client_id })).status).toBe(200);
    const finish = (device_key_proof: object) =>
      ask('POST', `${CODEX}/client/refresh/finish`, { client_id, device_key_proof });
    expect((await finish(proof())).status).toBe(200);
    expect((await finish({ ...proof('one'), signed_payload_base64: 'dHdv' })).status).toBe(403);
  });

  test('is told so when it was revoked', async () => {
    const client_id = await enrolClient();
    await lab.control({ do: 'revoke-client', clientId: client_id });
    expect(await ask('POST', `${CODEX}/client/refresh/start`, { client_id })).toMatchObject({
      status: 403,
      body: { detail: 'Remote-control client has been revoked' },
    });
  });

  test('piled-up pending clients are listed in pages and can be removed one by one', async () => {
    await lab.control({ do: 'scenario', name: 'pending-clients' });
    const first = await ask('GET', `${WHAM}/clients?limit=15`);
    const second = await ask('GET', `${WHAM}/clients?limit=15&cursor=${first.body.cursor}`);
    const items = [
      ...(first.body.items as unknown as object[]),
      ...(second.body.items as unknown as object[]),
    ];
    expect(items).toHaveLength(20);
    expect(items[0]).toMatchObject({ enrollment_status: 'pending_enrollment' });
    const id = lab.state().clients[0]?.clientId;
    expect((await ask('DELETE', `${WHAM}/clients/${id}`)).status).toBe(204);
    expect(lab.state().clients).toHaveLength(19);
    expect((await ask('GET', `${WHAM}/clients?limit=0`)).status).toBe(422);
  });

  test('reaches its machine through the WebSocket after it has proven its key', async () => {
    const enrolment = await enroll();
    const host = await onlineHost(enrolment);
    const client_id = await enrolClient();
    lab.world.remote.client(client_id)?.environments.add(enrolment.environment_id);
    const phone = dial(`${CODEX}/client`, { ...person, 'x-codex-client-id': client_id });
    const heard: Record<string, unknown>[] = [];
    phone.on('message', (data) => heard.push(JSON.parse(data.toString())));
    await expect.poll(() => heard).toMatchObject([{ type: 'device_key_challenge' }]);
    phone.send(JSON.stringify({ type: 'device_key_proof', ...proof() }));
    const envelope = { type: 'client_message', env_id: enrolment.environment_id, stream_id: 's', seq_id: 1 };
    phone.send(JSON.stringify({ ...envelope, message: { id: 'i', method: 'initialize' } }));
    await expect
      .poll(() => heard.at(-1))
      .toMatchObject({ env_id: enrolment.environment_id, type: 'server_message', message: { id: 'i' } });
    host.terminate();
    phone.send(JSON.stringify({ ...envelope, env_id: 'env_gone', message: {} }));
    await expect.poll(() => heard.at(-1)).toMatchObject({ type: 'error', message: 'Environment is offline' });
  });
});

test('an environment is listed, renamed, not removed while online, and then removed', async () => {
  const enrolment = await enroll();
  const path = `${CODEX}/environments/${enrolment.environment_id}`;
  const host = await onlineHost(enrolment);
  expect((await ask('GET', `${CODEX}/environments`)).body).toMatchObject({
    items: [{ env_id: enrolment.environment_id, online: true, host_name: 'box' }],
  });
  expect((await ask('PATCH', path, { display_name: 'desk' })).body).toMatchObject({ display_name: 'desk' });
  expect((await ask('DELETE', path)).status).toBe(409);
  host.terminate();
  await expect.poll(() => lab.state().servers[0]?.online).toBe(false);
  expect((await ask('GET', path, undefined, await signIn(WITH_MFA, 'pro'))).status).toBe(404);
  expect((await ask('DELETE', path)).status).toBe(204);
  expect((await ask('GET', path)).status).toBe(404);
});
