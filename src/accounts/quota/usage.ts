/** Asks how much of its limits an account has used: the usage endpoint, never a model call. */
import { effectiveText, readConfigLayers } from '../../codex/config-layers.ts';
import type { CodexScope } from '../../codex/home.ts';
import { createHttp, type Http, type HttpOutcome } from '../../codex/http.ts';
import type { ChatgptAccount } from '../account.ts';
import { parseServerError } from '../oauth/server-error.ts';
import type { RefreshOutcome } from '../refresh/outcome.ts';
import { ensureFreshTokens } from '../refresh/refresh-account.ts';
import { parseUsageAnswer } from './usage-answer.ts';
import type { Usage } from './usage-facts.ts';

export type UsageOutcome =
  /** `account`: with the tokens that were used, which may be newer than those given. */
  | { readonly kind: 'usage'; readonly usage: Usage; readonly account: ChatgptAccount }
  /** The backend refused this login, also after a refresh, or the issuer refused the refresh. */
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly code: string | null;
      readonly message: string;
      /** The login is dead: only a new one helps. */
      readonly isPermanent: boolean;
      readonly refresh: Extract<RefreshOutcome, { readonly kind: 'refused' }> | null;
      readonly account: ChatgptAccount;
    }
  /** 429: asked too often; `retryAt` epoch ms. */
  | {
      readonly kind: 'limited';
      readonly retryAt: number | null;
      readonly message: string;
      readonly account: ChatgptAccount;
    }
  | {
      readonly kind: 'failed';
      /** `edge`: a page that asks for a browser, in place of the backend. */
      readonly reason: 'network' | 'timeout' | 'edge' | 'server' | 'malformed' | 'refresh';
      readonly code: string | null;
      readonly status: number | null;
      readonly message: string;
      readonly account: ChatgptAccount;
    };

type FailedReason = Extract<UsageOutcome, { readonly kind: 'failed' }>['reason'];

const TIMEOUT_MS = 15_000;
/** The backend's words for a login that is over, also with a token just refreshed. */
const DEAD: ReadonlySet<string> = new Set([
  'token_invalidated',
  'token_revoked',
  'account_deactivated',
  'app_session_terminated',
]);

/** Refreshes first when the access token has expired; a 401 leads to one forced refresh and one more question. */
export async function fetchUsage(scope: CodexScope, account: ChatgptAccount): Promise<UsageOutcome> {
  const url = await usageUrl(scope);
  if ('refused' in url) {
    return { kind: 'failed', reason: 'malformed', code: null, status: null, message: url.refused, account };
  }
  const first = await ensureFreshTokens(scope, account);
  if (first.kind === 'refused' || first.kind === 'failed') return withoutTokens(first);
  const http = createHttp(scope);
  try {
    const answer = await ask(http, url.href, first.account);
    if (answer.kind !== 'answer' || answer.status !== 401)
      return judge(answer, first.account, scope.host.now());
    const second = await ensureFreshTokens(scope, first.account, { force: true });
    if (second.kind === 'refused' || second.kind === 'failed') return withoutTokens(second);
    return judge(await ask(http, url.href, second.account), second.account, scope.host.now());
  } finally {
    await http.close();
  }
}

/** `chatgpt_base_url` of this home. A token goes over TLS, or stays on this machine. */
async function usageUrl(
  scope: CodexScope,
): Promise<{ readonly href: string } | { readonly refused: string }> {
  const setting = effectiveText(await readConfigLayers(scope), 'chatgpt_base_url');
  const base = setting?.value ?? 'https://chatgpt.com/backend-api/';
  const where = setting === undefined ? '' : ` (${setting.layer.path})`;
  if (!URL.canParse(base)) return { refused: `chatgpt_base_url${where} is not a URL` };
  const url = new URL('wham/usage', base.endsWith('/') ? base : `${base}/`);
  const isHere = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isHere)) return { href: url.href };
  return { refused: `chatgpt_base_url${where} is not https://, and a login goes over no other` };
}

async function ask(http: Http, url: string, account: ChatgptAccount): Promise<HttpOutcome> {
  return await http.request({
    method: 'GET',
    url,
    headers: {
      authorization: `Bearer ${account.accessToken ?? ''}`,
      ...(account.accountId === null ? {} : { 'chatgpt-account-id': account.accountId }),
      accept: 'application/json',
      // The edge judges by these, so they are what Codex sends; the name in brackets says who really asks.
      'user-agent': 'codex_cli_rs/0.0.0 (codex-steward)',
      originator: 'codex_cli_rs',
    },
    timeoutMs: TIMEOUT_MS,
  });
}

function withoutTokens(
  outcome: Extract<RefreshOutcome, { readonly kind: 'refused' | 'failed' }>,
): UsageOutcome {
  const { status, message, account } = outcome;
  if (outcome.kind === 'failed') {
    const reason = outcome.reason === 'network' || outcome.reason === 'timeout' ? outcome.reason : 'refresh';
    return { kind: 'failed', reason, code: null, status, message, account };
  }
  const { code, isPermanent } = outcome;
  return { kind: 'refused', status: outcome.status, code, message, isPermanent, refresh: outcome, account };
}

function judge(answer: HttpOutcome, account: ChatgptAccount, now: number): UsageOutcome {
  const failed = (reason: FailedReason, message: string, code: string | null, status: number | null) =>
    ({ kind: 'failed', reason, message, code, status, account }) as const;
  if (answer.kind === 'failed') {
    const reason =
      answer.reason === 'timeout' ? 'timeout' : answer.reason === 'too-large' ? 'malformed' : 'network';
    return failed(reason, `the limits could not be asked for: ${answer.message}`, answer.code, null);
  }
  const { status, headers, text } = answer;
  if (status === 200) {
    const usage = parseUsageAnswer(text, now);
    if (usage !== null) return { kind: 'usage', usage, account };
    return failed('malformed', 'the answer about the limits is not what it should be', null, status);
  }
  const { code, message } = parseServerError(text);
  const said = message === '' ? '' : `: ${message}`;
  if (status === 429) {
    const retryAt = retryTime(headers['retry-after'], now);
    return { kind: 'limited', retryAt, message: `the server was asked too often${said}`, account };
  }
  if (status === 403 && isEdgePage(answer)) {
    return failed('edge', 'a page that wants a browser came in place of an answer (HTTP 403)', null, status);
  }
  if (status === 401 || status === 402 || status === 403) {
    const words = `the server refused this login (${code ?? `HTTP ${status}`})${said}`;
    const isPermanent = code !== null && DEAD.has(code);
    return { kind: 'refused', status, code, message: words, isPermanent, refresh: null, account };
  }
  return failed('server', `the server answered ${code ?? `HTTP ${status}`}${said}`, code, status);
}

function isEdgePage({ headers, text }: Extract<HttpOutcome, { readonly kind: 'answer' }>): boolean {
  return headers['cf-mitigated'] !== undefined || !/^\s*[{[]/.test(text);
}

/** `Retry-After` in seconds or as a date; epoch ms. */
function retryTime(header: string | undefined, now: number): number | null {
  if (header === undefined) return null;
  const at = /^\d{1,9}$/.test(header.trim()) ? now + Number(header) * 1000 : Date.parse(header);
  return Number.isFinite(at) ? at : null;
}
