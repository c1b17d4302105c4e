/** How a command tells what became of Codex's own login: `auth.json`, and the sessions that still hold the former one. */
import type { Account } from '../../../accounts/account.ts';
import { type StaleSession, staleSessions } from '../../../accounts/actions/stale-sessions.ts';
import { readCodexLogin } from '../../../accounts/codex-login/codex-login.ts';
import { type WriteLoginOutcome, writeCodexLogin } from '../../../accounts/codex-login/write-codex-login.ts';
import { requirePool } from '../../../accounts/store/pool-store.ts';
import { EXIT } from '../../../errors.ts';
import type { AuthSession } from '../../auth-session.ts';

/** What `--json` says of it. */
export interface LoginReport {
  /** `auth.json` holds the account now. */
  readonly synced: boolean;
  readonly codexLogin: {
    readonly kind: WriteLoginOutcome['kind'];
    readonly reason: string | null;
    readonly message: string | null;
    readonly hint: string | null;
  };
  readonly staleSessions: readonly StaleSession[];
}

export function reportLogin(login: WriteLoginOutcome): LoginReport {
  if (login.kind === 'refused') {
    const { kind, reason, message, hint } = login;
    return { synced: false, codexLogin: { kind, reason, message, hint }, staleSessions: [] };
  }
  return {
    synced: true,
    codexLogin: { kind: login.kind, reason: null, message: null, hint: null },
    // An unchanged login is the one that the sessions have.
    staleSessions: login.kind === 'written' ? staleSessions(login.restart) : [],
  };
}

/** Says it to a person. */
export function sayLogin(session: AuthSession, { codexLogin, staleSessions: stale }: LoginReport): void {
  const { paint } = session.terminal;
  if (codexLogin.kind === 'refused') {
    session.say(`${paint('yellow', '▲')} Codex's own login was not changed: ${codexLogin.message ?? ''}`);
    if (codexLogin.hint !== null) session.say(`  ${codexLogin.hint}`);
    return;
  }
  if (stale.length === 0) return;
  session.say(`${paint('yellow', '▲')} Still working with the former login, until restarted:`);
  for (const { pid, kind, command, restart } of stale) {
    session.say(`  ${kind} (process ${pid}): ${command.slice(0, 80)}`);
    session.say(`    ${restart}`);
  }
}

/** 1 when Codex's own login could not be changed, except where the user has switched that off. */
export function exitCodeOf(login: WriteLoginOutcome): number {
  return login.kind === 'refused' && login.reason !== 'sync-disabled' ? EXIT.problems : EXIT.ok;
}

/** After a change of that account: where `auth.json` holds it, it gets the change too. `null` where it does not. */
export async function writeActiveLogin(session: AuthSession, account: Account): Promise<LoginReport | null> {
  const held = await readCodexLogin(session.scope, await requirePool(session.scope));
  if (held.kind !== 'pool' || held.account.key !== account.key) return null;
  const report = reportLogin(await writeCodexLogin(session.scope, account));
  sayLogin(session, report);
  return report;
}
