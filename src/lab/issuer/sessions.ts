/** Sessions of signed-in people, and their refresh tokens: each is good once, and spending it gives the next. */
import type { LabAccount } from '../accounts.ts';
import type { LabClock } from '../clock.ts';
import type { LabIds } from '../ids.ts';
import type { LabSettings } from '../settings.ts';
import type { TokenMint } from '../tokens.ts';

export interface Session {
  readonly id: string;
  readonly account: LabAccount;
  readonly amr: readonly string[];
  revoked: boolean;
}

export interface TokenSet {
  readonly id_token: string;
  readonly access_token: string;
  readonly refresh_token: string;
  readonly expires_in: number;
}

export type Redeemed =
  | { readonly kind: 'fresh'; readonly session: Session }
  | {
      readonly kind: 'refused';
      readonly reason: 'reused' | 'revoked' | 'expired' | 'invalid';
      readonly account?: LabAccount;
    };

export interface Sessions {
  open(account: LabAccount, amr: readonly string[]): Session;
  issue(session: Session, lifetimeSeconds?: number): Promise<TokenSet>;
  /** Spends a refresh token. */
  redeem(refreshToken: string): Redeemed;
  /** The account a refresh token belongs to, without spending it. */
  ownerOf(refreshToken: string): LabAccount | undefined;
  /** Revokes the session of that access or refresh token; false when nobody knows it. */
  revoke(token: string): Promise<boolean>;
  revokeAll(account?: string): void;
  byAccessToken(token: string): Promise<Session | 'unknown' | 'expired' | 'revoked'>;
}

interface RefreshToken {
  readonly session: Session;
  spent: boolean;
}

export const PASSWORD_ONLY: readonly string[] = ['pwd'];
export const WITH_MFA: readonly string[] = ['pwd', 'mfa', 'otp'];

export function createSessions(world: {
  readonly ids: LabIds;
  readonly clock: LabClock;
  readonly mint: TokenMint;
  readonly accounts: readonly LabAccount[];
  settings(): LabSettings;
}): Sessions {
  const sessions = new Map<string, Session>();
  const refreshTokens = new Map<string, RefreshToken>();

  const open = (account: LabAccount, amr: readonly string[], id = `sess_${world.ids.hex(24)}`): Session => {
    const session: Session = { id, account, amr, revoked: false };
    sessions.set(id, session);
    return session;
  };

  const sessionOf = async (accessToken: string): Promise<Session | 'unknown' | 'expired' | 'revoked'> => {
    const claims = await world.mint.read(accessToken);
    const account = world.accounts.find((candidate) => candidate.accountId === claims?.accountId);
    if (claims === undefined || account === undefined) return 'unknown';
    // A lab that was restarted with the same seed has forgotten its sessions, but the tokens are still its own.
    const session = sessions.get(claims.sessionId) ?? open(account, claims.amr, claims.sessionId);
    if (session.revoked) return 'revoked';
    return claims.expired ? 'expired' : session;
  };

  return {
    open: (account, amr) => open(account, amr),
    issue: async (session, lifetimeSeconds = world.settings().accessTokenSeconds) => {
      const request = { account: session.account, sessionId: session.id, amr: session.amr, lifetimeSeconds };
      const refresh_token = `rt_lab_${world.ids.hex(48)}`;
      refreshTokens.set(refresh_token, { session, spent: false });
      return {
        id_token: await world.mint.idToken(request),
        access_token: await world.mint.accessToken(request),
        refresh_token,
        expires_in: lifetimeSeconds,
      };
    },
    redeem: (token) => {
      const known = refreshTokens.get(token);
      if (known === undefined) return { kind: 'refused', reason: 'invalid' };
      const { account, revoked } = known.session;
      const setting = world.settings().refresh;
      if (setting !== 'rotate') return { kind: 'refused', reason: setting, account };
      if (revoked) return { kind: 'refused', reason: 'revoked', account };
      if (known.spent) return { kind: 'refused', reason: 'reused', account };
      known.spent = true;
      return { kind: 'fresh', session: known.session };
    },
    ownerOf: (token) => refreshTokens.get(token)?.session.account,
    revoke: async (token) => {
      const found = refreshTokens.get(token)?.session ?? (await sessionOf(token));
      if (typeof found === 'string') return false;
      found.revoked = true;
      return true;
    },
    revokeAll: (account) => {
      for (const session of sessions.values()) {
        if (account === undefined || session.account.name === account) session.revoked = true;
      }
    },
    byAccessToken: sessionOf,
  };
}
