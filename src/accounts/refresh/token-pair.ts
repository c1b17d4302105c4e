/**
 * Which of two token pairs is the newer one, and whether they are of the same login. Nothing newer is ever replaced by
 * something older: that is how a good pair gets lost.
 */
import { createHash } from 'node:crypto';
import { decodeTokenClaims } from '../../codex/jwt-claims.ts';
import type { ChatgptAccount } from '../account.ts';

export interface TokenPair {
  readonly refreshToken: string;
  readonly accessToken: string | null;
  /** Epoch ms; `null`: ask the token. */
  readonly expiresAt: number | null;
  readonly idToken: string | null;
}

/** Hex; how leases and records name a refresh token without holding it. */
export function tokenHash(refreshToken: string): string {
  return createHash('sha256').update(refreshToken).digest('hex');
}

/** Whether `candidate` was issued after `current`, as the access tokens say. Two from one second are equally old. */
export async function isNewerPair(candidate: TokenPair, current: TokenPair): Promise<boolean> {
  if (candidate.refreshToken === '' || candidate.accessToken === null) return false;
  const isSame =
    candidate.refreshToken === current.refreshToken && candidate.accessToken === current.accessToken;
  if (isSame) return false;
  const [one, other] = await Promise.all([ageOf(candidate), ageOf(current)]);
  if (one === null) return false;
  if (other === null) return true;
  return one.issuedAt === other.issuedAt ? one.expiresAt > other.expiresAt : one.issuedAt > other.issuedAt;
}

/** Epoch ms at which the access token ends; `null` when nobody knows. The token's own claim counts before our note of it. */
export async function accessExpiry(
  pair: Pick<TokenPair, 'accessToken' | 'expiresAt'>,
): Promise<number | null> {
  if (pair.accessToken === null) return null;
  const claims = await decodeTokenClaims(pair.accessToken);
  return claims?.expiresAt ?? pair.expiresAt;
}

async function ageOf(pair: TokenPair): Promise<{ issuedAt: number; expiresAt: number } | null> {
  const claims = pair.accessToken === null ? null : await decodeTokenClaims(pair.accessToken);
  const expiresAt = claims?.expiresAt ?? pair.expiresAt;
  const issuedAt = claims?.issuedAt ?? expiresAt;
  return issuedAt === null ? null : { issuedAt, expiresAt: expiresAt ?? issuedAt };
}

/**
 * Whether two logins are of the same person in the same workspace. The seats of one team share the account id, so the
 * person has to be the same too: by user id where both tokens have one, else by e-mail.
 */
export async function isSameLogin(one: ChatgptAccount, other: ChatgptAccount): Promise<boolean> {
  if (one.refreshToken === other.refreshToken) return true;
  if (one.accountId !== null && other.accountId !== null && one.accountId !== other.accountId) return false;
  const [user, otherUser] = await Promise.all([userOf(one), userOf(other)]);
  if (user !== null && otherUser !== null) return user === otherUser;
  if (one.email !== null && other.email !== null) return one.email === other.email;
  return false;
}

async function userOf(account: ChatgptAccount): Promise<string | null> {
  for (const token of [account.accessToken, account.idToken]) {
    const user = token === null ? null : ((await decodeTokenClaims(token))?.userId ?? null);
    if (user !== null) return user;
  }
  return null;
}

/** The account with that pair; what a dead login had brought upon it is lifted. */
export function withPair(account: ChatgptAccount, pair: TokenPair): ChatgptAccount {
  return {
    ...account,
    refreshToken: pair.refreshToken,
    accessToken: pair.accessToken,
    expiresAt: pair.expiresAt,
    idToken: pair.idToken ?? account.idToken,
    invalidated: null,
    cooldown: account.cooldown?.reason === 'auth-failure' ? null : account.cooldown,
  };
}
