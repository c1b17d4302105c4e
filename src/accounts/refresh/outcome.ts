/** What asking for fresh tokens comes to. */
import type { ChatgptAccount } from '../account.ts';

export type RefreshOutcome =
  /** `fresh`: good as it was. `adopted`: somebody else had a newer pair. `refreshed`: spent and stored. */
  | {
      readonly kind: 'fresh' | 'adopted' | 'refreshed';
      readonly account: ChatgptAccount;
      /** Codex has this login too and could not be given the new pair: a sentence for a person, else `null`. */
      readonly warning: string | null;
    }
  /**
   * The issuer said no. `isPermanent`: the login is dead, and marked so in the pool. The code is the issuer's own;
   * `action` is what to do now.
   */
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly code: string | null;
      /** Id in the catalogue of failures. */
      readonly catalogueId: RefusalId;
      readonly isPermanent: boolean;
      readonly message: string;
      readonly action: string;
      readonly account: ChatgptAccount;
    }
  /**
   * Nobody can tell: no answer, or one that says nothing about the login. `maybeSpent`: the request had left when it
   * failed, so the token may be used up; asking again with it is right all the same.
   */
  | {
      readonly kind: 'failed';
      readonly reason: 'network' | 'timeout' | 'malformed' | 'server' | 'busy' | 'aborted';
      readonly status: number | null;
      readonly maybeSpent: boolean;
      readonly message: string;
      readonly action: string;
      readonly account: ChatgptAccount;
    };

export type RefusalId = 'auth.refresh_token_reused' | 'auth.refresh_token_revoked' | 'auth.token_expired';
