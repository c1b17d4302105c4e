/** `steward remote start`: the official start, with the true outcome, and the repair of stale state that it meets. */
import { type CodexScope, resolveCodexHome } from '../../../codex/home.ts';
import { createHost } from '../../../host.ts';
import { isIdle, planActions } from '../../../remote/actions.ts';
import { lookAtRemote, type RemoteLook } from '../../../remote/look.ts';
import { repairRemote } from '../../../remote/repair.ts';
import { startHost } from '../../../remote/start.ts';
import { openJournal } from '../../journal.ts';
import type { CommandDeps } from '../../main.ts';
import { startProgress } from '../../render/progress.ts';
import { redacted } from '../../render/redacted.ts';
import { renderHostLine, renderTroubles } from '../../render/remote.ts';
import { lookToJson } from '../../render/remote-look.ts';
import { createRemoteConsent, eventToJson, renderEvent } from '../../render/remote-repair.ts';
import { exitCodeOf } from './status.ts';

export interface RemoteStartOptions {
  readonly heal?: boolean;
  readonly json?: boolean;
}

/** The server is asked only while the outcome is fresh; whatever it has not said by then stays unsaid. */
const SERVER_MS = 1200;
/** Where the server knows more than Codex has said: all is well, somebody holds our place, our enrolment is lost. */
const WORTH_ASKING = [409, 404];

/** Starts, and returns the exit code: 0 only when this machine is available and nothing stale stands in the way. */
export async function runRemoteStart(
  options: RemoteStartOptions,
  { terminal, signal }: CommandDeps,
): Promise<number> {
  const host = createHost();
  const scope = { host, home: resolveCodexHome(host), signal };
  const style = { userHome: host.userHome, verbose: false };
  const say = (text: string) => {
    if (!options.json) terminal.out(text);
  };
  const progress = startProgress(terminal, 'starting the app-server daemon with remote control enabled');
  const started = await startHost(scope).finally(progress.stop);
  const learnedAt = performance.now();
  let look = await lookAfterStart(scope, started.host);
  const learnedInMs = started.learnedInMs + Math.round(performance.now() - learnedAt);
  say(renderHostLine(redacted(look.host.status), terminal));
  const troubles = renderTroubles(safe(look), terminal, style);
  if (troubles !== '') say(`\n${troubles}`);

  const actions = await planActions(scope, look);
  const events: unknown[] = [];
  const canHeal = actions.local.length > 0 || actions.restart !== null;
  if (canHeal && !isIdle(actions) && (options.heal === true || (terminal.interactive && !options.json))) {
    const healed = await repairRemote(scope, {
      journal: openJournal(scope),
      look,
      start: look.host.status.status !== 'connected',
      localOnly: true,
      consent: createRemoteConsent(terminal, {
        yes: options.heal === true,
        json: options.json === true,
        userHome: host.userHome,
      }),
      onEvent: (event) => {
        events.push(eventToJson(event));
        say(renderEvent(event, terminal, host.userHome));
      },
    });
    if (healed.kind === 'refused') say(`${terminal.paint('red', '✖')} ${redacted(healed.reason)}\n`);
    if (healed.kind !== 'declined') {
      look = healed.look;
      say(`\n${renderHostLine(redacted(look.host.status), terminal)}`);
      const left = renderTroubles(safe(look), terminal, style);
      if (left !== '') say(`\n${left}`);
    }
  }
  if (options.json) {
    const payload = {
      ...{ schemaVersion: 1, command: 'remote start', mode: 'daemon' },
      ...redacted(lookToJson(look)),
      daemon: started.daemon,
      official: redacted({
        exitCode: started.official.exitCode,
        said: started.official.stderr || (started.saidStatus ?? ''),
      }),
      learnedInMs,
      repairs: events,
    };
    terminal.out(`${JSON.stringify(payload, null, 2)}\n`);
  }
  return exitCodeOf(look);
}

/** Looks at the server's side too, where it can say more than the outcome does. */
async function lookAfterStart(scope: CodexScope, host: RemoteLook['host']): Promise<RemoteLook> {
  const { status, lastError } = host.status;
  const isWorth = status === 'connected' || WORTH_ASKING.includes(lastError?.httpStatus ?? 0);
  if (!isWorth) return await lookAtRemote(scope, { host, server: false });
  return await lookAtRemote(scope, { host, timeoutMs: SERVER_MS });
}

function safe(look: RemoteLook): Pick<RemoteLook, 'host' | 'troubles'> {
  return redacted({ host: look.host, troubles: look.troubles });
}
