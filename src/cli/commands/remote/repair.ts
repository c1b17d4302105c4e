/** `steward remote repair` and `steward remote reset`: named first, then done, then looked at again. */
import { type CodexScope, resolveCodexHome } from '../../../codex/home.ts';
import { EXIT } from '../../../errors.ts';
import { createHost } from '../../../host.ts';
import { type RepairRemoteOptions, type RepairRemoteResult, repairRemote } from '../../../remote/repair.ts';
import { resetRemote } from '../../../remote/reset.ts';
import { openJournal } from '../../journal.ts';
import type { CommandDeps } from '../../main.ts';
import { redacted } from '../../render/redacted.ts';
import { renderHostLine, renderTroubles } from '../../render/remote.ts';
import { lookToJson } from '../../render/remote-look.ts';
import {
  actionsToJson,
  createRemoteConsent,
  eventToJson,
  renderActions,
  renderEvent,
} from '../../render/remote-repair.ts';
import { exitCodeOf } from './status.ts';

export interface RemoteRepairOptions {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** Repairs what is stale, and returns the exit code: 0 when nothing is wrong any more. */
export async function runRemoteRepair(options: RemoteRepairOptions, deps: CommandDeps): Promise<number> {
  return await run('remote repair', options, deps, repairRemote);
}

/** The full clean start of this account. */
export async function runRemoteReset(
  options: RemoteRepairOptions & { readonly allAccounts?: boolean },
  deps: CommandDeps,
): Promise<number> {
  return await run('remote reset', options, deps, (scope, how) =>
    resetRemote(scope, { ...how, allAccounts: options.allAccounts === true }),
  );
}

async function run(
  command: string,
  options: RemoteRepairOptions,
  { terminal, signal }: CommandDeps,
  repair: (scope: CodexScope, how: RepairRemoteOptions) => Promise<RepairRemoteResult>,
): Promise<number> {
  const host = createHost();
  const scope = { host, home: resolveCodexHome(host), signal };
  const { userHome } = host;
  const say = (text: string) => {
    if (!options.json) terminal.out(text);
  };
  const journal = openJournal(scope);
  const dryRun = options.dryRun === true;
  if (!dryRun) await journal.recover();
  const ask = createRemoteConsent(terminal, {
    yes: options.yes === true,
    json: options.json === true,
    userHome,
  });
  const result = await repair(scope, {
    journal,
    start: false,
    consent: async (actions, look) => {
      const isAsked = !dryRun && options.yes !== true && terminal.interactive;
      if (!isAsked) say(await renderActions(actions, terminal, userHome)); // named, also where nobody is asked
      return dryRun ? { local: false, server: false } : await ask(actions, look);
    },
    onEvent: (event) => say(renderEvent(event, terminal, userHome)),
  });
  if (options.json) {
    const payload = {
      ...{
        schemaVersion: 1,
        command,
        dryRun,
        result: dryRun && result.kind === 'declined' ? 'planned' : result.kind,
      },
      reason: result.kind === 'refused' ? redacted(result.reason) : null,
      actions: actionsToJson(result.actions),
      events: result.events.map(eventToJson),
      ...redacted(lookToJson(result.look)),
    };
    terminal.out(`${JSON.stringify(payload, null, 2)}\n`);
  } else say(ending(result, dryRun, terminal, userHome));
  if (dryRun && result.kind === 'declined') return EXIT.ok;
  return result.kind === 'refused' || result.kind === 'declined' ? EXIT.problems : exitCodeOf(result.look);
}

function ending(
  result: RepairRemoteResult,
  dryRun: boolean,
  terminal: CommandDeps['terminal'],
  userHome: string,
): string {
  const { paint } = terminal;
  const shown = redacted({ host: result.look.host, troubles: result.look.troubles });
  const troubles = renderTroubles(shown, terminal, { userHome, verbose: false });
  const state = `${renderHostLine(shown.host.status, terminal)}${troubles === '' ? '' : `\n${troubles}`}`;
  switch (result.kind) {
    case 'nothing':
      return `${paint('green', '✔')} Nothing of remote control is stale or in the way here.\n\n${state}`;
    case 'declined':
      return dryRun
        ? `${paint('dim', 'Nothing was changed.')}\n`
        : `Nothing was changed. Answer yes, or add --yes.\n`;
    case 'refused':
      return `${paint('red', '✖')} ${redacted(result.reason)}\n\n${state}`;
    case 'done':
      return `\n${state}`;
  }
}
