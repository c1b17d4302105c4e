/** What the sign-in server says when it refuses: its code is kept as it is, because people and answers search for it. */
import * as v from 'valibot';
import { redact } from '../../storage/redact.ts';

export interface ServerError {
  /** `refresh_token_reused`, `access_denied`, …; `null` when the answer names none. */
  readonly code: string | null;
  /** For people; without secrets. Empty when the answer has no words. */
  readonly message: string;
}

const Text = v.optional(v.fallback(v.nullable(v.string()), null), null);

const ErrorBody = v.looseObject({
  error: v.optional(v.union([v.string(), v.looseObject({ code: Text, type: Text, message: Text })])),
  code: Text,
  message: Text,
  detail: Text,
  error_description: Text,
});

const MAX_MESSAGE = 300;

/** Codex reads the code from `error.code`, from a string `error`, or from `code` (0.133 and 0.169). Never throws. */
export function parseServerError(text: string): ServerError {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { code: null, message: '' }; // a page for people; its status says what there is to say
  }
  const parsed = v.safeParse(ErrorBody, json);
  if (!parsed.success) return { code: null, message: '' };
  const { error, code, message, detail, error_description } = parsed.output;
  const inner = typeof error === 'object' ? error : null;
  const words = inner?.message ?? error_description ?? message ?? detail ?? '';
  return {
    code: codeOf(inner?.code ?? (typeof error === 'string' ? error : null) ?? code),
    message: redact(words).replaceAll(/\s+/g, ' ').trim().slice(0, MAX_MESSAGE),
  };
}

/** A code is a word; anything else is text in the wrong place. */
function codeOf(text: string | null | undefined): string | null {
  return text !== null && text !== undefined && /^[\w.:-]{1,80}$/.test(text) ? text : null;
}
