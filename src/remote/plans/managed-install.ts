/**
 * The daemon of 0.133 starts only from the place where OpenAI's install script puts Codex; a link there to the Codex that is
 * installed already does as well (measured). 0.169 brings a copy of its own and needs none of it.
 */

import { lstat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { CodexScope } from '../../codex/home.ts';
import { fingerprint } from '../../storage/fingerprint.ts';
import type { RepairPlan, RepairRefusal, Step } from '../../storage/steps.ts';
import type { OfficialCodex } from '../official.ts';

const COMMAND_TIMEOUT_MS = 5000;

/** Whether the official command complains about it. */
export function isManagedInstallMissing(said: string): boolean {
  return /managed standalone Codex install not found/i.test(said);
}

/** Where the daemon of 0.133 looks for its program. */
export function managedInstallPath(home: string): string {
  return join(home, 'packages', 'standalone', 'current', 'codex');
}

/** Makes the link. Refused where something stands in its place. */
export async function planLinkManagedInstall(
  scope: CodexScope,
  codex: OfficialCodex,
): Promise<RepairPlan | RepairRefusal> {
  const link = managedInstallPath(scope.home.path);
  if ((await lstat(link).catch(() => null)) !== null) return { refused: `${link} is there already` };
  const folder = dirname(link);
  const made: Step[] =
    (await lstat(folder).catch(() => null)) === null
      ? [{ kind: 'make-folder', path: folder, expect: await fingerprint(folder), mode: 0o755 }]
      : [];
  return {
    repairId: 'remote.socket_or_daemon.link-install',
    summary: `Let the daemon start from the Codex that is installed: link ${link} to ${codex.path}.`,
    steps: [
      ...made,
      {
        kind: 'command',
        argv: ['ln', '-s', codex.path, link],
        env: {},
        touches: [link],
        timeoutMs: COMMAND_TIMEOUT_MS,
      },
    ],
    requiresStopped: 'nothing',
  };
}
