/** `steward remote environments`: list the account's machines, and remove dead ones. */
import { resolveCodexHome } from '../../../codex/home.ts';
import { EXIT, StewardError } from '../../../errors.ts';
import { createHost } from '../../../host.ts';
import type { RemoteEnvironment } from '../../../remote/backend/backend.ts';
import { readHostStatus } from '../../../remote/host-status.ts';
import { readLocalState } from '../../../remote/local-state.ts';
import { isRemoved } from '../../../remote/repair.ts';
import { whyNot } from '../../../remote/server-state.ts';
import type { CommandDeps } from '../../main.ts';
import { redacted } from '../../render/redacted.ts';
import { renderEnvironments } from '../../render/remote-look.ts';
import { agree } from '../../render/remote-repair.ts';
import { valueOrThrow, withBackend } from './backend.ts';

interface EnvironmentsOptions {
  readonly remove?: readonly string[];
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** Returns 1 when one that was to be removed was not. */
export async function runRemoteEnvironments(
  options: EnvironmentsOptions,
  { terminal, signal }: CommandDeps,
): Promise<number> {
  const host = createHost();
  const scope = { host, home: resolveCodexHome(host), signal };
  return await withBackend(scope, async (backend) => {
    const all = valueOrThrow(await backend.listEnvironments());
    const local = await readLocalState(scope, backend.login, backend.base);
    const { status } = await readHostStatus(scope);
    const own = new Set([
      status.environmentId ?? '',
      ...local.rows.map(({ environmentId }) => environmentId),
    ]);
    if (options.remove === undefined) {
      const environments = redacted(
        all.map((one) => ({ ...one, isThisMachine: own.has(one.environmentId) })),
      );
      if (options.json)
        terminal.out(
          `${JSON.stringify({ schemaVersion: 1, command: 'remote environments', environments }, null, 2)}\n`,
        );
      else if (all.length === 0) terminal.out('The server lists no machine of this account.\n');
      else terminal.out(renderEnvironments(redacted(all), own, terminal, host.now()));
      return EXIT.ok;
    }
    const chosen = choose(all, options.remove);
    if (!options.json) terminal.out(renderEnvironments(redacted(chosen), own, terminal, host.now()));
    const question = `Remove ${chosen.length} on the server? That cannot be undone.`;
    if (options.yes !== true && !(await agree(terminal, options.json === true, question))) {
      throw new StewardError('ERR_REMOTE_CONSENT', 'user', 'Nothing was removed: it needs your consent.', {
        hint: 'Answer yes, or add --yes.',
      });
    }
    const results: { environmentId: string; result: 'removed' | 'failed'; reason: string | null }[] = [];
    for (const { environmentId } of chosen) {
      const answer = await backend.removeEnvironment(environmentId);
      const isDone = isRemoved(answer);
      const reason = isDone || answer.kind === 'ok' ? null : whyNot(answer);
      results.push({ environmentId, result: isDone ? 'removed' : 'failed', reason });
      if (!options.json)
        terminal.out(
          isDone
            ? `${terminal.paint('green', '✔')} removed ${environmentId}\n`
            : `${terminal.paint('red', '✖')} not removed: ${environmentId}: ${reason}\n`,
        );
    }
    if (options.json)
      terminal.out(
        `${JSON.stringify(redacted({ schemaVersion: 1, command: 'remote environments', results }), null, 2)}\n`,
      );
    return results.every(({ result }) => result === 'removed') ? EXIT.ok : EXIT.problems;
  });
}

/** Only offline ones: an online machine would enrol again at once, and somebody works on it. */
function choose(all: readonly RemoteEnvironment[], ids: readonly string[]): readonly RemoteEnvironment[] {
  return [...new Set(ids)].map((id) => {
    const found = all.find(({ environmentId }) => environmentId === id);
    if (found === undefined) {
      throw new StewardError('ERR_REMOTE_ENVIRONMENT', 'user', `The server lists no environment ${id}.`, {
        hint: 'steward remote environments',
        exitCode: EXIT.usage,
      });
    }
    if (found.online === false) return found;
    throw new StewardError(
      'ERR_REMOTE_ENVIRONMENT',
      'user',
      `${id} is online; only what is offline is removed.`,
      {
        hint: 'Stop remote control on that machine first.',
      },
    );
  });
}
