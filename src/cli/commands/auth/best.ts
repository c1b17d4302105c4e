/** `steward auth best`: switches to the account that the forecast recommends, and takes a pin away. */
import { accountLabel } from '../../../accounts/account-label.ts';
import { switchAccount } from '../../../accounts/actions/switch-account.ts';
import { chooseAccount } from '../../../accounts/selection/choose.ts';
import { waitWords } from '../../../accounts/selection/words.ts';
import { EXIT, StewardError } from '../../../errors.ts';
import type { AccountsView } from '../../accounts-view.ts';
import { openAuthSession } from '../../auth-session.ts';
import type { CommandDeps } from '../../main.ts';
import { startProgress } from '../../render/progress.ts';
import { loadLiveView } from './live-view.ts';
import { probeErrors } from './stored-forecast.ts';
import { switchFailure } from './switch.ts';
import { exitCodeOf, reportLogin, sayLogin } from './written-login.ts';

export interface BestOptions {
  readonly live?: boolean;
  readonly model?: string;
  readonly json?: boolean;
}

/**
 * 0: the best account is in use; 1: nobody can serve (`{error}` with `--json`), or Codex's own login could not be changed.
 * Throws what `switch` throws.
 */
export async function runBest(options: BestOptions, deps: CommandDeps): Promise<number> {
  const session = await openAuthSession(deps, { command: 'best', json: options.json });
  const { scope, terminal } = session;
  const { view, probe } = await loadLiveView(scope, terminal, {
    live: options.live === true,
    model: options.model ?? null,
    overlay: true,
  });
  const errors = probeErrors(view, probe);
  const best = chooseAccount({ ...view.input, pinnedIndex: null });
  if (best.kind === 'none') {
    const error = nobodyWords(view, best.soonestMs);
    session.answer({ error, probeErrors: errors });
    session.say(error);
    for (const line of errors) session.say(`  ${line}`);
    return EXIT.problems;
  }
  const target = view.reading.pool.accounts[best.index];
  if (target === undefined) throw new StewardError('ERR_BUG', 'bug', 'the chosen account is not in the pool');
  const progress = startProgress(terminal, 'switching');
  const outcome = await switchAccount(scope, target.key, { reason: 'best', pin: false }).finally(
    progress.stop,
  );
  if (outcome.kind !== 'switched') throw switchFailure(outcome);
  const login = reportLogin(outcome.login);
  const label = accountLabel(outcome.account, outcome.index);
  const reason = view.forecast.accounts[best.index]?.reasons.join('; ') ?? '';
  const message =
    outcome.previousIndex === outcome.index
      ? `Already on the best account: ${label}`
      : `Switched to ${label}`;
  session.say(`${terminal.paint('green', '✔')} ${message}: ${reason}`);
  if (outcome.pinCleared) session.say('The pin was taken away.');
  for (const line of errors) session.say(`${terminal.paint('yellow', '▲')} ${line}`);
  sayLogin(session, login);
  session.answer({
    message,
    accountIndex: outcome.index + 1,
    index: outcome.index,
    number: outcome.index + 1,
    label,
    reason,
    wasDisabled: outcome.wasDisabled,
    pinCleared: outcome.pinCleared,
    probeErrors: errors,
    ...login,
  });
  return exitCodeOf(outcome.login);
}

function nobodyWords({ reading, now }: AccountsView, soonestMs: number | null): string {
  if (reading.pool.accounts.length === 0) return 'There are no accounts yet: `steward auth login` adds one.';
  const when = soonestMs === null ? '' : ` The first one is back in ${waitWords(soonestMs - now)}.`;
  return `No account can serve now.${when} \`steward auth forecast --explain\` tells why.`;
}
