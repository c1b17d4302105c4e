/**
 * Who may use the gateway: each client has its own token, which travels in the path of the base URL it was given. Tokens are
 * kept and looked up as digests, so that neither the time a lookup takes nor a heap dump tells one. A client of one account
 * has a token made from the session's: nothing has to be remembered for it, so it outlives the process that serves it.
 */
import { createHmac, hash, timingSafeEqual } from 'node:crypto';

export interface GatewayClient {
  /** For the log; not secret. */
  readonly id: string;
  /** At least 32 characters of `[A-Za-z0-9_-]`. */
  readonly token: string;
}

export interface KnownClient {
  readonly id: string;
  /** Key of the one account that this client may use (`--account` for one run), or `null` for the pool. */
  readonly onlyAccount: string | null;
}

export interface ClientBook {
  /** The client with that token, or `null`. */
  find(token: string): KnownClient | null;
}

const TOKEN = /^[A-Za-z0-9_-]{32,256}$/;
/** SHA-256 as base64url. */
const MAC_CHARACTERS = 43;

/** Throws a TypeError for a token that is too weak. */
export function createClientBook(clients: readonly GatewayClient[]): ClientBook {
  const entries = clients.map(({ id, token }) => {
    if (!TOKEN.test(token)) throw new TypeError('a client token needs 32 or more URL-safe characters');
    return { id, digest: digestOf(token) };
  });
  return {
    find: (token) => {
      if (!TOKEN.test(token)) return null;
      const digest = digestOf(token);
      const account = Buffer.from(token.slice(MAC_CHARACTERS), 'base64url').toString();
      const mac = Buffer.from(token.slice(0, MAC_CHARACTERS));
      let found: KnownClient | null = null;
      // All of them, found or not: the time does not depend on which one it is.
      for (const entry of entries) {
        if (timingSafeEqual(entry.digest, digest)) found = { id: entry.id, onlyAccount: null };
        if (account !== '' && timingSafeEqual(Buffer.from(macOf(entry.digest, account)), mac))
          found = { id: entry.id, onlyAccount: account };
      }
      return found;
    },
  };
}

/** What a client with that token hands on for runs that may use that account alone. */
export function tokenForAccount(token: string, accountKey: string): string {
  return `${macOf(digestOf(token), accountKey)}${Buffer.from(accountKey).toString('base64url')}`;
}

function macOf(digest: Buffer, accountKey: string): string {
  return createHmac('sha256', digest).update(`only ${accountKey}`).digest('base64url');
}

function digestOf(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}
