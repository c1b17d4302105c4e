/** Takes secrets out of what a screen or a JSON answer is made from: before it is wrapped, painted or escaped, which would hide them. */
import { redactValue } from '../../storage/redact.ts';

/** A copy of the same shape; only texts change. For plain data of our own. */
export function redacted<T>(value: T): T {
  // The shape stays: members are copied one by one, and a text is replaced by a text.
  return redactValue(value) as T;
}
