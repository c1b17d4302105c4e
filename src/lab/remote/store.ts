/** Remote control's state: machines (servers), the phones and apps that may drive them (clients), pairing codes. */
import type { LabAccount } from '../accounts.ts';
import type { LabClock } from '../clock.ts';
import type { LabIds } from '../ids.ts';
import type { LabSettings } from '../settings.ts';
import type { HostLink } from './host-link.ts';

export interface RemoteServer {
  readonly serverId: string;
  readonly environmentId: string;
  readonly installationId: string;
  readonly account: LabAccount;
  readonly os: string;
  readonly arch: string;
  readonly version: string;
  name: string;
  token: string;
  tokenExpiresAtMs: number;
  lastSeenMs: number;
  /** The open connection of the machine. */
  link: HostLink | undefined;
  /** Another connection, which nobody can see, holds the machine's place. */
  ghost: boolean;
}

export interface RemoteClient {
  readonly clientId: string;
  readonly account: LabAccount;
  readonly displayName: string;
  readonly deviceType: string;
  status: 'pending_enrollment' | 'enrolled' | 'revoked';
  /** Public key (SPKI, DER, base64) of the device. */
  publicKey: string | undefined;
  /** Environments the client was paired with. */
  readonly environments: Set<string>;
  lastSeenMs: number;
}

export interface Pairing {
  readonly pairingCode: string;
  readonly manualCode: string;
  readonly server: RemoteServer;
  readonly expiresAtMs: number;
  claimedBy: string | undefined;
}

export interface EnrollRequest {
  readonly account: LabAccount;
  readonly installationId: string;
  readonly name: string;
  readonly os: string;
  readonly arch: string;
  readonly version: string;
}

export interface RemoteStore {
  enroll(request: EnrollRequest): RemoteServer;
  /** A new machine token for that server. */
  renew(server: RemoteServer): void;
  server(serverId: string): RemoteServer | undefined;
  serverByToken(token: string): RemoteServer | undefined;
  environment(environmentId: string): RemoteServer | undefined;
  servers(): readonly RemoteServer[];
  forget(server: RemoteServer): void;
  pair(server: RemoteServer): Pairing;
  pairing(code: string): Pairing | undefined;
  addClient(
    account: LabAccount,
    details?: Partial<Pick<RemoteClient, 'displayName' | 'deviceType' | 'status'>>,
  ): RemoteClient;
  client(clientId: string): RemoteClient | undefined;
  clients(): readonly RemoteClient[];
  removeClient(clientId: string): void;
}

const TOKEN_LIFETIME_MS = 60 * 60_000;

export function createRemoteStore(world: {
  readonly ids: LabIds;
  readonly clock: LabClock;
  settings(): LabSettings;
}): RemoteStore {
  const { ids, clock } = world;
  const servers = new Map<string, RemoteServer>();
  const clients = new Map<string, RemoteClient>();
  const pairings: Pairing[] = [];
  let enrolled = 0;
  let ghostSeen = false;

  const renew = (server: RemoteServer) => {
    server.token = `rct_lab_${ids.hex(48)}`;
    server.tokenExpiresAtMs = clock.now() + TOKEN_LIFETIME_MS;
  };

  /** A machine keeps its server id as long as its installation id stays; a ghost changes that (see `ghost`). */
  const existing = (request: EnrollRequest): RemoteServer | undefined =>
    [...servers.values()].find(
      (server) =>
        server.account === request.account &&
        server.installationId === request.installationId &&
        !(server.ghost && world.settings().ghost === 'first-server'),
    );

  const create = (request: EnrollRequest): RemoteServer => {
    const server: RemoteServer = {
      ...request,
      serverId: `srv_${ids.hex(32)}`,
      environmentId: `env_${ids.hex(32)}`,
      token: '',
      tokenExpiresAtMs: 0,
      lastSeenMs: clock.now(),
      link: undefined,
      ghost: world.settings().ghost !== 'none' && !ghostSeen,
    };
    if (server.ghost && world.settings().ghost === 'first-installation') server.name = 'other-machine';
    if (server.ghost) ghostSeen = true;
    servers.set(server.serverId, server);
    return server;
  };

  return {
    enroll: (request) => {
      const server = existing(request) ?? create(request);
      renew(server);
      enrolled += 1;
      if (enrolled <= world.settings().forgetServers) servers.delete(server.serverId);
      return server;
    },
    renew,
    server: (serverId) => servers.get(serverId),
    serverByToken: (token) => [...servers.values()].find((server) => server.token === token),
    environment: (environmentId) =>
      [...servers.values()].find((server) => server.environmentId === environmentId),
    servers: () => [...servers.values()],
    forget: (server) => {
      servers.delete(server.serverId);
      for (const client of clients.values()) client.environments.delete(server.environmentId);
      server.link?.close(4404, 'environment removed');
    },
    pair: (server) => {
      const pairing: Pairing = {
        pairingCode: `pair_${ids.hex(40)}`,
        manualCode: ids.code(),
        server,
        expiresAtMs: clock.now() + world.settings().pairingSeconds * 1000,
        claimedBy: undefined,
      };
      pairings.push(pairing);
      return pairing;
    },
    pairing: (code) =>
      pairings.find((pairing) => pairing.pairingCode === code || pairing.manualCode === code),
    addClient: (account, details = {}) => {
      const client: RemoteClient = {
        clientId: `cli_${ids.hex(24)}`,
        account,
        displayName: details.displayName ?? 'Example phone',
        deviceType: details.deviceType ?? 'phone',
        status: details.status ?? 'pending_enrollment',
        publicKey: undefined,
        environments: new Set(),
        lastSeenMs: clock.now(),
      };
      clients.set(client.clientId, client);
      return client;
    },
    client: (clientId) => clients.get(clientId),
    clients: () => [...clients.values()],
    removeClient: (clientId) => {
      clients.delete(clientId);
    },
  };
}
