/** `why-selected --last`: what the gateway chose last and why, from its own memory; else whom it used, from the usage ledger. */
import * as v from 'valibot';
import type { Pool } from '../../../accounts/account.ts';
import { accountLabel } from '../../../accounts/account-label.ts';
import { listUsage, openLedgerToRead } from '../../../accounts/ledger/ledger.ts';
import type { UsageRecord } from '../../../accounts/ledger/record.ts';
import type { CodexScope } from '../../../codex/home.ts';
import { EXIT } from '../../../errors.ts';
import { askGateway, findGateway } from '../../../gateway-client/control-client.ts';
import type { AuthSession } from '../../auth-session.ts';
import { ago } from '../../render/accounts.ts';
import { CHOICE_WORDS, isoTime } from '../../render/accounts-json.ts';
import { hang } from '../../render/layout.ts';
import { readHealthyPool } from './stored-view.ts';

/** What `GET /why-selected` of the gateway's control API carries. */
const Choices = v.looseObject({
  choices: v.array(
    v.looseObject({
      at: v.number(),
      model: v.nullable(v.string()),
      account: v.nullable(v.string()),
      reason: v.string(),
      excluded: v.array(v.string()),
      // A gateway of an older version does not tell.
      considered: v.optional(
        v.array(
          v.looseObject({
            key: v.string(),
            isChosen: v.boolean(),
            isAvailable: v.boolean(),
            score: v.nullable(v.number()),
            reasons: v.array(v.string()),
          }),
        ),
        [],
      ),
    }),
  ),
});

type Choice = v.InferOutput<typeof Choices>['choices'][number];
type Considered = Choice['considered'][number];

/** Tells it; 1 when no request has gone through the gateway yet. */
export async function tellLastChoice(session: AuthSession): Promise<number> {
  const { scope } = session;
  const { pool } = await readHealthyPool(scope);
  const choice = await lastChoice(scope);
  const record = await lastRecord(scope);
  const key = choice === null ? (record?.accountKey ?? null) : choice.account;
  const selected = namedAccount(pool, key);
  const isKnown = choice !== null || record !== null;
  session.answer({
    mode: 'last',
    ok: isKnown && key !== null,
    availableCount: null,
    totalCount: pool.accounts.length,
    selected:
      selected === null
        ? null
        : { ...selected, ...(choice === null ? {} : { selectionReason: choice.reason }) },
    candidates: (choice?.considered ?? []).map((each) => consideredToJson(pool, each)),
    request: record === null ? null : requestToJson(record),
    runtimeSnapshot:
      choice === null
        ? null
        : {
            at: isoTime(choice.at),
            model: choice.model,
            reason: choice.reason,
            failedBefore: choice.excluded.map((each) => namedAccount(pool, each)),
          },
    ...(isKnown ? {} : { error: NOTHING }),
  });
  const who = selected?.label ?? (key === null ? 'no account' : 'an account that is no longer in the pool');
  if (choice !== null) sayChoice(session, pool, choice, who);
  else if (record !== null) session.say(`Last request (${ago(record.createdAt, scope.host.now())}): ${who}`);
  else session.say(NOTHING);
  if (record !== null) session.say(`  ${requestWords(record)}`);
  if (isKnown) session.say('  `steward auth why-selected --now` explains how the accounts stand now.');
  return isKnown && key !== null ? EXIT.ok : EXIT.problems;
}

const NOTHING = 'No request has gone through the gateway yet.';
const GONE = 'an account that is gone';

function sayChoice({ say, scope, terminal }: AuthSession, pool: Pool, choice: Choice, who: string): void {
  const words = Object.entries(CHOICE_WORDS).find(([name]) => name === choice.reason)?.[1] ?? choice.reason;
  const model = choice.model === null ? '' : `, for ${choice.model}`;
  say(`Last choice (${ago(choice.at, scope.host.now())}${model}): ${who}: ${words}`);
  for (const key of choice.excluded) {
    say(`  ${namedAccount(pool, key)?.label ?? GONE} had failed for this request`);
  }
  for (const { key, isChosen, score, reasons } of choice.considered) {
    const mark = isChosen ? terminal.paint('green', '●') : ' ';
    const label = namedAccount(pool, key)?.label ?? GONE;
    say(`${mark} ${label}${score === null ? '' : `: score ${score}`}`);
    for (const reason of reasons) say(`     · ${hang(reason, terminal.width, 7)}`);
  }
}

function namedAccount(pool: Pool, key: string | null) {
  const index = pool.accounts.findIndex((account) => account.key === key);
  const account = pool.accounts[index];
  if (account === undefined) return null;
  return { index, number: index + 1, oneBasedIndex: index + 1, label: accountLabel(account, index) };
}

function consideredToJson(pool: Pool, { key, isChosen, isAvailable, score, reasons }: Considered) {
  const named = namedAccount(pool, key) ?? { label: GONE };
  return { ...named, available: isAvailable, isSelected: isChosen, score, reasons };
}

function requestToJson({ createdAt, operation, model, outcome, statusCode, errorCode }: UsageRecord) {
  return { at: isoTime(createdAt), operation, model, outcome, statusCode, errorCode };
}

function requestWords({ operation, model, outcome, statusCode, errorCode }: UsageRecord): string {
  const parts = [outcome, statusCode === null ? null : `HTTP ${statusCode}`, errorCode];
  const what = model === null ? operation : `${operation}, model ${model}`;
  return `${what}: ${parts.filter((part) => part !== null).join(', ')}`;
}

async function lastRecord(scope: CodexScope): Promise<UsageRecord | null> {
  const ledger = await openLedgerToRead(scope);
  if (ledger === null) return null;
  try {
    return listUsage(ledger, { sinceMs: 0, untilMs: Number.MAX_SAFE_INTEGER }, 1)[0] ?? null;
  } finally {
    await ledger.close();
  }
}

/** The gateway's newest choice; `null` without a gateway, or before its first. */
async function lastChoice(scope: CodexScope): Promise<Choice | null> {
  const found = await findGateway(scope);
  if (found.kind !== 'running') return null;
  const answer = v.safeParse(Choices, await askGateway(found.file, 'GET', '/why-selected'));
  return answer.success ? (answer.output.choices[0] ?? null) : null;
}
