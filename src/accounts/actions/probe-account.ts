/** Does one account work? Asked of the server without spending quota: never a model call. */

import type { CodexScope } from '../../codex/home.ts';
import { createHttp } from '../../codex/http.ts';
import { readLoginFacts } from '../../codex/login-facts.ts';
import type { Account, ApiKeyAccount, ChatgptAccount } from '../account.ts';
import { checkApiKey } from '../login/api-key.ts';
import { fetchUsage } from '../quota/usage.ts';
import type { Usage } from '../quota/usage-facts.ts';
import type { RefreshOutcome } from '../refresh/refresh-account.ts';
import { failureAction } from '../refresh/refusal.ts';
import { renewTokens } from './renew.ts';

const LOG_IN_AGAIN = 'Log that account in again: steward auth login.';

export type Verdict =
  | {
      readonly kind: 'working';
      readonly account: Account;
      readonly usage: Usage | null;
      readonly renewed: Renewal;
    }
  /** Logged in, but its limits are used up; `untilMs` is epoch ms. */
  | {
      readonly kind: 'limited';
      readonly account: Account;
      readonly usage: Usage | null;
      readonly untilMs: number | null;
      readonly renewed: Renewal;
    }
  /** The server refused it. `isPermanent`: only a new login, or another key, helps. */
  | {
      readonly kind: 'refused';
      readonly account: Account;
      readonly code: string | null;
      readonly status: number;
      readonly message: string;
      readonly isPermanent: boolean;
      readonly action: string;
    }
  /** No answer that means anything: nothing is known about the account. */
  | {
      readonly kind: 'unreachable';
      readonly account: Account;
      readonly reason: string;
      readonly message: string;
      /** The machine's or the route's fault, and not the server's. */
      readonly isNetwork: boolean;
      readonly action: string;
    };

/** What was done to its tokens on the way; `null` for an API key. */
export type Renewal = 'fresh' | 'adopted' | 'refreshed' | null;

/** Refreshed tokens are on the disk before this returns. */
export async function probeAccount(scope: CodexScope, account: Account): Promise<Verdict> {
  return account.kind === 'chatgpt' ? await probeChatgpt(scope, account) : await probeKey(scope, account);
}

async function probeChatgpt(scope: CodexScope, account: ChatgptAccount): Promise<Verdict> {
  const tokens = await renewTokens(scope, account);
  if (tokens.kind === 'refused') return refusedBy(tokens);
  if (tokens.kind === 'failed') {
    const { reason, message, action } = tokens;
    return {
      kind: 'unreachable',
      account: tokens.account,
      reason,
      message,
      isNetwork: isRoute(reason),
      action,
    };
  }
  const outcome = await fetchUsage(scope, tokens.account);
  const renewed = outcome.account.refreshToken === tokens.account.refreshToken ? tokens.kind : 'refreshed';
  switch (outcome.kind) {
    case 'usage':
      return judgeUsage(outcome.account, outcome.usage, renewed);
    case 'refused': {
      if (outcome.refresh !== null) return refusedBy(outcome.refresh);
      const { code, status, message, isPermanent } = outcome;
      const action = isPermanent ? LOG_IN_AGAIN : 'Look at the account on chatgpt.com; then check again.';
      return { kind: 'refused', account: outcome.account, code, status, message, isPermanent, action };
    }
    case 'limited':
      // Asked too often says nothing against the login itself.
      return { kind: 'limited', account: outcome.account, usage: null, untilMs: outcome.retryAt, renewed };
    case 'failed': {
      const { reason, message } = outcome;
      return {
        kind: 'unreachable',
        account: outcome.account,
        reason,
        message,
        isNetwork: isRoute(reason),
        action: failureAction(reason, null),
      };
    }
  }
}

function refusedBy(tokens: Extract<RefreshOutcome, { readonly kind: 'refused' }>): Verdict {
  const { account, code, status, message, isPermanent, action } = tokens;
  return { kind: 'refused', account, code, status, message, isPermanent, action };
}

function judgeUsage(account: ChatgptAccount, usage: Usage, renewed: Renewal): Verdict {
  const full = usage.windows.filter(({ usedPercent }) => usedPercent >= 100);
  if (!usage.limitReached && (full.length === 0 || usage.hasCredits)) {
    return { kind: 'working', account, usage, renewed };
  }
  const resets = (full.length > 0 ? full : usage.windows).flatMap(({ resetsAt }) => resetsAt ?? []);
  const untilMs = resets.length === 0 ? null : Math.max(...resets);
  return { kind: 'limited', account, usage, untilMs, renewed };
}

async function probeKey(scope: CodexScope, account: ApiKeyAccount): Promise<Verdict> {
  const { provider } = await readLoginFacts(scope);
  const http = createHttp(scope);
  try {
    const verdict = await checkApiKey(
      http,
      provider.id === 'openai' ? provider.baseUrl : null,
      account.apiKey,
    );
    switch (verdict.kind) {
      case 'accepted':
        return { kind: 'working', account, usage: null, renewed: null };
      case 'refused': {
        const { code, message } = verdict;
        const action = 'Replace the key: steward auth login --with-api-key.';
        return { kind: 'refused', account, code, status: 401, message, isPermanent: true, action };
      }
      case 'unknown':
        return {
          kind: 'unreachable',
          account,
          reason: 'unknown',
          message: verdict.reason,
          isNetwork: verdict.isNetwork,
          action: failureAction(verdict.isNetwork ? 'network' : 'server', null),
        };
    }
  } finally {
    await http.close();
  }
}

function isRoute(reason: string): boolean {
  return reason === 'network' || reason === 'timeout' || reason === 'edge';
}
