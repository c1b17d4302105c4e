/** The account pool: readable, with an account that can serve, and no wait that is over. Reads files only. */

import type { Account } from '../../accounts/account.ts';
import { accountLabel } from '../../accounts/account-label.ts';
import { readRawPool } from '../../accounts/actions/doctor/raw-pool.ts';
import { findStaleWaits, type StaleWait } from '../../accounts/actions/stale-waits.ts';
import { type PoolReading, readPool } from '../../accounts/store/pool-store.ts';
import { readQuotaCache } from '../../accounts/store/quota-cache.ts';
import { finding } from '../../knowledge/finding.ts';
import type { Check, CheckContext, CheckResult, FoundProblem } from '../check.ts';
import { planPoolRecovery, planWaitRemoval } from '../repairs/pool.ts';

type ReadablePool = Extract<PoolReading, { readonly kind: 'ok' }>;

export const poolCheck: Check = {
  id: 'steward.pool',
  category: 'auth',
  title: 'Account pool',
  finds: ['pool.store_corrupt', 'pool.exhausted', 'pool.stale_cooldown'],
  timeoutMs: 5000,
  async run(context) {
    const reading = await context.read(readPool);
    if (reading.kind === 'corrupt') return corrupt(reading);
    const { pool, health, paths } = reading;
    const details = { pool: paths.poolFile, accounts: String(pool.accounts.length), health };
    if (pool.accounts.length === 0 && health !== 'recoverable') {
      return { status: 'skipped', summary: 'no accounts are kept here', details, problems: [] };
    }
    const stale = findStaleWaits(pool.accounts, await readQuotaCache(context, pool), context.host.now());
    const problems = [
      ...(health === 'recoverable' ? [recoverable(reading)] : []),
      ...stale.map((wait) => staleWait(wait, reading)),
      ...exhausted(context, reading, stale),
    ];
    const enabled = pool.accounts.filter(({ isEnabled }) => isEnabled).length;
    return {
      status: problems.length > 0 ? 'problems' : 'ok',
      summary:
        problems.length > 0
          ? 'the pool needs attention'
          : `${enabled} of ${pool.accounts.length} accounts enabled`,
      details,
      problems,
    };
  },
};

function corrupt({ paths, message, hint }: Extract<PoolReading, { readonly kind: 'corrupt' }>): CheckResult {
  return {
    status: 'problems',
    summary: 'the account pool cannot be read',
    details: { pool: paths.poolFile },
    problems: [
      {
        finding: finding('pool.store_corrupt', {
          subject: paths.poolFile,
          cause:
            'The account pool cannot be read, and neither its write-ahead file nor a backup can stand in.',
          evidence: [{ source: 'file', where: paths.poolFile, what: message }],
          summary: 'Keep the broken file, put it aside, and log the accounts in again.',
          steps: [
            hint,
            `Copy ${paths.poolFile} and its neighbours to a safe place; if one holds your accounts, put it back by hand.`,
            `Otherwise move it away: mv ${paths.poolFile} ${paths.poolFile}.broken`,
            'steward auth import --codex   # the account that Codex itself is logged in with',
            'steward auth login            # once for each other account',
          ],
        }),
      },
    ],
  };
}

const RECOVERY_ID = 'pool.store_corrupt.copy';

/** Commands work on the copy meanwhile, and the next change mends the file; other tools see only the broken one. */
function recoverable({ paths, recoveredFrom, pool }: ReadablePool): FoundProblem {
  const copy = recoveredFrom ?? paths.poolFile;
  const hasCopy = recoveredFrom !== null && recoveredFrom !== paths.poolFile;
  return {
    finding: finding('pool.store_corrupt', {
      subject: paths.poolFile,
      severity: 'warn',
      cause: `The account pool is broken or was cut short; ${pool.accounts.length} accounts were read from ${copy}.`,
      evidence: [
        { source: 'file', where: paths.poolFile, what: 'cannot be used as it is' },
        { source: 'file', where: copy, what: `holds ${pool.accounts.length} accounts` },
      ],
      ...(hasCopy ? { repairId: RECOVERY_ID } : {}),
    }),
    ...(hasCopy ? { plan: () => planPoolRecovery(paths.poolFile, copy, RECOVERY_ID) } : {}),
  };
}

