/**
 * What this Codex home remembers of remote control, both roles: the machine's enrolment rows, and the desktop app's clients,
 * saved hosts and own ids. What belongs to another account or another backend is told apart, and never judged.
 */

import {
  type ClientEnrollment,
  environmentOfHost,
  type GlobalState,
  type GlobalStateFiles,
  readGlobalState,
} from '../codex/global-state.ts';
import type { CodexScope } from '../codex/home.ts';
import { hostName } from '../codex/installation-id.ts';
import { type RemoteEnrollment, readEnrollments } from '../codex/state-db.ts';
import { isOwnAccountUser, type RemoteLogin } from './backend/login.ts';

/** One client enrolment, and the files in which it stands. */
export interface LocalClient {
  readonly key: string;
  readonly clientId: string | null;
  readonly paths: readonly string[];
}

/** An environment id that the app keeps, and where. */
export interface SavedEnvironment {
  readonly environmentId: string;
  readonly places: readonly string[];
}

export interface LocalState {
  readonly hostName: string;
  readonly files: GlobalStateFiles;
  /** Clients of this login and this backend. */
  readonly clients: readonly LocalClient[];
  /** Clients of other accounts, other backends, or without a name: how many. */
  readonly otherClients: number;
  /** Saved hosts (selected, auto-connect, added) that no other account's row claims. */
  readonly saved: readonly SavedEnvironment[];
  /** What the app calls its own environment; `null` where it has none, or another account's row claims it. */
  readonly ownEnvironment: SavedEnvironment | null;
  /** Rows of this account and this backend. */
  readonly rows: readonly RemoteEnrollment[];
  readonly otherRows: readonly RemoteEnrollment[];
  /** Files or tables that are there and cannot be read: nothing is concluded about what they hold. */
  readonly unreadable: readonly { readonly where: string; readonly message: string }[];
}

/** Reads all of it, as it concerns that login at that backend. */
export async function readLocalState(scope: CodexScope, login: RemoteLogin, base: URL): Promise<LocalState> {
  const [files, rows, name] = await Promise.all([
    readGlobalState(scope),
    readEnrollments(scope),
    hostName(scope.host),
  ]);
  const states = [files.main, files.backup].flatMap((file) =>
    file.kind === 'ok' ? [{ path: file.path, state: file.value }] : [],
  );
  const allRows = rows.kind === 'ok' ? rows.value : [];
  const ownRows = allRows.filter(
    (row) => row.accountId === login.accountId && isBelow(row.websocketUrl, base),
  );
  const otherRows = allRows.filter((row) => !ownRows.includes(row));
  const foreign = new Set(otherRows.map(({ environmentId }) => environmentId));
  for (const { environmentId } of ownRows) foreign.delete(environmentId);

  const clients = gather(
    states.flatMap(({ path, state }) =>
      state.enrollments.map((client) => ({ path, key: client.key, client })),
    ),
  );
  const own = clients.filter(({ client }) => isOwnClient(client, login, base));
  const saved = gather(
    states.flatMap(({ path, state }) =>
      placesOf(state).map(({ id, place }) => ({ path: `${path} › ${place}`, key: id })),
    ),
  );
  const local = gather(
    states.flatMap(({ path, state }) =>
      state.localEnvironmentId === null ? [] : [{ path, key: state.localEnvironmentId }],
    ),
  ).filter(({ key }) => !foreign.has(key));
  return {
    hostName: name,
    files,
    clients: own.map(({ key, client, paths }) => ({ key, clientId: client.clientId, paths })),
    otherClients: clients.length - own.length,
    saved: saved
      .filter(({ key }) => !foreign.has(key))
      .map(({ key, paths }) => ({ environmentId: key, places: paths })),
    ownEnvironment: local[0] === undefined ? null : { environmentId: local[0].key, places: local[0].paths },
    rows: ownRows,
    otherRows,
    unreadable: [files.main, files.backup, rows].flatMap((reading) =>
      reading.kind === 'unreadable' || reading.kind === 'malformed'
        ? [{ where: reading.path, message: reading.message }]
        : [],
    ),
  };
}

/** A client belongs to one user at one backend; its key names both. */
export function isOwnClient(client: ClientEnrollment, login: RemoteLogin, base: URL): boolean {
  if (!isOwnAccountUser(login, client.accountUserId)) return false;
  const named = client.scope?.apiBase;
  return named === undefined || withSlash(named) === base.href;
}

/** Whether that websocket address lies below that backend. */
export function isBelow(websocketUrl: string, base: URL): boolean {
  return websocketUrl.startsWith(base.href.replace(/^http/, 'ws'));
}

function withSlash(url: string): string {
  return url.endsWith('/') ? url : `${url}/`;
}

function placesOf(state: GlobalState): readonly { readonly id: string; readonly place: string }[] {
  const selected = environmentOfHost(state.selectedHostId ?? '');
  return [
    ...(selected === null ? [] : [{ id: selected, place: 'selected host' }]),
    ...Object.keys(state.autoConnect).flatMap((host) => {
      const id = environmentOfHost(host);
      return id === null ? [] : [{ id, place: 'auto-connect' }];
    }),
    ...state.addedEnvironmentIds.map((id) => ({ id, place: 'added environments' })),
  ];
}

/** The same thing stands in both files as a rule: one entry a key, with all its places. */
function gather<T extends { readonly key: string; readonly path: string }>(
  items: readonly T[],
): readonly (T & { readonly paths: readonly string[] })[] {
  const found = new Map<string, T & { readonly paths: readonly string[] }>();
  for (const item of items) {
    const known = found.get(item.key);
    found.set(item.key, { ...(known ?? item), paths: [...(known?.paths ?? []), item.path] });
  }
  return [...found.values()];
}
