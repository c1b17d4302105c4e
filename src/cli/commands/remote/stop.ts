/** `steward remote stop`: the official stop, and the updater that it leaves behind. */
import { resolveCodexHome } from '../../../codex/home.ts';
import { EXIT } from '../../../errors.ts';
import { createHost } from '../../../host.ts';
import { stopHost } from '../../../remote/stop.ts';
import type { CommandDeps } from '../../main.ts';
import { startProgress } from '../../render/progress.ts';
import { redacted } from '../../render/redacted.ts';

/** Stops, and returns the exit code: 1 when something of it still runs. */
export async function runRemoteStop(
  options: { readonly json?: boolean },
  { terminal, signal }: CommandDeps,
): Promise<number> {
  const host = createHost();
  const scope = { host, home: resolveCodexHome(host), signal };
  const progress = startProgress(terminal, 'stopping remote control');
  const stopped = redacted(await stopHost(scope).finally(progress.stop));
  const { daemon, updaters, left, official } = stopped;
  if (options.json) {
    const status = { stopped: 'stopped', 'not-running': 'notRunning', failed: 'failed' }[daemon];
    const reason = daemon === 'failed' ? official.stderr : null;
    terminal.out(
      `${JSON.stringify({ schemaVersion: 1, command: 'remote stop', status, reason, updatersEnded: updaters, left }, null, 2)}\n`,
    );
  } else {
    const { paint } = terminal;
    const words = {
      stopped: `${paint('green', '✔')} Remote control stopped.`,
      'not-running': `${paint('dim', '–')} Remote control is not running.`,
      failed: `${paint('red', '✖')} Remote control could not be stopped: ${official.stderr}`,
    };
    terminal.out(`${words[daemon]}\n`);
    for (const pid of updaters) terminal.out(`  Its updater, pid ${pid}, was ended too.\n`);
    for (const { pid, reason } of left)
      terminal.out(`  ${paint('yellow', '▲')} Its updater, pid ${pid}, still runs: ${reason}\n`);
  }
  return daemon === 'failed' || left.length > 0 ? EXIT.problems : EXIT.ok;
}
