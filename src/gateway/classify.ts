/**
 * What an upstream's failure means for the pool. Pure. Order matters: a safety or policy flag is looked for first, so that
 * nothing that looks like a limit or an outage can carry a flagged request to another account.
 */
import { type Failure, headerOf } from './failure.ts';
import { retryAtMs, usageResetMs } from './reset-time.ts';
import type { Verdict } from './verdict.ts';

/** Codes of flags on an account, a thread or a request. */
const SAFETY_CODE =
  /cyber|safety|misalignment|content_policy|content_filter|usage_polic|policy_violation|account_(?:deactivated|suspended|banned)|high_risk|^invalid_prompt$/i;
const SAFETY_TEXT =
  /flagged (?:for|as)|potentially high-risk|usage polic(?:y|ies)|(?:content|safety|misalignment) policy|for safety reasons|chatgpt\.com\/cyber|account (?:has been|was|is) (?:deactivated|suspended|banned)/i;
const REGION = /unsupported_country|country, region, or territory/i;
const MFA = /\bmfa\b|multi-?factor|two-?factor|\b2fa\b/i;
const DEACTIVATED = /deactivated_workspace|workspace[^.]{0,40}(?:deactivated|disabled|expired|deleted)/i;
const WORKSPACE_POLICY =
  /missing_codex_entitlement|not enabled for your workspace|not currently authorized to use codex|workspace (?:policy|admin|owner)|contact your (?:workspace )?admin/i;
const PLAN = /usage_not_included|chatgpt_account_missing/i;
const CREDITS =
  /insufficient_quota|billing_(?:hard_)?limit|billing_not_active|credits?_depleted|out of credits|exceeded your current quota/i;
const OVERLOADED = /server_is_overloaded|server_overloaded|slow_down|overloaded/i;
const MODEL_UNSUPPORTED = /model is not supported when using codex with a chatgpt account/i;
const ENCRYPTED = /invalid_encrypted_content|encrypted content .{0,200}could not be verified/i;

/** The verdict on an answer that is not a success. */
export function classifyFailure(failure: Failure, nowMs: number): Verdict {
  const name = `${failure.code ?? ''} ${failure.type ?? ''}`.trim();
  const said = `${name} ${failure.message}`;
  if (isFlagged(failure)) return { kind: 'stop', why: 'safety' };
  if (REGION.test(said)) return { kind: 'stop', why: 'region' };
  if (ENCRYPTED.test(said)) return { kind: 'strip' };
  if (/previous_response_not_found/.test(name)) return { kind: 'resend' };
  if (/websocket_connection_limit_reached/.test(name)) return { kind: 'reconnect' };
  if (PLAN.test(name)) return { kind: 'rotate', why: 'plan', untilMs: null };
  if (/usage_limit_(?:reached|exceeded)/.test(name)) return usageLimit(failure, nowMs);
  if (CREDITS.test(said)) return { kind: 'rotate', why: 'credits', untilMs: usageResetMs(failure, nowMs) };
  if (OVERLOADED.test(name)) return { kind: 'wait', why: 'overloaded', afterMs: afterMs(failure, nowMs) };
  switch (failure.status) {
    case 200:
      return inStream(name, failure, nowMs);
    case 400:
    case 404:
      return MODEL_UNSUPPORTED.test(said)
        ? { kind: 'rotate', why: 'model-unsupported', untilMs: null }
        : { kind: 'pass' };
    case 401:
      return { kind: 'refresh', code: failure.code };
    case 402:
    case 403:
      return forbidden(failure, said);
    case 429:
      // The edge limits the address, not the account: no account is the better for it.
      if (isPage(failure)) return { kind: 'wait', why: 'overloaded', afterMs: afterMs(failure, nowMs) };
      return { kind: 'rotate', why: 'too-many-requests', untilMs: retryAtMs(failure, nowMs) };
    default:
      return failure.status >= 500
        ? { kind: 'wait', why: 'server', afterMs: afterMs(failure, nowMs) }
        : { kind: 'pass' };
  }
}

/** Whether the provider has flagged account, thread or request. The words count only in an answer of the API itself. */
function isFlagged(failure: Failure): boolean {
  if (SAFETY_CODE.test(failure.code ?? '') || SAFETY_CODE.test(failure.type ?? '')) return true;
  return SAFETY_TEXT.test(failure.message);
}

function usageLimit(failure: Failure, nowMs: number): Verdict {
  const reached = headerOf(failure.headers, 'x-codex-rate-limit-reached-type') ?? '';
  const why = CREDITS.test(reached) ? 'credits' : 'usage-limit';
  return { kind: 'rotate', why, untilMs: usageResetMs(failure, nowMs) };
}

/** A failure that a 200 stream turned out to hold. */
function inStream(name: string, failure: Failure, nowMs: number): Verdict {
  if (/rate_limit|too_many_requests/.test(name))
    return { kind: 'rotate', why: 'too-many-requests', untilMs: retryAtMs(failure, nowMs) };
  if (/server_error|internal_error|service_unavailable|vector_store_timeout/.test(name))
    return { kind: 'wait', why: 'server', afterMs: null };
  return { kind: 'pass' };
}

/** 402 and 403 by what they say: most of them no other account can help. */
function forbidden(failure: Failure, said: string): Verdict {
  if (isEdgePage(failure)) return { kind: 'stop', why: 'edge' };
  if (DEACTIVATED.test(said)) return { kind: 'rotate', why: 'deactivated', untilMs: null };
  if (MFA.test(said)) return { kind: 'stop', why: 'mfa' };
  if (WORKSPACE_POLICY.test(said)) return { kind: 'stop', why: 'workspace-policy' };
  if (failure.status === 402) return { kind: 'rotate', why: 'credits', untilMs: null };
  return { kind: 'pass' };
}

/** The edge's page, or its bare refusal, in place of an answer of the API. */
function isEdgePage(failure: Failure): boolean {
  if (failure.isApiError) return false;
  return headerOf(failure.headers, 'cf-mitigated') !== null || isPage(failure) || failure.text.trim() === '';
}

function isPage(failure: Failure): boolean {
  const contentType = headerOf(failure.headers, 'content-type') ?? '';
  return contentType.startsWith('text/html') || /^\s*<(?:!doctype|html)/i.test(failure.text);
}

function afterMs(failure: Failure, nowMs: number): number | null {
  const at = retryAtMs(failure, nowMs);
  return at === null ? null : Math.max(0, at - nowMs);
}
