/** `steward auth rotation bind-app|unbind-app`: the packaged Codex app through the gateway, and back. */
import { EXIT } from '../../../errors.ts';
import { bindApp } from '../../../gateway/bind/bind-app.ts';
import { unbindApp } from '../../../gateway/bind/unbind-app.ts';
import { openAuthSession } from '../../auth-session.ts';
import { openJournal } from '../../journal.ts';
import type { CommandDeps } from '../../main.ts';
import { ownProgram } from '../../own-program.ts';
import { tellRotationNotice } from '../../rotation-notice.ts';

export interface RotationBindOptions {
  readonly json?: boolean;
}

/** Binds the app; 1 when it was refused. Throws `ERR_BIND_…` for what stands in the way. */
export async function runRotationBindApp(options: RotationBindOptions, deps: CommandDeps): Promise<number> {
  const session = await openAuthSession(deps, { command: 'rotation bind-app', json: options.json });
  const { scope, terminal } = session;
  await tellRotationNotice(scope, terminal);
  const outcome = await bindApp({ scope, journal: openJournal(scope), program: ownProgram() });
  if (outcome.kind === 'refused')
    session.say(`${terminal.paint('red', '✖')} Nothing was changed: ${outcome.reason}`);
  else if (outcome.kind === 'already-bound') session.say('The app is bound already.');
  else {
    session.say(
      `${terminal.paint('green', '✔')} The app goes through the gateway; a ${outcome.service} service keeps it there.`,
    );
    session.say(`  ${terminal.paint('cyan', '→')} start the app; back: steward auth rotation unbind-app`);
  }
  // The address has a token in it.
  session.answer({
    outcome: outcome.kind,
    ...('reason' in outcome ? { reason: outcome.reason } : {}),
    ...('undoId' in outcome ? { undoId: outcome.undoId, service: outcome.service } : {}),
  });
  return outcome.kind === 'refused' ? EXIT.problems : EXIT.ok;
}

/** Frees the app of our binding, or of the rival's; 1 when it was refused. */
export async function runRotationUnbindApp(options: RotationBindOptions, deps: CommandDeps): Promise<number> {
  const session = await openAuthSession(deps, { command: 'rotation unbind-app', json: options.json });
  const { scope, terminal } = session;
  const outcome = await unbindApp({ scope, journal: openJournal(scope), program: ownProgram() });
  if (outcome.kind === 'refused')
    session.say(`${terminal.paint('red', '✖')} Nothing was changed: ${outcome.reason}`);
  else if (outcome.kind === 'not-bound') session.say('The app is not bound.');
  else {
    const whose = outcome.what === 'ours' ? '' : " of codex-multi-auth's binding";
    const what = outcome.isAsBefore ? 'is as it was before' : 'keeps what was edited since';
    session.say(`${terminal.paint('green', '✔')} The app is free${whose}: config.toml ${what}.`);
    for (const note of outcome.notes) session.say(`  ${terminal.paint('yellow', '▲')} ${note}`);
    session.say(`  ${terminal.paint('cyan', '→')} start the app again`);
  }
  session.answer({ ...outcome, outcome: outcome.kind });
  return outcome.kind === 'refused' ? EXIT.problems : EXIT.ok;
}
