/** How clients and environments are listed: in pages, with a cursor. */
import { detail, json, type LabAnswer } from '../answer.ts';
import type { LabWorld } from '../world.ts';
import type { RemoteClient, RemoteServer } from './store.ts';

export interface ListedClient {
  readonly client_id: string;
  readonly enrollment_status: string;
  readonly display_name: string;
  readonly device_type: string;
  readonly platform: string;
  readonly last_seen_at: string;
}

export function listedClient(client: RemoteClient): ListedClient {
  return {
    client_id: client.clientId,
    enrollment_status: client.status,
    display_name: client.displayName,
    device_type: client.deviceType,
    platform: 'ios',
    last_seen_at: new Date(client.lastSeenMs).toISOString(),
  };
}

export function listedEnvironment(server: RemoteServer, world: LabWorld): object {
  const connected = server.link !== undefined || server.ghost;
  return {
    env_id: server.environmentId,
    kind: 'remote_control',
    display_name: server.name,
    host_name: server.name,
    online: connected && world.settings().presence === 'live',
    busy: false,
    os: server.os,
    os_version: null,
    arch: server.arch,
    app_server_version: server.version,
    client_type: 'CODEX_CLI',
    client_name: 'codex_cli_rs',
    client_version: server.version,
    last_seen_at: new Date(server.lastSeenMs).toISOString(),
  };
}

/** One page of `items`: `limit` 1..100, `order` asc or desc, `cursor` from the page before. */
export function page(url: URL, items: readonly object[]): LabAnswer {
  const limit = Number(url.searchParams.get('limit') ?? '100');
  if (!Number.isInteger(limit) || limit < 1 || limit > 100)
    return detail(422, 'limit must be between 1 and 100');
  const start = Number(url.searchParams.get('cursor') || '0');
  if (!Number.isInteger(start) || start < 0) return detail(422, 'cursor is invalid');
  const ordered = url.searchParams.get('order') === 'desc' ? [...items].reverse() : items;
  const end = start + limit;
  return json(200, { items: ordered.slice(start, end), cursor: end < ordered.length ? String(end) : null });
}
