/** The quick answer to "is Codex logged in with an account of the pool": the same tokens, letter for letter. */
import { join } from 'node:path';
import * as v from 'valibot';
import type { CodexScope } from '../../codex/home.ts';
import { readBytesSync } from '../../codex/reading.ts';
import type { Pool } from '../account.ts';

const MAX_BYTES = 4 * 1024 * 1024;

const Login = v.looseObject({
  OPENAI_API_KEY: v.optional(v.nullable(v.string()), null),
  tokens: v.optional(
    v.nullable(v.looseObject({ refresh_token: v.string(), access_token: v.string() })),
    null,
  ),
});

/** Position in the pool; `null` when it takes a closer look (`readCodexLogin`, which decodes tokens) to know. */
export async function findMatchingLogin(scope: CodexScope, pool: Pool): Promise<number | null> {
  const reading = readBytesSync(join(scope.home.path, 'auth.json'), MAX_BYTES);
  if (reading.kind !== 'ok') return null;
  let json: unknown;
  try {
    json = JSON.parse(reading.value.toString('utf8'));
  } catch {
    return null; // the closer look says what is wrong with it
  }
  const parsed = v.safeParse(Login, json);
  if (!parsed.success) return null;
  const { tokens, OPENAI_API_KEY: key } = parsed.output;
  const position = pool.accounts.findIndex((account) =>
    account.kind === 'api-key'
      ? tokens === null && key !== null && account.apiKey === key
      : tokens !== null &&
        account.refreshToken === tokens.refresh_token &&
        account.accessToken === tokens.access_token,
  );
  return position === -1 ? null : position;
}
