/** A Codex home with so many accounts in the documented files, each with a reading of its limits: for measurements. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const HOUR = 3_600_000;

export interface PoolHome {
  /** To be used as `CODEX_HOME`. */
  readonly path: string;
  remove(): Promise<void>;
}

/** Nothing in it is a real login. Codex itself is logged in with the first account. */
export async function makePoolOf(count: number): Promise<PoolHome> {
  const path = await mkdtemp('/var/tmp/steward-pool-');
  const now = Date.now();
  const accounts = Array.from({ length: count }, (_, n) => ({
    refreshToken: `rt-${n}-invented-for-a-measurement`,
    accessToken: `at-${n}-invented`,
    expiresAt: now + HOUR,
    accountId: `0b1c5d9e-0000-4000-8000-${String(n).padStart(12, '0')}`,
    email: `user${n}@mail.test`,
    addedAt: now - 30 * 24 * HOUR,
    lastUsed: now - n * 60_000,
  }));
  const byAccountId = Object.fromEntries(
    accounts.map(({ accountId }, n) => [
      accountId,
      {
        updatedAt: now - 60_000,
        status: 200,
        model: 'gpt-5.5',
        planType: 'plus',
        primary: { usedPercent: (n * 13) % 100, windowMinutes: 300, resetAtMs: now + 2 * HOUR },
        secondary: {
          usedPercent: (n * 29) % 100,
          windowMinutes: 10_080,
          resetAtMs: now + (9 + (n % 150)) * HOUR,
        },
      },
    ]),
  );
  const write = (name: string, content: object) =>
    writeFile(join(path, name), JSON.stringify(content, null, 2), { mode: 0o600 });
  await mkdir(join(path, 'multi-auth'), { mode: 0o700 });
  await write('multi-auth/openai-codex-accounts.json', { version: 3, accounts, activeIndex: 0 });
  await write('multi-auth/quota-cache.json', { version: 1, byAccountId, byEmail: {} });
  const [first] = accounts;
  await write('auth.json', {
    auth_mode: 'chatgpt',
    OPENAI_API_KEY: null,
    tokens: { id_token: 'a.b.c', access_token: first?.accessToken, refresh_token: first?.refreshToken },
    last_refresh: new Date(now).toISOString(),
  });
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
