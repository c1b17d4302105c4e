/** `steward remote status`: how remote control stands on this machine. */
import { setTimeout as sleep } from 'node:timers/promises';
import { resolveCodexHome } from '../../../codex/home.ts';
import { EXIT } from '../../../errors.ts';
import { createHost } from '../../../host.ts';
import { readHostStatus } from '../../../remote/host-status.ts';
import { troubleOfError } from '../../../remote/trouble.ts';
import type { CommandDeps } from '../../main.ts';
import { redacted } from '../../render/redacted.ts';
import { hostToJson, renderHostLine, renderTrouble, troubleToJson } from '../../render/remote.ts';

export interface RemoteStatusOptions {
  readonly watch?: boolean;
  readonly offline?: boolean;
  readonly json?: boolean;
}

const WATCH_MS = 2000;

/** Shows the status and returns the exit code: 1 for a known failure, 0 when available or switched off. */
export async function runRemoteStatus(
  options: RemoteStatusOptions,
  { terminal, signal }: CommandDeps,
): Promise<number> {
  const host = createHost();
  const scope = { host, home: resolveCodexHome(host), signal };
  let shown = '';
  for (;;) {
    const { status } = redacted(await readHostStatus(scope, { ask: true }));
    const trouble = status.lastError === null ? null : troubleOfError(status.lastError);
    const text = options.json
      ? `${JSON.stringify(
          {
            schemaVersion: 1,
            command: 'remote status',
            ...hostToJson(status),
            cause: troubleToJson(trouble),
            findings: trouble === null ? [] : [trouble.finding],
          },
          null,
          options.watch ? 0 : 2,
        )}\n`
      : `${renderHostLine(status, terminal)}${
          status.lastError === null || trouble === null
            ? ''
            : `\n${renderTrouble(status.lastError, trouble, terminal, { userHome: host.userHome, verbose: false })}`
        }`;
    if (text !== shown) terminal.out(text);
    shown = text;
    if (!options.watch)
      return status.status === 'errored' || status.lastError !== null ? EXIT.problems : EXIT.ok;
    await sleep(WATCH_MS, undefined, { signal });
  }
}
