/** `steward remote start`: the official start, with the true outcome. */
import { resolveCodexHome } from '../../../codex/home.ts';
import { EXIT } from '../../../errors.ts';
import { createHost } from '../../../host.ts';
import { startHost } from '../../../remote/start.ts';
import type { CommandDeps } from '../../main.ts';
import { startProgress } from '../../render/progress.ts';
import { redacted } from '../../render/redacted.ts';
import { hostToJson, renderHostLine, renderTrouble, troubleToJson } from '../../render/remote.ts';

export interface RemoteStartOptions {
  readonly heal?: boolean;
  readonly json?: boolean;
}

/** Starts, and returns the exit code: 0 only when this machine is available. */
export async function runRemoteStart(
  options: RemoteStartOptions,
  { terminal, signal }: CommandDeps,
): Promise<number> {
  const host = createHost();
  const scope = { host, home: resolveCodexHome(host), signal };
  const progress = startProgress(terminal, 'starting the app-server daemon with remote control enabled');
  const started = redacted(await startHost(scope).finally(progress.stop));
  const { status } = started.host;
  if (options.json) {
    const payload = {
      schemaVersion: 1,
      command: 'remote start',
      mode: 'daemon',
      ...hostToJson(status),
      cause: troubleToJson(started.trouble),
      findings: started.trouble === null ? [] : [started.trouble.finding],
      daemon: started.daemon,
      officialExitCode: started.official.exitCode,
    };
    terminal.out(`${JSON.stringify(payload, null, 2)}\n`);
  } else {
    terminal.out(renderHostLine(status, terminal));
    if (status.lastError !== null && started.trouble !== null) {
      const style = { userHome: host.userHome, verbose: false };
      terminal.out(`\n${renderTrouble(status.lastError, started.trouble, terminal, style)}`);
    }
  }
  return status.status === 'connected' ? EXIT.ok : EXIT.problems;
}
