/**
 * Who may use the gateway: each client has its own token, which travels in the path of the base URL it was given. Tokens are
 * kept and looked up as digests, so that neither the time a lookup takes nor a heap dump tells one.
 */
import { hash, timingSafeEqual } from 'node:crypto';

export interface GatewayClient {
  /** For the log; not secret. */
  readonly id: string;
  /** At least 32 characters of `[A-Za-z0-9_-]`. */
  readonly token: string;
  /** Key of the one account that this client may use (`--account` for one run), or `null` for the pool. */
  readonly onlyAccount: string | null;
}

export type KnownClient = Omit<GatewayClient, 'token'>;

export interface ClientBook {
  add(client: GatewayClient): void;
  remove(id: string): void;
  /** The client with that token, or `null`. */
  find(token: string): KnownClient | null;
}

const TOKEN = /^[A-Za-z0-9_-]{32,256}$/;

/** Whether a text can be a token at all. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

export function createClientBook(initial: readonly GatewayClient[]): ClientBook {
  const entries = new Map<string, { readonly digest: Buffer; readonly client: KnownClient }>();
  const add = ({ id, token, onlyAccount }: GatewayClient) => {
    if (!isToken(token)) throw new TypeError('a client token needs 32 or more URL-safe characters');
    entries.set(id, { digest: digestOf(token), client: { id, onlyAccount } });
  };
  for (const client of initial) add(client);
  return {
    add,
    remove: (id) => void entries.delete(id),
    find: (token) => {
      if (!isToken(token)) return null;
      const digest = digestOf(token);
      let found: KnownClient | null = null;
      // All of them, found or not: the time does not depend on which one it is.
      for (const entry of entries.values()) if (timingSafeEqual(entry.digest, digest)) found = entry.client;
      return found;
    },
  };
}

function digestOf(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}
