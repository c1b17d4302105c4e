import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Fault } from '../support/fault-runner.ts';
import { configureTop, edit, editAuth, put } from './change.ts';

const malformed = (name: string, inject: Fault['inject']): Fault => ({
  name,
  id: 'auth.credentials_malformed',
  repairable: false,
  inject,
});

export const AUTH_FAULTS: readonly Fault[] = [
  {
    name: 'no auth.json',
    id: 'auth.not_logged_in',
    repairable: false,
    inject: (world) => rm(join(world.codexHome, 'auth.json')),
  },
  malformed('auth.json cut in half', (world) =>
    edit(world, 'auth.json', (text) => text.slice(0, text.length / 2)),
  ),
  malformed('auth.json empty', (world) => put(world, 'auth.json', '')),
  malformed('auth.json holds binary garbage', (world) =>
    put(world, 'auth.json', Buffer.from([0, 255, 254, 7, 0, 1])),
  ),
  malformed('auth.json holds a list', (world) => put(world, 'auth.json', '[]')),
  malformed('refresh token empty', (world) =>
    editAuth(world, (auth) => {
      auth.tokens = { ...auth.tokens, refresh_token: '' };
    }),
  ),
  malformed('id token missing', (world) =>
    editAuth(world, (auth) => {
      delete auth.tokens?.id_token;
    }),
  ),
  malformed('tokens are a text', (world) =>
    edit(world, 'auth.json', (text) => JSON.stringify({ ...JSON.parse(text), tokens: 'none' })),
  ),
  {
    name: 'API key stored with its quotes',
    id: 'auth.apikey_invalid',
    repairable: false,
    inject: (world) =>
      put(world, 'auth.json', JSON.stringify({ auth_mode: 'apikey', OPENAI_API_KEY: '"sk-proj-invented"' })),
  },
  {
    name: 'API key stored with a line break',
    id: 'auth.apikey_invalid',
    repairable: false,
    inject: (world) =>
      put(world, 'auth.json', JSON.stringify({ auth_mode: 'apikey', OPENAI_API_KEY: 'sk-proj-inv\nented' })),
  },
  {
    name: 'CODEX_API_KEY exported beside a ChatGPT login',
    id: 'auth.apikey_conflict',
    repairable: false,
    inject: async (world) => {
      world.env.CODEX_API_KEY = 'sk-proj-invented-for-a-test';
    },
  },
  {
    name: 'keyring as credential store, without any keyring',
    id: 'auth.credential_store',
    repairable: true,
    inject: async (world) => {
      await configureTop(world, 'cli_auth_credentials_store = "keyring"');
      await rm(join(world.codexHome, 'auth.json'));
    },
  },
  {
    name: 'ChatGPT login pointed at api.openai.com',
    id: 'auth.wrong_endpoint_for_token',
    repairable: true,
    inject: (world) => configureTop(world, 'openai_base_url = "https://api.openai.com/v1"'),
  },
  {
    name: 'login ports 1455 and 1457 held by another program',
    id: 'auth.callback_port_in_use',
    repairable: false,
    inject: async (world) => {
      await rm(join(world.codexHome, 'auth.json'));
      const servers = [1455, 1457].map((port) => createServer().listen(port, '127.0.0.1'));
      await Promise.all(servers.map((server) => new Promise((resolve) => server.once('listening', resolve))));
      return async () => {
        for (const server of servers) server.close();
      };
    },
  },
  {
    name: 'openai_base_url points at a proxy that is down',
    id: 'provider.local_endpoint_down',
    repairable: true,
    inject: (world) => configureTop(world, 'openai_base_url = "http://127.0.0.1:9/v1"'),
  },
  {
    name: 'own provider in force whose server is down',
    id: 'provider.local_endpoint_down',
    repairable: true,
    inject: (world) =>
      configureTop(
        world,
        'model_provider = "local"\nmodel_providers.local = { name = "local", base_url = "http://127.0.0.1:9/v1", wire_api = "responses" }',
      ),
  },
  {
    name: 'account pool cut off, and no copy of it',
    id: 'pool.store_corrupt',
    repairable: false,
    inject: (world) => put(world, POOL, poolOf({}).slice(0, 60)),
  },
  {
    name: 'login of the pool refused by the server',
    id: 'auth.refresh_token_reused',
    repairable: false,
    inject: (world) =>
      put(world, POOL, poolOf({ authInvalidatedAt: 1, authInvalidationErrorCode: 'refresh_token_reused' })),
  },
  {
    name: 'every account of the pool waits',
    id: 'pool.exhausted',
    repairable: false,
    inject: (world) =>
      put(world, POOL, poolOf({ rateLimitResetTimes: { 'gpt-5.2': Date.now() + 3_600_000 } })),
  },
];

const POOL = 'multi-auth/openai-codex-accounts.json';

function poolOf(members: object): string {
  const row = {
    refreshToken: 'rt_invented-for-a-test',
    accountId: '0b1c5d9e-0000-4000-8000-00000000a11a',
    email: 'ada@example.test',
    addedAt: 1,
    lastUsed: 1,
    ...members,
  };
  return JSON.stringify({ version: 3, accounts: [row], activeIndex: 0 }, null, 2);
}
