/** What the server knows of this account's remote control, asked in one go; and its word on ids that its lists do not name. */
import { redact } from '../storage/redact.ts';
import type { BackendAnswer } from './backend/answer.ts';
import type { RemoteBackend, RemoteClient, RemoteEnvironment } from './backend/backend.ts';
import type { LocalState } from './local-state.ts';

/** What the server says of one id. `unknown`: it did not answer so that anything follows. */
export type Verdict =
  | { readonly kind: 'alive' }
  | { readonly kind: 'gone'; readonly where: string; readonly what: string }
  | { readonly kind: 'unknown'; readonly why: string };

export interface ServerState {
  readonly clients: BackendAnswer<readonly RemoteClient[]>;
  readonly environments: BackendAnswer<readonly RemoteEnvironment[]>;
  readonly mfaRequired: BackendAnswer<{ readonly required: boolean | null }>;
  readonly mfaEnabled: BackendAnswer<{ readonly enabled: boolean }>;
  /** By client id, for the clients stored here. */
  readonly clientVerdicts: ReadonlyMap<string, Verdict>;
  /** By environment id, for every environment named here. */
  readonly environmentVerdicts: ReadonlyMap<string, Verdict>;
  /** Server's clock minus ours, in ms. */
  readonly clockSkewMs: number | null;
}

/** A stored state names a handful; a damaged one may name thousands. */
const MAX_QUESTIONS = 20;

/** Asks the server about the account and about everything that is stored here. Changes nothing. */
export async function readServerState(backend: RemoteBackend, local: LocalState): Promise<ServerState> {
  const [clients, environments, mfaRequired, mfaEnabled] = await Promise.all([
    backend.listClients(),
    backend.listEnvironments(),
    backend.mfaRequired(),
    backend.mfaEnabled(),
  ]);
  const clientIds = local.clients.flatMap(({ clientId }) => (clientId === null ? [] : [clientId]));
  const environmentIds = [
    ...local.saved.map(({ environmentId }) => environmentId),
    ...(local.ownEnvironment === null ? [] : [local.ownEnvironment.environmentId]),
    ...local.rows.map(({ environmentId }) => environmentId),
  ].filter((id) => id !== '');
  const [clientVerdicts, environmentVerdicts] = await Promise.all([
    judge(clientIds, (id) => judgeClient(backend, clients, id)),
    judge(environmentIds, (id) => judgeEnvironment(backend, environments, id)),
  ]);
  const skews = [clients, environments, mfaRequired].map((answer) =>
    answer.kind === 'failed' ? null : answer.clockSkewMs,
  );
  return {
    clients,
    environments,
    mfaRequired,
    mfaEnabled,
    clientVerdicts,
    environmentVerdicts,
    clockSkewMs: skews.find((skew) => skew !== null) ?? null,
  };
}

async function judge(
  ids: readonly string[],
  ask: (id: string) => Promise<Verdict>,
): Promise<ReadonlyMap<string, Verdict>> {
  const distinct = [...new Set(ids)];
  const verdicts = await Promise.all(
    distinct.map(
      async (id, index): Promise<[string, Verdict]> => [
        id,
        index < MAX_QUESTIONS ? await ask(id) : { kind: 'unknown', why: 'too many ids to ask about at once' },
      ],
    ),
  );
  return new Map(verdicts);
}

/** Gone is what the server says of that very client; that a list does not name it is not enough. */
async function judgeClient(
  backend: RemoteBackend,
  list: BackendAnswer<readonly RemoteClient[]>,
  id: string,
): Promise<Verdict> {
  if (list.kind !== 'ok') return { kind: 'unknown', why: whyNot(list) };
  const listed = list.value.find(({ clientId }) => clientId === id);
  if (listed?.status === 'revoked') return { kind: 'gone', where: 'the list of clients', what: 'revoked' };
  if (listed !== undefined) return { kind: 'alive' };
  return verdictOf(
    await backend.environmentsOf(id),
    (status, detail) => status === 404 || (status === 403 && /revoked/i.test(detail)),
  );
}

async function judgeEnvironment(
  backend: RemoteBackend,
  list: BackendAnswer<readonly RemoteEnvironment[]>,
  id: string,
): Promise<Verdict> {
  if (list.kind !== 'ok') return { kind: 'unknown', why: whyNot(list) };
  if (list.value.some(({ environmentId }) => environmentId === id)) return { kind: 'alive' };
  return verdictOf(await backend.environment(id), (status) => status === 404);
}

/** A refusal counts only with a word of the backend's own: an edge or a proxy answers 404 and 403 as well. */
function verdictOf(
  answer: BackendAnswer<unknown>,
  isGone: (status: number, detail: string) => boolean,
): Verdict {
  if (answer.kind === 'ok') return { kind: 'alive' };
  if (answer.kind === 'refused' && answer.detail !== null && isGone(answer.httpStatus, answer.detail)) {
    return {
      kind: 'gone',
      where: `${answer.method} ${answer.url}`,
      what: redact(`HTTP ${answer.httpStatus} ${answer.statusText ?? ''}: ${answer.detail}`),
    };
  }
  return { kind: 'unknown', why: whyNot(answer) };
}

/** Why that answer says nothing, in one line. */
export function whyNot(answer: Exclude<BackendAnswer<unknown>, { readonly kind: 'ok' }>): string {
  return answer.kind === 'failed'
    ? answer.message
    : `HTTP ${answer.httpStatus}${answer.detail === null ? '' : ` (${answer.detail})`}`;
}
