/** `steward remote status`: both roles on one screen, the local state beside the server's. */
import { setTimeout as sleep } from 'node:timers/promises';
import { resolveCodexHome } from '../../../codex/home.ts';
import { EXIT } from '../../../errors.ts';
import { createHost } from '../../../host.ts';
import { lookAtRemote, type RemoteLook } from '../../../remote/look.ts';
import type { CommandDeps } from '../../main.ts';
import { startProgress } from '../../render/progress.ts';
import { redacted } from '../../render/redacted.ts';
import { renderTroubles } from '../../render/remote.ts';
import { lookToJson, renderLook } from '../../render/remote-look.ts';

export interface RemoteStatusOptions {
  readonly watch?: boolean;
  readonly offline?: boolean;
  readonly json?: boolean;
}

const WATCH_MS = 3000;

/** Shows the status and returns the exit code: 1 for a known failure, 0 when all is well or remote control is off. */
export async function runRemoteStatus(
  options: RemoteStatusOptions,
  { terminal, signal }: CommandDeps,
): Promise<number> {
  const host = createHost();
  const scope = { host, home: resolveCodexHome(host), signal };
  const style = { userHome: host.userHome, verbose: false };
  const render = (look: RemoteLook) => {
    if (!options.json) {
      const troubles = renderTroubles(look, terminal, style);
      return `${renderLook(look, terminal, host.now())}${troubles === '' ? '' : `\n${troubles}`}`;
    }
    const payload = { schemaVersion: 1, command: 'remote status', ...redacted(lookToJson(look)) };
    return `${JSON.stringify(payload, null, options.watch ? 0 : 2)}\n`;
  };
  let shown = '';
  for (;;) {
    const progress = startProgress(terminal, 'asking the app-server and the server');
    const look = await lookAtRemote(scope, { server: options.offline !== true }).finally(progress.stop);
    const text = render(safe(look));
    // What only grows older is no news.
    const news = text
      .replaceAll(/\d+ (?:s|min) ago/g, '')
      .replaceAll(/"(?:at|retryAt|lastSeenAt|clockSkewMs)":[^,}]*/g, '');
    if (news !== shown) terminal.out(shown === '' || options.json ? text : `\n${text}`);
    shown = news;
    if (!options.watch) return exitCodeOf(look);
    await sleep(WATCH_MS, undefined, { signal });
  }
}

/** Without secrets. Maps are read by the renderers as they are: ids and the server's redacted words. */
function safe(look: RemoteLook): RemoteLook {
  return { ...look, host: redacted(look.host), troubles: redacted(look.troubles) };
}

/** 1 while something is known to be wrong. */
export function exitCodeOf(look: RemoteLook): number {
  const { status, lastError } = look.host.status;
  const isBad = status === 'errored' || lastError !== null;
  return isBad || look.troubles.some(({ finding }) => finding.severity === 'fail') ? EXIT.problems : EXIT.ok;
}
