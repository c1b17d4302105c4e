/** `why-selected --last`: what the gateway chose last, from its own memory, else from the usage ledger. */
import { accountLabel } from '../../../accounts/account-label.ts';
import { listUsage, openLedgerToRead } from '../../../accounts/ledger/ledger.ts';
import type { UsageRecord } from '../../../accounts/ledger/record.ts';
import type { CodexScope } from '../../../codex/home.ts';
import { EXIT } from '../../../errors.ts';
import { askGateway, findGateway } from '../../../gateway-client/control-client.ts';
import type { AuthSession } from '../../auth-session.ts';
import { ago } from '../../render/accounts.ts';
import { isoTime } from '../../render/accounts-json.ts';
import { readHealthyPool } from './live-view.ts';

/** Tells it; 1 when no request has gone through the gateway yet. */
export async function tellLastChoice(session: AuthSession): Promise<number> {
  const { scope } = session;
  const { pool } = await readHealthyPool(scope);
  const record = await lastRecord(scope);
  const index = record === null ? -1 : pool.accounts.findIndex(({ key }) => key === record.accountKey);
  const account = pool.accounts[index];
  const label = account === undefined ? null : accountLabel(account, index);
  const choice = await lastChoice(scope);
  session.answer({
    mode: 'last',
    ok: record !== null,
    availableCount: null,
    totalCount: pool.accounts.length,
    selected: label === null ? null : { index, number: index + 1, oneBasedIndex: index + 1, label },
    candidates: [],
    request:
      record === null
        ? null
        : {
            at: isoTime(record.createdAt),
            operation: record.operation,
            model: record.model,
            outcome: record.outcome,
            statusCode: record.statusCode,
            errorCode: record.errorCode,
          },
    runtimeSnapshot: choice,
    ...(record === null ? { error: NOTHING } : {}),
  });
  if (record === null) {
    session.say(NOTHING);
    return EXIT.problems;
  }
  const served =
    label ?? (record.accountKey === null ? 'no account' : 'an account that is no longer in the pool');
  session.say(`Last request (${ago(record.createdAt, scope.host.now())}): ${served}`);
  const model = record.model === null ? '' : `, model ${record.model}`;
  const status = record.statusCode === null ? '' : `, HTTP ${record.statusCode}`;
  session.say(
    `  ${record.operation}${model}: ${record.outcome}${status}${record.errorCode === null ? '' : `, ${record.errorCode}`}`,
  );
  session.say('  `codex auth why-selected --now` explains how the accounts stand now.');
  return EXIT.ok;
}

const NOTHING = 'No request has gone through the gateway yet.';

async function lastRecord(scope: CodexScope): Promise<UsageRecord | null> {
  const ledger = await openLedgerToRead(scope);
  if (ledger === null) return null;
  try {
    const filter = { sinceMs: 0, untilMs: Number.MAX_SAFE_INTEGER };
    return listUsage(ledger, filter, 1)[0] ?? null;
  } finally {
    await ledger.close();
  }
}

/** The gateway's newest choice as it tells it; `null` without a gateway. */
async function lastChoice(scope: CodexScope): Promise<unknown> {
  const found = await findGateway(scope);
  if (found.kind !== 'running') return null;
  const answer = await askGateway(found.file, 'GET', '/why-selected');
  const choices: unknown =
    typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'choices') : null;
  return Array.isArray(choices) ? (choices[0] ?? null) : null;
}
