/** `steward remote clients` and `steward remote revoke`. */
import { type CodexScope, resolveCodexHome } from '../../../codex/home.ts';
import { EXIT, StewardError } from '../../../errors.ts';
import { createHost } from '../../../host.ts';
import type { RemoteBackend, RemoteClient } from '../../../remote/backend/backend.ts';
import { readHostStatus } from '../../../remote/host-status.ts';
import { readLocalState } from '../../../remote/local-state.ts';
import { isRemoved } from '../../../remote/repair.ts';
import { whyNot } from '../../../remote/server-state.ts';
import type { CommandDeps } from '../../main.ts';
import { redacted } from '../../render/redacted.ts';
import { renderClients } from '../../render/remote-look.ts';
import { agree } from '../../render/remote-repair.ts';
import { valueOrThrow, withBackend } from './backend.ts';

interface ClientsOptions {
  readonly environment?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** Lists them; returns 0. */
export async function runRemoteClients(
  options: ClientsOptions,
  { terminal, signal }: CommandDeps,
): Promise<number> {
  const host = createHost();
  const scope = { host, home: resolveCodexHome(host), signal };
  const clients = redacted(
    await withBackend(scope, (backend) => listed(scope, backend, options.environment)),
  );
  if (options.json) {
    terminal.out(`${JSON.stringify({ schemaVersion: 1, command: 'remote clients', clients }, null, 2)}\n`);
  } else if (clients.length === 0) {
    terminal.out(
      `No phone or app may drive ${options.environment === undefined ? 'a machine of this account' : 'that machine'}.\n  ${terminal.paint('cyan', '→')} steward remote pair\n`,
    );
  } else terminal.out(renderClients(clients, terminal, host.now()));
  return EXIT.ok;
}

/** Revokes; returns 1 when the server did not take one away. */
export async function runRemoteRevoke(
  names: readonly string[],
  options: ClientsOptions,
  { terminal, signal }: CommandDeps,
): Promise<number> {
  const host = createHost();
  const scope = { host, home: resolveCodexHome(host), signal };
  return await withBackend(scope, async (backend) => {
    const environment = await environmentId(scope, backend, options.environment);
    const chosen = choose(await listed(scope, backend, options.environment), names);
    if (!options.json) terminal.out(renderClients(redacted(chosen), terminal, host.now()));
    const isAgreed =
      options.yes === true ||
      (await agree(
        terminal,
        options.json === true,
        `Revoke ${chosen.length}? That cannot be undone; the phone has to be paired again.`,
      ));
    if (!isAgreed) {
      throw new StewardError('ERR_REMOTE_CONSENT', 'user', 'Nothing was revoked: it needs your consent.', {
        hint: 'Answer yes, or add --yes.',
      });
    }
    const results: { clientId: string; result: 'revoked' | 'failed'; reason: string | null }[] = [];
    for (const { clientId } of chosen) {
      const answer =
        environment === null
          ? await backend.removeClient(clientId)
          : await backend.revokeGrant(environment, clientId);
      const isDone = isRemoved(answer);
      const reason = isDone || answer.kind === 'ok' ? null : whyNot(answer);
      results.push({ clientId, result: isDone ? 'revoked' : 'failed', reason });
      if (!options.json)
        terminal.out(
          isDone
            ? `${terminal.paint('green', '✔')} revoked ${clientId}\n`
            : `${terminal.paint('red', '✖')} not revoked: ${clientId}: ${reason}\n`,
        );
    }
    if (options.json)
      terminal.out(
        `${JSON.stringify(redacted({ schemaVersion: 1, command: 'remote revoke', results }), null, 2)}\n`,
      );
    return results.every(({ result }) => result === 'revoked') ? EXIT.ok : EXIT.problems;
  });
}

function choose(clients: readonly RemoteClient[], names: readonly string[]): readonly RemoteClient[] {
  const chosen = names.flatMap((name) => {
    if (name === 'pending') return clients.filter(({ status }) => status === 'pending_enrollment');
    const found = clients.filter(({ clientId }) => clientId === name);
    if (found.length > 0) return found;
    throw new StewardError('ERR_REMOTE_CLIENT', 'user', `The server lists no client ${name}.`, {
      hint: 'steward remote clients',
      exitCode: EXIT.usage,
    });
  });
  if (chosen.length > 0) return [...new Set(chosen)];
  throw new StewardError('ERR_REMOTE_CLIENT', 'user', 'There is no such client.', {
    hint: 'steward remote clients',
  });
}

async function listed(
  scope: CodexScope,
  backend: RemoteBackend,
  wanted: string | undefined,
): Promise<readonly RemoteClient[]> {
  const environment = await environmentId(scope, backend, wanted);
  return valueOrThrow(
    environment === null ? await backend.listClients() : await backend.clientsOf(environment),
  );
}

/** `this`: what the running app-server says, else what is stored for this account. */
async function environmentId(
  scope: CodexScope,
  backend: RemoteBackend,
  wanted: string | undefined,
): Promise<string | null> {
  if (wanted !== 'this') return wanted ?? null;
  const { status } = await readHostStatus(scope);
  const stored = (await readLocalState(scope, backend.login, backend.base)).rows[0]?.environmentId;
  const id = status.environmentId ?? stored;
  if (id !== undefined) return id;
  throw new StewardError('ERR_REMOTE_ENVIRONMENT', 'user', 'This machine is not enrolled for this account.', {
    hint: 'steward remote start',
  });
}
