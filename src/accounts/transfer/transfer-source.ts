/** What a file holds that accounts can be taken from: recognised by its content, never by its name. */
import * as v from 'valibot';
import { parseAuthJson } from '../../codex/auth-json.ts';
import { decodeTokenClaims } from '../../codex/jwt-claims.ts';
import type { Account, Pool } from '../account.ts';
import { accountOf } from '../codex-login/codex-login.ts';
import { NO_EXTRAS } from '../store/extras.ts';
import { assemble } from '../store/pool-assemble.ts';
import { parsePool } from '../store/pool-document.ts';
import { isSealed } from './sealed-file.ts';

export type TransferSource =
  /** A pool of steward or codex-multi-auth, or one of its exports. `active`: the position in use there. */
  | { readonly kind: 'pool'; readonly accounts: readonly Account[]; readonly active: number }
  /** An `auth.json` of Codex. */
  | { readonly kind: 'codex-login'; readonly accounts: readonly Account[]; readonly active: 0 }
  /** Needs the passphrase: `unsealPool`. */
  | { readonly kind: 'sealed' }
  /** Nothing of the sort. `message`: what is wrong, without a word of the content. */
  | { readonly kind: 'unknown'; readonly message: string };

const Json = v.record(v.string(), v.unknown());

/** Judges the text. `now`: epoch ms. */
export async function readTransferSource(text: string, now: number): Promise<TransferSource> {
  if (text.trim() === '') return { kind: 'unknown', message: 'it is empty' };
  if (isSealed(text)) return { kind: 'sealed' };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { kind: 'unknown', message: 'it is not JSON, and not an encrypted export' };
  }
  const object = v.safeParse(Json, json);
  if (!object.success || Array.isArray(json)) return { kind: 'unknown', message: 'it is no JSON object' };
  if ('tokens' in object.output || 'OPENAI_API_KEY' in object.output) return await codexLogin(text, now);
  const parsed = parsePool(object.output, now);
  if (parsed.kind === 'bad') return { kind: 'unknown', message: parsed.reason };
  return poolSource(assemble(parsed.document, NO_EXTRAS));
}

/** The accounts of a pool, as a source. */
export function poolSource(pool: Pool): Extract<TransferSource, { readonly kind: 'pool' }> {
  return { kind: 'pool', accounts: pool.accounts, active: pool.activeIndex };
}

async function codexLogin(text: string, now: number): Promise<TransferSource> {
  const parsed = await parseAuthJson(Buffer.from(text));
  if (parsed.kind === 'malformed')
    return { kind: 'unknown', message: `as an auth.json it is broken: ${parsed.message}` };
  const { mode, apiKey, tokens } = parsed.value;
  const account = accountOf(
    {
      mode: mode ?? (apiKey === null ? 'chatgpt' : 'apikey'),
      apiKey,
      tokens,
      identity: tokens === null ? null : await decodeTokenClaims(tokens.idToken),
      access: tokens === null ? null : await decodeTokenClaims(tokens.accessToken),
    },
    now,
  );
  if (account === null)
    return { kind: 'unknown', message: 'it is an auth.json without a login that a pool can hold' };
  return { kind: 'codex-login', accounts: [account], active: 0 };
}
