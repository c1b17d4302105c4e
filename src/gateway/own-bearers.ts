/**
 * The credentials of this home, as digests: what Codex is logged in with, and what the pool holds. One that was seen once
 * counts for as long as the gateway runs: a session goes on with the token that it began with.
 */
import { hash } from 'node:crypto';
import { readPool } from '../accounts/store/pool-store.ts';
import { readAuth } from '../codex/auth-file.ts';
import type { CodexScope } from '../codex/home.ts';

export interface OwnBearers {
  /** Whether the value of an `authorization` header is one of them; the files are read again for one not known. */
  has(authorization: string | undefined): Promise<boolean>;
}

const MAX_KNOWN = 2_000;
/** A stranger's requests must not keep the disk busy. */
const READ_EVERY_MS = 500;

export function createOwnBearers(scope: CodexScope): OwnBearers {
  const known = new Set<string>();
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | null = null;
  const read = async () => {
    for (const secret of await secretsOf(scope)) known.add(digestOf(secret));
    for (const oldest of known) {
      if (known.size <= MAX_KNOWN) break;
      known.delete(oldest);
    }
  };
  return {
    has: async (authorization) => {
      const bearer = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
      if (bearer === undefined) return false;
      const digest = digestOf(bearer);
      if (known.has(digest)) return true;
      if (reading === null && performance.now() - readAt < READ_EVERY_MS) return false;
      reading ??= read().finally(() => {
        readAt = performance.now();
        reading = null;
      });
      await reading;
      return known.has(digest);
    },
  };
}

async function secretsOf(scope: CodexScope): Promise<readonly string[]> {
  const [auth, pool] = await Promise.all([readAuth(scope), readPool(scope)]);
  const secrets: (string | null)[] =
    auth.kind === 'ok' ? [auth.value.apiKey, auth.value.tokens?.accessToken ?? null] : [];
  for (const account of pool.kind === 'ok' ? pool.pool.accounts : [])
    secrets.push(account.kind === 'api-key' ? account.apiKey : account.accessToken);
  return secrets.flatMap((secret) => (secret === null || secret === '' ? [] : [secret]));
}

function digestOf(secret: string): string {
  return hash('sha256', secret, 'base64');
}
