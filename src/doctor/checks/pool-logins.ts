/** Logins of the pool that the server has called dead. Reads files only: what the server said last time it was asked. */
import type { ChatgptAccount } from '../../accounts/account.ts';
import { accountLabel } from '../../accounts/account-label.ts';
import { readPool } from '../../accounts/store/pool-store.ts';
import { finding } from '../../knowledge/finding.ts';
import type { FailureId } from '../../knowledge/ids.ts';
import type { Check, CheckResult, FoundProblem } from '../check.ts';

export const poolLoginsCheck: Check = {
  id: 'steward.pool-logins',
  category: 'auth',
  title: 'Logins of the pool',
  finds: ['auth.refresh_token_reused', 'auth.refresh_token_revoked', 'auth.token_expired'],
  timeoutMs: 5000,
  async run(context): Promise<CheckResult> {
    const reading = await context.read(readPool);
    if (reading.kind === 'corrupt') {
      return { status: 'skipped', summary: 'the pool cannot be read', details: {}, problems: [] };
    }
    const { pool, paths } = reading;
    if (pool.accounts.length === 0) {
      return { status: 'skipped', summary: 'no accounts are kept here', details: {}, problems: [] };
    }
    const problems = pool.accounts.flatMap((account, index) =>
      account.kind === 'chatgpt' ? problemOf(account, index, paths.poolFile) : [],
    );
    return {
      status: problems.length > 0 ? 'problems' : 'ok',
      summary:
        problems.length > 0
          ? `${problems.length} of ${pool.accounts.length} logins are dead`
          : 'the server has refused none of them',
      details: { pool: paths.poolFile },
      problems,
    };
  },
};

/** One that the user disabled is a note; one in use breaks sessions. */
function problemOf(account: ChatgptAccount, index: number, poolFile: string): readonly FoundProblem[] {
  if (account.invalidated === null) return [];
  const { code, at } = account.invalidated;
  const label = accountLabel(account, index);
  return [
    {
      finding: finding(failureOf(code), {
        subject: label,
        severity: account.isEnabled ? 'warn' : 'info',
        cause: `The server refused the login of ${label} (${code ?? 'no code'}) at ${new Date(at).toISOString()}; it stays dead until it is renewed.`,
        evidence: [{ source: 'file', where: poolFile, what: `${label}: ${code ?? 'invalidated'}` }],
        command: 'steward auth login',
        steps: ['steward auth login   # and sign in with that account', `steward auth check ${index + 1}`],
      }),
    },
  ];
}

function failureOf(code: string | null): FailureId {
  if (code === 'refresh_token_reused') return 'auth.refresh_token_reused';
  if (code === 'token_expired' || code === 'refresh_token_expired') return 'auth.token_expired';
  return 'auth.refresh_token_revoked';
}
