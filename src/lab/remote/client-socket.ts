/** The controller's WebSocket: after the device has proven its key, envelopes pass between it and its machines. */
import { detail } from '../answer.ts';
import { parseFields, textField } from '../exchange.ts';
import type { SocketContext, SocketRoute } from '../routes.ts';
import { isProven } from './device-key.ts';
import { refuseRemoteCaller } from './host-routes.ts';

const PATH = '/backend-api/codex/remote/control/client';

function open({ socket, exchange, world, frames }: SocketContext): void {
  const client = world.remote.client(String(exchange.headers['x-codex-client-id'] ?? ''));
  if (client === undefined) {
    socket.close(1011, 'refused');
    return;
  }
  const nonce = world.ids.hex(32);
  let proven = false;
  const stops = new Map<string, () => void>();

  frames.send({ type: 'device_key_challenge', nonce, client_id: client.clientId });
  socket.on('message', (data) => {
    const envelope = parseFields(data.toString());
    if (envelope === undefined) return;
    if (!proven) {
      proven = isProven(client.publicKey ?? '', envelope);
      if (!proven) socket.close(4403, 'device key proof is invalid');
      return;
    }
    const environmentId = textField(envelope, 'env_id');
    const link = client.environments.has(environmentId)
      ? world.remote.environment(environmentId)?.link
      : undefined;
    if (link === undefined) {
      frames.send({ type: 'error', env_id: environmentId, message: 'Environment is offline' });
      return;
    }
    if (!stops.has(environmentId)) {
      stops.set(
        environmentId,
        link.listen(client.clientId, (answer) => frames.send({ ...answer, env_id: environmentId })),
      );
    }
    const { env_id: _named, ...rest } = envelope;
    link.send({ ...rest, client_id: client.clientId });
  });
  socket.on('close', () => {
    for (const stop of stops.values()) stop();
  });
}

export const CLIENT_SOCKET: SocketRoute = {
  path: PATH,
  refuse: (exchange, world) => {
    const refused = refuseRemoteCaller(exchange.caller, world);
    if (refused !== undefined) return refused;
    const client = world.remote.client(String(exchange.headers['x-codex-client-id'] ?? ''));
    if (client === undefined || client.status === 'revoked') {
      return detail(403, 'Remote-control client has been revoked');
    }
    return undefined;
  },
  open,
};
