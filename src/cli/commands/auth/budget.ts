/** `steward auth budget`: limits of the user's own, and whether they are reached. */
import { type BudgetEvaluation, budgetSince, evaluateBudget } from '../../../accounts/ledger/budget.ts';
import { readForeignLedger } from '../../../accounts/ledger/foreign-ledger.ts';
import { openLedgerToRead, type UsageFilter } from '../../../accounts/ledger/ledger.ts';
import { grandTotal, sumRecords, sumUsage, type UsageTotals } from '../../../accounts/ledger/summary.ts';
import {
  type BudgetLimit,
  type BudgetWindow,
  putBudget,
  readBudgets,
} from '../../../accounts/store/budgets-store.ts';
import { resolveAccountPaths } from '../../../accounts/store/paths.ts';
import type { CodexScope } from '../../../codex/home.ts';
import { EXIT, StewardError } from '../../../errors.ts';
import { type AuthSession, openAuthSession } from '../../auth-session.ts';
import type { CommandDeps } from '../../main.ts';

export interface BudgetLimitOptions {
  readonly window?: BudgetWindow;
  readonly requests?: number;
  readonly tokens?: number;
  readonly cost?: string;
  readonly json?: boolean;
}

/** `<name>-<12 hex>` (project.ts). */
const PROJECT_KEY = /-[0-9a-f]{12}$/;

interface JsonOption {
  readonly json?: boolean;
}

/** Stores a limit; what is not named is not limited. */
export async function runBudgetLimit(
  key: string,
  options: BudgetLimitOptions,
  deps: CommandDeps,
): Promise<number> {
  const session = await openAuthSession(deps, { command: 'budget limit', json: options.json });
  const limit: BudgetLimit = {
    key: key.trim(),
    window: options.window ?? 'day',
    maxRequests: options.requests ?? null,
    maxTokens: options.tokens ?? null,
    maxCostUsd: options.cost === undefined ? null : parseCost(options.cost),
    updatedAt: session.scope.host.now(),
  };
  if (limit.key === '') throw wrongUse('the limit needs a name');
  if (limit.maxRequests === null && limit.maxTokens === null && limit.maxCostUsd === null) {
    throw wrongUse('nothing is limited: give --requests, --tokens or --cost');
  }
  await putBudget(session.scope, limit);
  say(session, { limit }, [`Limit stored: ${limitWords(limit)}`]);
  return EXIT.ok;
}

/** 1 when the limit is reached. Throws `ERR_ACCOUNTS_BUDGET` (1) for a limit that there is not. */
export async function runBudgetCheck(key: string, options: JsonOption, deps: CommandDeps): Promise<number> {
  const session = await openAuthSession(deps, { command: 'budget check', json: options.json });
  const { scope } = session;
  const limits = await readBudgets(scope);
  const limit = limits.find((each) => each.key === key);
  if (limit === undefined) {
    throw new StewardError('ERR_ACCOUNTS_BUDGET', 'user', `there is no limit called "${key}"`, {
      hint:
        limits.length === 0
          ? 'Set one: steward auth budget limit NAME --requests 100 --window day'
          : `There are: ${limits.map((each) => each.key).join(', ')}`,
    });
  }
  const evaluation = evaluateBudget(limit, await usageOf(scope, limit));
  say(session, { evaluation }, evaluationWords(evaluation));
  return evaluation.allowed ? EXIT.ok : EXIT.problems;
}

/** All limits, as they are stored. */
export async function runBudgetList(options: JsonOption, deps: CommandDeps): Promise<number> {
  const session = await openAuthSession(deps, { command: 'budget list', json: options.json });
  const limits = await readBudgets(session.scope);
  say(
    session,
    { limits },
    limits.length === 0 ? ['There are no limits of your own.'] : limits.map(limitWords),
  );
  return EXIT.ok;
}

/** A limit that is called like a project counts that project's use; any other counts everything. */
async function usageOf(scope: CodexScope, { key, window }: BudgetLimit): Promise<UsageTotals> {
  const now = scope.host.now();
  const span = { sinceMs: budgetSince(window, now), untilMs: now + 1 };
  return await sumOf(scope, PROJECT_KEY.test(key) ? { ...span, projectKey: key } : span);
}

async function sumOf(scope: CodexScope, filter: UsageFilter): Promise<UsageTotals> {
  const { root } = await resolveAccountPaths(scope);
  const foreign = sumRecords((await readForeignLedger(root, filter)).records, 'outcome');
  const ledger = await openLedgerToRead(scope);
  if (ledger === null) return grandTotal(foreign);
  try {
    return grandTotal([...foreign, ...sumUsage(ledger, filter, 'outcome')]);
  } finally {
    await ledger.close();
  }
}

/** The names of limits are the user's own words, not secrets: they are shown as they are. */
function say({ json, terminal, say: tell }: AuthSession, answer: object, lines: readonly string[]): void {
  if (json) terminal.out(`${JSON.stringify({ schemaVersion: 1, command: 'budget', ...answer }, null, 2)}\n`);
  for (const line of lines) tell(line);
}

function limitWords({ key, window, maxRequests, maxTokens, maxCostUsd }: BudgetLimit): string {
  const parts = [
    maxRequests === null ? [] : [`${maxRequests} requests`],
    maxTokens === null ? [] : [`${maxTokens} tokens`],
    maxCostUsd === null ? [] : [`${maxCostUsd} US dollars`],
  ].flat();
  return `${key}: at most ${parts.join(', ')} in a ${window}`;
}

function evaluationWords({ key, allowed, reasons, usage, window }: BudgetEvaluation): readonly string[] {
  const used = `${usage.requests} requests, ${usage.totalTokens} tokens in the last ${window}`;
  return allowed ? [`${key}: within the limit (${used})`] : [`${key}: reached (${reasons.join('; ')})`];
}

function parseCost(text: string): number {
  const cost = Number(text);
  if (text.trim() === '' || !Number.isFinite(cost) || cost < 0)
    throw wrongUse(`"${text}" is no amount of US dollars`);
  return cost;
}

function wrongUse(message: string): StewardError {
  return new StewardError('ERR_CLI_USAGE', 'user', message, {
    hint: 'steward auth budget limit NAME --requests 100 --window day',
    exitCode: EXIT.usage,
  });
}
