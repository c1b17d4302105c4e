/** The frame that an account gets of a turn: as the client sent it, or written out in full for one that lacks what came before. */
import type { GatewayAccount } from '../account-source.ts';
import { type EncryptedBook, stripInput } from '../encrypted-items.ts';
import { parseObject } from '../request-body.ts';
import type { ConversationChain } from './conversation-chain.ts';

export type TurnFrame =
  | { readonly kind: 'frame'; readonly data: Buffer }
  /** It continues something that is not known here: only the client can send it all. */
  | { readonly kind: 'incomplete' }
  /** The conversation cannot leave that account (`null`: it is not known which). */
  | { readonly kind: 'bound'; readonly owner: string | null };

export interface TurnFrameOptions {
  readonly request: Buffer;
  readonly previousId: string | null;
  readonly account: GatewayAccount | null;
  readonly threadId: string | null;
  /** The connection has not seen the response that the request continues. */
  readonly isFreshConnection: boolean;
  /** The server has refused what only another account can decrypt. */
  readonly isRefused: boolean;
  readonly chain: ConversationChain;
  readonly book: EncryptedBook;
}

export function turnFrame(options: TurnFrameOptions): TurnFrame {
  const { request, previousId, account, threadId, book, isRefused } = options;
  const isMixed = account !== null && (isRefused || book.isMixed(threadId, account.key));
  // What the connection remembers cannot be taken out of it, so that a refusal, too, needs the whole conversation.
  const isFull = previousId !== null && (options.isFreshConnection || isRefused);
  if (!isMixed && !isFull) return { kind: 'frame', data: request };
  const body = parseObject(request);
  if (body === null || !Array.isArray(body.input)) return { kind: 'frame', data: request };
  let input: readonly unknown[] = body.input;
  if (isFull) {
    const behind = options.chain.inputBehind(previousId);
    if (behind === null) return { kind: 'incomplete' };
    input = [...behind, ...input];
  }
  if (isMixed) {
    const stripped = stripInput(input, book, {
      account: account.key,
      threadId,
      mode: isRefused ? 'all' : 'known',
    });
    if (stripped.kind === 'impossible') return { kind: 'bound', owner: stripped.owner };
    if (stripped.kind === 'changed') input = stripped.input;
    else if (!isFull) return { kind: 'frame', data: request };
  }
  const { previous_response_id: former, ...rest } = body;
  const kept = isFull || former === undefined ? rest : { ...rest, previous_response_id: former };
  return { kind: 'frame', data: Buffer.from(JSON.stringify({ ...kept, input })) };
}