const WAIT_ID = 'pool.stale_cooldown.forget';

function staleWait(wait: StaleWait, { paths, recoveredFrom }: ReadablePool): FoundProblem {
  const { account, index, limitKeys, hasCooldown, proof } = wait;
  const label = accountLabel(account, index);
  const what = [...limitKeys.map((key) => `limit of ${key}`), ...(hasCooldown ? ['cool-down'] : [])].join(
    ', ',
  );
  return {
    finding: finding('pool.stale_cooldown', {
      subject: label,
      severity: 'warn',
      cause: `${label} is held back although it can serve: ${proof}.`,
      evidence: [{ source: 'file', where: paths.poolFile, what: `${label}: ${what}` }],
      confidence: 0.9,
      repairId: WAIT_ID,
    }),
    plan: async () => {
      if (recoveredFrom !== null) return { refused: 'the pool file has to be repaired first' };
      if (account.kind !== 'chatgpt')
        return { refused: 'steward auth rotation reset-rate-limits does it for API keys' };
      const raw = await readRawPool(paths.poolFile);
      const row = raw?.rows.find(({ refreshToken }) => refreshToken === account.refreshToken);
      if (row === undefined) return { refused: 'the pool has changed meanwhile' };
      return await planWaitRemoval(paths.poolFile, [{ row: row.index, limitKeys, hasCooldown }], WAIT_ID);
    },
  };
}

/** Said only when no account can serve now; one that is used up while others serve is what a pool is for. */
function exhausted(
  context: CheckContext,
  { pool, paths }: ReadablePool,
  stale: readonly StaleWait[],
): readonly FoundProblem[] {
  if (pool.accounts.length === 0) return [];
  const now = context.host.now();
  const lifted = new Set(stale.map(({ index }) => index));
  const reasons = pool.accounts.map((account, index) => (lifted.has(index) ? null : whyNot(account, now)));
  if (reasons.includes(null)) return [];
  const waits = pool.accounts.flatMap((account) => (isUsable(account) ? [freeAt(account, now)] : []));
  const soonest = waits.length === 0 ? null : Math.min(...waits);
  return [
    {
      finding: finding('pool.exhausted', {
        subject: paths.poolFile,
        cause:
          soonest === null
            ? 'No account of the pool can be used: all are disabled or need a login.'
            : `No account of the pool can be used now; the first is free again at ${new Date(soonest).toISOString()}.`,
        evidence: pool.accounts.map((account, index) => ({
          source: 'file',
          where: accountLabel(account, index),
          what: reasons[index] ?? '',
        })),
        ...(soonest === null ? {} : { actor: 'wait' as const }),
        steps:
          soonest === null
            ? [
                'steward auth check   # what is wrong with each',
                'steward auth login   # the one that needs it',
              ]
            : [
                'steward auth forecast   # when which account is free',
                'or add another of your accounts: steward auth login',
              ],
      }),
    },
  ];
}

function isUsable(account: Account): boolean {
  return account.isEnabled && (account.kind === 'api-key' || account.invalidated === null);
}

function whyNot(account: Account, now: number): string | null {
  if (!account.isEnabled) return 'disabled';
  if (account.kind === 'chatgpt' && account.invalidated !== null) {
    return `needs a login (${account.invalidated.code ?? 'refused by the server'})`;
  }
  const until = freeAt(account, now);
  return until > now ? `waits until ${new Date(until).toISOString()}` : null;
}

/** A limit of one family holds the account back for that family only; all of them, for everything. */
function freeAt(account: Account, now: number): number {
  const limits = Object.values(account.rateLimitResetTimes).filter((at) => at > now);
  const whole = Object.entries(account.rateLimitResetTimes).filter(
    ([key, at]) => at > now && !key.includes(':'),
  );
  const limit = whole.length > 0 ? Math.max(...limits) : 0;
  return Math.max(limit, account.cooldown?.untilMs ?? 0);
}
