/** `steward auth check`: asks the server about each account, without spending quota. */
import { noAccounts, requireAccount } from '../../../accounts/actions/account-reference.ts';
import { type CheckedAccount, checkAccounts } from '../../../accounts/actions/check-accounts.ts';
import { requirePool } from '../../../accounts/store/pool-store.ts';
import { EXIT } from '../../../errors.ts';
import { openAuthSession } from '../../auth-session.ts';
import type { CommandDeps } from '../../main.ts';
import { startProgress } from '../../render/progress.ts';
import { verdictLine, verdictToJson } from '../../render/verdict.ts';

export interface CheckOptions {
  readonly json?: boolean;
}

/**
 * 0: at least one account can be used now; 1: none can; 3: none could be asked, because of this machine's network. What
 * the user disabled is shown, and asked about only when it is named.
 */
export async function runCheck(
  references: readonly string[],
  options: CheckOptions,
  deps: CommandDeps,
): Promise<number> {
  const session = await openAuthSession(deps, { command: 'check', json: options.json });
  const pool = await requirePool(session.scope);
  if (pool.accounts.length === 0) throw noAccounts();
  const only =
    references.length === 0
      ? undefined
      : new Set(references.map((reference) => requireAccount(pool, reference)));

  const total = only?.size ?? pool.accounts.length;
  let done = 0;
  const progress = startProgress(session.terminal, `asking about ${total} accounts`);
  const outcome = await checkAccounts(session.scope, {
    ...(only === undefined ? {} : { only }),
    onChecked: () => {
      done += 1;
      progress.update(`asked about ${done} of ${total} accounts`);
    },
  }).finally(() => progress.stop());

  const now = session.scope.host.now();
  for (const checked of outcome.accounts) session.say(verdictLine(checked, session.terminal, now));
  if (outcome.quotaCacheError !== null)
    session.say(`The limits could not be kept: ${outcome.quotaCacheError}`);
  // Once for all of them: they mostly share the fault.
  for (const action of new Set(outcome.accounts.flatMap(({ verdict }) => actionOf(verdict))))
    session.say(`${session.terminal.paint('cyan', '→')} ${action}`);
  const summary = summarise(outcome.accounts);
  session.say(
    `Result: ${summary.working} working | ${summary.limited} at their limit | ${summary.needLogin} need a login | ` +
      `${summary.unclear} unclear | ${summary.disabled} disabled`,
  );
  const exitCode = exitCodeOf(outcome.accounts);
  session.answer({
    ok: exitCode === EXIT.ok,
    summary,
    quotaCacheError: outcome.quotaCacheError,
    accounts: outcome.accounts.map((checked) => verdictToJson(checked, now)),
  });
  return exitCode;
}

function actionOf(verdict: CheckedAccount['verdict']): readonly string[] {
  return verdict?.kind === 'unreachable' ? [verdict.action] : [];
}

function summarise(accounts: readonly CheckedAccount[]) {
  const count = (test: (checked: CheckedAccount) => boolean) => accounts.filter(test).length;
  return {
    total: accounts.length,
    working: count(({ verdict }) => verdict?.kind === 'working'),
    limited: count(({ verdict }) => verdict?.kind === 'limited'),
    needLogin: count(({ verdict }) => verdict?.kind === 'refused' && verdict.isPermanent),
    unclear: count(
      ({ verdict }) =>
        verdict?.kind === 'unreachable' || (verdict?.kind === 'refused' && !verdict.isPermanent),
    ),
    disabled: count(({ verdict }) => verdict === null),
  };
}

function exitCodeOf(accounts: readonly CheckedAccount[]): number {
  const verdicts = accounts.flatMap(({ verdict }) => (verdict === null ? [] : [verdict]));
  if (verdicts.some(({ kind }) => kind === 'working')) return EXIT.ok;
  const isNetwork =
    verdicts.length > 0 && verdicts.every((verdict) => verdict.kind === 'unreachable' && verdict.isNetwork);
  return isNetwork ? EXIT.environment : EXIT.problems;
}
