/** Authorization codes: made when somebody agrees, exchanged once, within ten minutes, with the right PKCE verifier. */
import { createHash } from 'node:crypto';
import type { LabAccount } from '../accounts.ts';
import type { LabClock } from '../clock.ts';
import type { LabIds } from '../ids.ts';

export interface CodeGrant {
  readonly account: LabAccount;
  readonly amr: readonly string[];
  readonly redirectUri: string;
  /** PKCE challenge, method S256. */
  readonly challenge: string;
}

export type CodeExchange =
  | { readonly kind: 'granted'; readonly grant: CodeGrant }
  | { readonly kind: 'refused'; readonly message: string };

export interface AuthorizationCodes {
  make(grant: CodeGrant): string;
  exchange(request: {
    readonly code: string;
    readonly verifier: string;
    readonly redirectUri: string;
  }): CodeExchange;
}

const LIFETIME_MS = 10 * 60_000;

export function createAuthorizationCodes(world: {
  readonly ids: LabIds;
  readonly clock: LabClock;
}): AuthorizationCodes {
  const codes = new Map<string, { readonly grant: CodeGrant; readonly expiresAtMs: number }>();
  return {
    make: (grant) => {
      const code = `ac_lab_${world.ids.hex(40)}`;
      codes.set(code, { grant, expiresAtMs: world.clock.now() + LIFETIME_MS });
      return code;
    },
    exchange: ({ code, verifier, redirectUri }) => {
      const known = codes.get(code);
      codes.delete(code);
      if (known === undefined) return refused('The authorization code is unknown or was already used.');
      if (known.expiresAtMs <= world.clock.now()) return refused('The authorization code has expired.');
      if (known.grant.redirectUri !== redirectUri)
        return refused('The redirect_uri differs from the one authorized.');
      if (challengeOf(verifier) !== known.grant.challenge)
        return refused('The code_verifier does not match.');
      return { kind: 'granted', grant: known.grant };
    },
  };
}

/** The S256 challenge of a PKCE verifier. */
export function challengeOf(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url');
}

function refused(message: string): CodeExchange {
  return { kind: 'refused', message };
}
