/** Machines as the account's owner sees them: list, rename, remove; and the clients that may use each. */

import type { LabAccount } from '../accounts.ts';
import { detail, empty, json, type LabAnswer } from '../answer.ts';
import { bodyFields, textField } from '../exchange.ts';
import type { LabRoute } from '../routes.ts';
import type { LabWorld } from '../world.ts';
import { remoteUser } from './client-routes.ts';
import { listedClient, listedEnvironment, page } from './listing.ts';
import type { RemoteServer } from './store.ts';

const CODEX = '/backend-api/codex/remote/control';
const WHAM = '/backend-api/wham/remote/control';

function owned(account: LabAccount, id: string | undefined, world: LabWorld): RemoteServer | LabAnswer {
  const server = world.remote.environment(id ?? '');
  return server?.account === account ? server : detail(404, 'Environment not found');
}

export const ENVIRONMENT_ROUTES: readonly LabRoute[] = [
  {
    method: 'GET',
    path: `${CODEX}/environments`,
    handle: remoteUser(({ account }, world, { url }) =>
      page(
        url,
        world.remote
          .servers()
          .filter((server) => server.account === account)
          .map((server) => listedEnvironment(server, world)),
      ),
    ),
  },
  {
    method: 'GET',
    path: `${CODEX}/environments/:env`,
    handle: remoteUser(({ account }, world, { params }) => {
      const server = owned(account, params.env, world);
      return 'kind' in server ? server : json(200, listedEnvironment(server, world));
    }),
  },
  {
    method: 'PATCH',
    path: `${CODEX}/environments/:env`,
    handle: remoteUser(({ account }, world, exchange) => {
      const server = owned(account, exchange.params.env, world);
      if ('kind' in server) return server;
      const name = textField(bodyFields(exchange), 'display_name');
      if (name === '') return detail(422, 'display_name is missing');
      server.name = name;
      return json(200, listedEnvironment(server, world));
    }),
  },
  {
    method: 'DELETE',
    path: `${CODEX}/environments/:env`,
    handle: remoteUser(({ account }, world, { params }) => {
      const server = owned(account, params.env, world);
      if ('kind' in server) return server;
      if (server.link !== undefined || server.ghost) return detail(409, 'Environment is online');
      world.remote.forget(server);
      return empty(204);
    }),
  },
  {
    method: 'GET',
    path: `${CODEX}/clients/:client/environments`,
    handle: remoteUser(({ account }, world, { params, url }) => {
      const client = world.remote.client(params.client ?? '');
      if (client === undefined || client.account !== account) return detail(404, 'Client not found');
      if (client.status === 'revoked') return detail(403, 'Remote-control client has been revoked');
      const servers = world.remote
        .servers()
        .filter((server) => client.environments.has(server.environmentId));
      return page(
        url,
        servers.map((server) => listedEnvironment(server, world)),
      );
    }),
  },
  {
    method: 'GET',
    path: `${WHAM}/environments/:env/clients`,
    handle: remoteUser(({ account }, world, { params, url }) => {
      const server = owned(account, params.env, world);
      if ('kind' in server) return server;
      const clients = world.remote
        .clients()
        .filter((client) => client.environments.has(server.environmentId));
      return page(url, clients.map(listedClient));
    }),
  },
  {
    method: 'DELETE',
    path: `${WHAM}/environments/:env/clients/:client`,
    handle: remoteUser(({ account }, world, { params }) => {
      const server = owned(account, params.env, world);
      if ('kind' in server) return server;
      const removed =
        world.remote.client(params.client ?? '')?.environments.delete(server.environmentId) ?? false;
      return removed ? empty(204) : detail(404, 'Client not found');
    }),
  },
];
