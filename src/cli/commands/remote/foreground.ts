/** `steward remote foreground`: remote control until Ctrl-C, with the reason whenever it fails. */
import { readDaemonFiles } from '../../../codex/daemon-files.ts';
import { type CodexScope, resolveCodexHome } from '../../../codex/home.ts';
import { EXIT } from '../../../errors.ts';
import { createHost } from '../../../host.ts';
import { runForeground } from '../../../remote/foreground.ts';
import type { HostStatus } from '../../../remote/host-status.ts';
import { lookAtRemote } from '../../../remote/look.ts';
import { type Trouble, troubleOfError } from '../../../remote/trouble.ts';
import type { CommandDeps } from '../../main.ts';
import { redacted } from '../../render/redacted.ts';
import { hostToJson, renderHostLine, renderTrouble, troubleToJson } from '../../render/remote.ts';

const SERVER_MS = 1200;

/** Returns 0 when it was available and ended by Ctrl-C, 1 when it failed. */
export async function runRemoteForeground(
  options: { readonly json?: boolean },
  { terminal, signal }: CommandDeps,
): Promise<number> {
  const host = createHost();
  const scope = { host, home: resolveCodexHome(host), signal };
  let isTold = false;
  const tell = async (seen: HostStatus) => {
    const status = redacted(seen);
    const trouble = redacted(await troubleOf(scope, seen));
    if (options.json) {
      if (isTold) return; // one object, the first outcome
      const payload = { schemaVersion: 1, command: 'remote foreground', mode: 'foreground' };
      const findings = trouble === null ? [] : [trouble.finding];
      terminal.out(
        `${JSON.stringify({ ...payload, ...hostToJson(status), cause: troubleToJson(trouble), findings }, null, 2)}\n`,
      );
    } else {
      terminal.out(renderHostLine(status, terminal));
      if (status.status === 'connected') terminal.out('  Press Ctrl-C to stop.\n');
      if (status.lastError !== null && trouble !== null)
        terminal.out(
          `\n${renderTrouble(status.lastError, trouble, terminal, { userHome: host.userHome, verbose: false })}`,
        );
    }
    isTold = true;
  };
  let telling = Promise.resolve();
  const { exitCode, status } = await runForeground(scope, {
    onStatus: (seen) => {
      telling = telling.then(() => tell(seen)); // in the order in which it happened
    },
    onLine: (line) => terminal.err(`${line}\n`),
  });
  await telling;
  if (exitCode !== EXIT.ok) return exitCode;
  return status.lastError === null ? EXIT.ok : EXIT.problems;
}

/** A conflict has two causes, and only the server tells which: it knows who holds the place. */
async function troubleOf(scope: CodexScope, status: HostStatus): Promise<Trouble | null> {
  if (status.lastError === null) return null;
  if (status.lastError.httpStatus !== 409) return troubleOfError(status.lastError);
  const daemon = await readDaemonFiles(scope);
  const host = { status, appServer: null, pid: null, mode: null, daemon };
  const { troubles } = await lookAtRemote(scope, { host, timeoutMs: SERVER_MS });
  return troubles[0] ?? troubleOfError(status.lastError);
}
