/** The bytes that an account gets of a request: as they came, unless it could not read them. */
import type { GatewayAccount } from './account-source.ts';
import { type EncryptedBook, stripBody } from './encrypted-items.ts';
import type { RequestBody } from './request-body.ts';

export type ReplayBody =
  | { readonly kind: 'body'; readonly bytes: Buffer; readonly isUnpacked: boolean }
  /** The conversation cannot leave that account (`null`: it is not known which). */
  | { readonly kind: 'bound'; readonly owner: string | null };

export function bodyFor(
  account: GatewayAccount | null,
  body: RequestBody,
  deps: { readonly book: EncryptedBook; readonly threadId: string | null; readonly isRefused: boolean },
): ReplayBody {
  const asItCame: ReplayBody = { kind: 'body', bytes: body.bytes, isUnpacked: false };
  if (account === null || body.bytes.length === 0) return asItCame;
  const plain = () => body.plain();
  // The API proper takes no Zstandard: Codex packs only for ChatGPT logins (0.133 to 0.169).
  const unpacked = account.kind === 'api-key' && body.encoding === 'zstd' ? plain() : null;
  const base: ReplayBody = unpacked === null ? asItCame : { kind: 'body', bytes: unpacked, isUnpacked: true };
  if (!deps.isRefused && !deps.book.isMixed(deps.threadId, account.key)) return base;
  const text = plain();
  if (text === null) return base;
  const stripped = stripBody(text, deps.book, {
    account: account.key,
    threadId: deps.threadId,
    mode: deps.isRefused ? 'all' : 'known',
  });
  switch (stripped.kind) {
    case 'unchanged':
      return base;
    case 'changed':
      return { kind: 'body', bytes: stripped.bytes, isUnpacked: true };
    case 'impossible':
      return { kind: 'bound', owner: stripped.owner };
  }
}
