/**
 * JSON web tokens as the real issuer makes them, for invented accounts. They are signed with a key drawn from the
 * lab's seed (Ed25519, because such a key can be drawn; the clients never look at the algorithm), so a lab that was
 * restarted with the same seed still accepts its own tokens, and nothing else accepts them.
 */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { exportJWK, jwtVerify, SignJWT } from 'jose';
import * as v from 'valibot';
import type { LabAccount } from './accounts.ts';
import type { LabClock } from './clock.ts';
import type { LabIds } from './ids.ts';

/** The official client's id; Codex 0.133 and 0.169. */
export const CODEX_CLIENT_ID = 'app_EMoamEEZ73f0CkXaXp7hrann';

const AUTH_CLAIM = 'https://api.openai.com/auth';
const PROFILE_CLAIM = 'https://api.openai.com/profile';
const ANY_AGE_SECONDS = 1e10;
const PKCS8_ED25519_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

const claimsSchema = v.object({
  exp: v.number(),
  session_id: v.string(),
  amr: v.array(v.string()),
  [AUTH_CLAIM]: v.object({ chatgpt_account_id: v.string() }),
});

export interface TokenRequest {
  readonly account: LabAccount;
  readonly sessionId: string;
  /** How the person signed in: `['pwd']`, or `['pwd', 'mfa', 'otp']` when a second factor was used. */
  readonly amr: readonly string[];
  /** Negative for a token that has already expired. */
  readonly lifetimeSeconds: number;
}

export interface TokenClaims {
  readonly accountId: string;
  readonly sessionId: string;
  readonly amr: readonly string[];
  readonly expired: boolean;
}

export interface TokenMint {
  accessToken(request: TokenRequest): Promise<string>;
  idToken(request: TokenRequest): Promise<string>;
  /** What the token says, or `undefined` when this lab did not sign it. */
  read(token: string): Promise<TokenClaims | undefined>;
  /** The public key set, as `/.well-known/jwks.json` shows it. */
  keySet(): Promise<{ readonly keys: readonly object[] }>;
}

/** Makes and reads the tokens of one lab; `issuer` is its base URL. */
export function createTokenMint(options: { ids: LabIds; clock: LabClock; issuer: string }): TokenMint {
  const { clock, ids, issuer } = options;
  const der = Buffer.concat([PKCS8_ED25519_PREFIX, ids.keyBytes()]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(privateKey);

  const sign = (claims: Record<string, unknown>, request: TokenRequest, audience: string | string[]) => {
    const issuedAt = clock.unixSeconds() + Math.min(0, request.lifetimeSeconds - 3600);
    return new SignJWT({
      email: request.account.email,
      email_verified: true,
      session_id: request.sessionId,
      amr: [...request.amr],
      pwd_auth_time: issuedAt * 1000,
      [AUTH_CLAIM]: {
        chatgpt_account_id: request.account.accountId,
        chatgpt_account_user_id: `${request.account.userId}__${request.account.accountId}`,
        chatgpt_user_id: request.account.userId,
        user_id: request.account.userId,
        chatgpt_plan_type: request.account.plan,
      },
      ...claims,
    })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT', kid: 'lab' })
      .setIssuer(issuer)
      .setSubject(`auth0|${request.account.userId}`)
      .setAudience(audience)
      .setJti(ids.uuid())
      .setIssuedAt(issuedAt)
      .setNotBefore(issuedAt)
      .setExpirationTime(clock.unixSeconds() + request.lifetimeSeconds)
      .sign(privateKey);
  };

  return {
    accessToken: (request) =>
      sign(
        {
          client_id: CODEX_CLIENT_ID,
          scp: ['openid', 'profile', 'email', 'offline_access'],
          [PROFILE_CLAIM]: { email: request.account.email, email_verified: true },
        },
        request,
        ['https://api.openai.com/v1'],
      ),
    idToken: (request) => sign({ auth_provider: 'password' }, request, CODEX_CLIENT_ID),
    read: async (token) => {
      // `exp` is judged by the lab's clock below. What fails here is a token of another lab, or no token at all.
      const verified = await jwtVerify(token, publicKey, { clockTolerance: ANY_AGE_SECONDS }).catch(
        () => undefined,
      );
      if (verified === undefined) return undefined;
      const claims = v.safeParse(claimsSchema, verified.payload);
      if (!claims.success) return undefined;
      return {
        accountId: claims.output[AUTH_CLAIM].chatgpt_account_id,
        sessionId: claims.output.session_id,
        amr: claims.output.amr,
        expired: claims.output.exp <= clock.unixSeconds(),
      };
    },
    keySet: async () => ({
      keys: [{ ...(await exportJWK(publicKey)), kid: 'lab', use: 'sig', alg: 'EdDSA' }],
    }),
  };
}
