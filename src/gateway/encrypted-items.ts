/**
 * Reasoning that a model hands out encrypted can be read back only by the account that it was made for. A thread that moves
 * to another account would carry it along and be refused; this remembers whose it is and leaves out what cannot be read.
 * What else is encrypted (a compacted history, messages between agents) cannot be left out without losing the conversation.
 */
import { parseObject } from './request-body.ts';

export interface EncryptedBook {
  /** These came out of an answer of that account. */
  note(threadId: string | null, owner: string, contents: readonly string[]): void;
  /** Whether the thread may carry contents of accounts other than that one. */
  isMixed(threadId: string | null, account: string): boolean;
  /** The account whose contents a thread carries, if it is known and one alone. */
  ownerOf(content: string): string | null;
  /** The server says that this account cannot read it. */
  noteUnreadable(threadId: string | null, account: string, content: string): void;
  isUnreadable(account: string, content: string): boolean;
}

/** Entries, each about 150 bytes; the oldest go. A thread makes a few per turn. */
const MAX_ITEMS = 50_000;
const MAX_THREADS = 5000;
/** Its end is a signature, unlike its beginning. */
const TAIL = 43;

export function createEncryptedBook(): EncryptedBook {
  const owners = new Map<string, string>();
  const unreadable = new Map<string, true>();
  const threads = new Map<string, Set<string>>();
  const touch = (threadId: string | null, owner: string) => {
    if (threadId === null) return;
    const seen = threads.get(threadId) ?? new Set();
    seen.add(owner);
    threads.delete(threadId);
    remember(threads, threadId, seen, MAX_THREADS);
  };
  return {
    note: (threadId, owner, contents) => {
      for (const content of contents) remember(owners, content.slice(-TAIL), owner, MAX_ITEMS);
      if (contents.length > 0) touch(threadId, owner);
    },
    isMixed: (threadId, account) => {
      const seen = threadId === null ? undefined : threads.get(threadId);
      return seen !== undefined && (seen.size > 1 || !seen.has(account));
    },
    ownerOf: (content) => owners.get(content.slice(-TAIL)) ?? null,
    noteUnreadable: (threadId, account, content) => {
      remember(unreadable, `${account} ${content.slice(-TAIL)}`, true, MAX_ITEMS);
      touch(threadId, 'an account unknown');
    },
    isUnreadable: (account, content) => unreadable.has(`${account} ${content.slice(-TAIL)}`),
  };
}

function remember<T>(map: Map<string, T>, key: string, value: T, most: number): void {
  map.set(key, value);
  if (map.size <= most) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}

export type StripOutcome =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'changed'; readonly input: readonly unknown[]; readonly dropped: number }
  /** Something that cannot be left out belongs to that account (`null`: nobody knows whose it is). */
  | { readonly kind: 'impossible'; readonly owner: string | null };

export interface StripOptions {
  readonly account: string;
  readonly threadId: string | null;
  /** `known`: what is known to be another's; `all`: also what nobody knows, after the server refused it. */
  readonly mode: 'known' | 'all';
}

/** The input items without the reasoning that the account cannot read. */
export function stripInput(
  input: readonly unknown[],
  book: EncryptedBook,
  options: StripOptions,
): StripOutcome {
  const { account, mode, threadId } = options;
  const kept: unknown[] = [];
  for (const item of input) {
    const contents = encryptedIn(item);
    const foreign = contents.filter((content) => {
      const owner = book.ownerOf(content);
      if (owner !== null) return owner !== account;
      return mode === 'all' || book.isUnreadable(account, content);
    });
    if (foreign.length === 0) {
      kept.push(item);
      continue;
    }
    for (const content of foreign) {
      if (book.ownerOf(content) === null) book.noteUnreadable(threadId, account, content);
    }
    if (!isReasoning(item)) return { kind: 'impossible', owner: book.ownerOf(foreign[0] ?? '') };
  }
  const dropped = input.length - kept.length;
  return dropped === 0 ? { kind: 'unchanged' } : { kind: 'changed', input: kept, dropped };
}

/** The same for the JSON text of a request. */
export function stripBody(
  plain: Buffer,
  book: EncryptedBook,
  options: StripOptions,
): Exclude<StripOutcome, { kind: 'changed' }> | { readonly kind: 'changed'; readonly bytes: Buffer } {
  if (!plain.includes('"encrypted_content"')) return { kind: 'unchanged' };
  const body = parseObject(plain);
  if (body === null || !Array.isArray(body.input)) return { kind: 'unchanged' };
  const outcome = stripInput(body.input, book, options);
  if (outcome.kind !== 'changed') return outcome;
  return { kind: 'changed', bytes: Buffer.from(JSON.stringify({ ...body, input: outcome.input })) };
}

function isReasoning(item: unknown): boolean {
  return typeof item === 'object' && item !== null && 'type' in item && item.type === 'reasoning';
}

/** Every `encrypted_content` in an item, at any depth. */
function encryptedIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(encryptedIn);
  return Object.entries(value).flatMap(([name, member]) =>
    name === 'encrypted_content' && typeof member === 'string' ? [member] : encryptedIn(member),
  );
}
