/**
 * Accounts in one encrypted text: a JWE (RFC 7516) that any JOSE tool can open with the passphrase. The key is derived with
 * PBKDF2 (PBES2, RFC 7518 4.8), 600,000 rounds of SHA-512, nearly three times what OWASP asks for in 2023.
 */
import * as v from 'valibot';
import type { Pool } from '../account.ts';
import { EMPTY_POOL } from '../account.ts';
import { extrasText, NO_EXTRAS, parseExtras } from '../store/extras.ts';
import { assemble, disassemble } from '../store/pool-assemble.ts';
import { parsePool, poolText } from '../store/pool-document.ts';

const KEY_ALGORITHM = 'PBES2-HS512+A256KW';
const CONTENT_ALGORITHM = 'A256GCM';
const ROUNDS = 600_000;
/** A file with more is made to keep us busy. */
const MAX_ROUNDS = 4_000_000;
const FORMAT = 'codex-steward-accounts';

/** Shorter ones are guessed too soon by who has the file. */
export const MIN_PASSPHRASE = 10;

const Rows = v.record(v.string(), v.unknown());
const Content = v.looseObject({
  format: v.literal(FORMAT),
  version: v.number(),
  pool: Rows,
  extras: Rows,
});

/** The whole pool, encrypted. `now`: epoch ms. */
export async function sealPool(pool: Pool, passphrase: string, now: number): Promise<string> {
  const { CompactEncrypt } = await import('jose/jwe/compact/encrypt');
  const nothing = {
    document: { ...EMPTY_POOL, accounts: [], unusableRows: [] },
    extras: NO_EXTRAS,
    pool: EMPTY_POOL,
  };
  const { document, extras } = disassemble(pool, nothing, now);
  const content = {
    format: FORMAT,
    version: 1,
    exportedAt: new Date(now).toISOString(),
    pool: JSON.parse(poolText(document)),
    extras: JSON.parse(extrasText(extras)),
  };
  const sealed = await new CompactEncrypt(new TextEncoder().encode(JSON.stringify(content)))
    .setProtectedHeader({ alg: KEY_ALGORITHM, enc: CONTENT_ALGORITHM, typ: `${FORMAT}+jwe` })
    .setKeyManagementParameters({ p2c: ROUNDS })
    .encrypt(keyOf(passphrase));
  return `${sealed}\n`;
}

export type Unsealed =
  | { readonly kind: 'ok'; readonly pool: Pool }
  /** Another passphrase, or a file that was changed; nobody can tell which. */
  | { readonly kind: 'not-opened' }
  /** Opened, and not what steward writes. `message`: for people. */
  | { readonly kind: 'foreign'; readonly message: string };

/** Whether the text is such a file (its shape alone). */
export function isSealed(text: string): boolean {
  return /^eyJ[\w-]+(\.[\w-]+){4}$/.test(text.trim());
}

/** Decrypts and parses. */
export async function unsealPool(text: string, passphrase: string, now: number): Promise<Unsealed> {
  const { compactDecrypt } = await import('jose/jwe/compact/decrypt');
  let plain: Uint8Array;
  try {
    const options = {
      keyManagementAlgorithms: [KEY_ALGORITHM],
      contentEncryptionAlgorithms: [CONTENT_ALGORITHM],
      maxPBES2Count: MAX_ROUNDS,
    };
    plain = (await compactDecrypt(text.trim(), keyOf(passphrase), options)).plaintext;
  } catch {
    return { kind: 'not-opened' }; // jose gives one error for a wrong key and for a changed text, on purpose
  }
  const content = v.safeParse(Content, parseJson(new TextDecoder().decode(plain)));
  if (!content.success) return { kind: 'foreign', message: 'it holds no accounts' };
  if (content.output.version !== 1) {
    return {
      kind: 'foreign',
      message: `its format is ${content.output.version}, and this steward knows 1: update steward`,
    };
  }
  const parsed = parsePool(content.output.pool, now);
  if (parsed.kind === 'bad') return { kind: 'foreign', message: parsed.reason };
  return { kind: 'ok', pool: assemble(parsed.document, parseExtras(content.output.extras)) };
}

/** The same passphrase typed on another keyboard may be composed differently. */
function keyOf(passphrase: string): Uint8Array {
  return new TextEncoder().encode(passphrase.normalize('NFKC'));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // the schema says that it is not ours
  }
}
