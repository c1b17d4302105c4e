/**
 * What Codex's tokens say about themselves. Nothing is verified: Codex does not check the signature of the tokens in
 * its own `auth.json` either (0.133 and 0.169 accept an unsigned one), and we only want to tell a person what is in it.
 */
import * as v from 'valibot';

const OptionalText = v.optional(v.fallback(v.nullable(v.string()), null), null);
const OptionalSeconds = v.optional(v.fallback(v.nullable(v.number()), null), null);

const AuthClaims = v.looseObject({
  chatgpt_account_id: OptionalText,
  chatgpt_user_id: OptionalText,
  user_id: OptionalText,
  chatgpt_plan_type: OptionalText,
});

const Claims = v.looseObject({
  email: OptionalText,
  exp: OptionalSeconds,
  iat: OptionalSeconds,
  amr: v.optional(v.fallback(v.array(v.string()), []), []),
  pwd_auth_time: OptionalSeconds,
  'https://api.openai.com/auth': v.optional(v.unknown()),
});

export interface TokenClaims {
  /** As it stands in the token: mask it before it is shown ({@link maskEmail}). */
  readonly email: string | null;
  /** Epoch ms. */
  readonly expiresAt: number | null;
  /** Epoch ms. */
  readonly issuedAt: number | null;
  readonly planType: string | null;
  readonly accountId: string | null;
  readonly userId: string | null;
  /** Authentication methods (`amr`): `pwd`, `mfa`, `otp`, …; empty where the token names none. */
  readonly authMethods: readonly string[];
  /** Epoch ms of the last password entry, where the token says it. */
  readonly passwordAuthAt: number | null;
}

/** The claims of a token, or `null` when it is not a JWT with a JSON object in it. Never throws. */
export async function decodeTokenClaims(token: string): Promise<TokenClaims | null> {
  const { decodeJwt } = await import('jose/jwt/decode');
  let payload: unknown;
  try {
    payload = decodeJwt(token);
  } catch {
    return null; // the caller says which token it was; the reason would quote it
  }
  const parsed = v.safeParse(Claims, payload);
  if (!parsed.success) return null;
  const authClaims = v.safeParse(AuthClaims, parsed.output['https://api.openai.com/auth']);
  const auth = authClaims.success ? authClaims.output : null;
  return {
    email: parsed.output.email,
    expiresAt: toMs(parsed.output.exp),
    issuedAt: toMs(parsed.output.iat),
    planType: auth?.chatgpt_plan_type ?? null,
    accountId: auth?.chatgpt_account_id ?? null,
    userId: auth?.chatgpt_user_id ?? auth?.user_id ?? null,
    authMethods: parsed.output.amr,
    passwordAuthAt: toMs(parsed.output.pwd_auth_time),
  };
}

/** `a…@e….test`: enough for its owner to recognise it, too little for anybody else. */
export function maskEmail(email: string): string {
  const at = email.lastIndexOf('@');
  if (at < 1) return '…';
  const domain = email.slice(at + 1);
  const dot = domain.lastIndexOf('.');
  return `${email.slice(0, 1)}…@${domain.slice(0, 1)}…${dot > 0 ? domain.slice(dot) : ''}`;
}

function toMs(seconds: number | null): number | null {
  return seconds === null || !Number.isFinite(seconds) ? null : seconds * 1000;
}
