/** What a sign-in in a browser ends with: an address with a code and the state that we gave, called or pasted. */
import { parseServerError } from '../oauth/server-error.ts';
import { isSameSecret } from './pkce.ts';

export type SignInAnswer =
  | { readonly kind: 'code'; readonly code: string }
  /** The person, or the server, said no. */
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  /** Of another sign-in, or made up. */
  | { readonly kind: 'wrong-state' }
  | { readonly kind: 'no-state' }
  | { readonly kind: 'no-code' };

/** Judges the query of the callback. The state comes first: without it nothing in the query is believed. */
export function readSignInAnswer(query: URLSearchParams, state: string): SignInAnswer {
  const given = query.get('state') ?? '';
  if (given === '') return { kind: 'no-state' };
  if (!isSameSecret(given, state)) return { kind: 'wrong-state' };
  const error = query.get('error') ?? '';
  if (error !== '') {
    const { code, message } = parseServerError(
      JSON.stringify({ error, error_description: query.get('error_description') ?? '' }),
    );
    return { kind: 'refused', code: code ?? 'unknown_error', message };
  }
  const code = query.get('code') ?? '';
  return code === '' ? { kind: 'no-code' } : { kind: 'code', code };
}

export type PastedAnswer =
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'query'; readonly query: URLSearchParams };

/** Takes what a person pasted: the whole address, its query, or `code#state`; nothing, `q`, `cancel`, … is a no. */
export function parsePasted(text: string): PastedAnswer {
  const pasted = text.trim().replace(/^(["'<])(.*)(["'>])$/, '$2');
  if (/^(|q|quit|cancel|back|exit)$/i.test(pasted)) return { kind: 'cancelled' };
  if (/^https?:\/\//i.test(pasted) && URL.canParse(pasted)) {
    const url = new URL(pasted);
    // Some pages put the answer behind the hash.
    const query = url.searchParams.size > 0 ? url.searchParams : new URLSearchParams(url.hash.slice(1));
    return { kind: 'query', query };
  }
  const pair = /^([^#=&?\s]+)#([^#=&?\s]+)$/.exec(pasted);
  if (pair !== null) {
    const [, code = '', state = ''] = pair;
    return { kind: 'query', query: new URLSearchParams({ code, state }) };
  }
  if (/(^|[?&])(code|error|state)=/.test(pasted)) {
    return { kind: 'query', query: new URLSearchParams(pasted.slice(pasted.indexOf('?') + 1)) };
  }
  return { kind: 'query', query: new URLSearchParams({ code: pasted }) }; // a code alone: the state is missing
}
