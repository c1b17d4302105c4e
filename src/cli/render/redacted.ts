/** Takes secrets out of what a screen or a JSON answer is made from: before it is wrapped, painted or escaped, which would hide them. */
import { redact, redactValue } from '../../storage/redact.ts';

/** A copy of the same shape; only texts change. For plain data of our own. */
export function redacted<T>(value: T): T {
  // The shape stays: members are copied one by one, and a text is replaced by a text.
  return redactValue(value) as T;
}

/** The documented `schemaVersion` of our JSON. */
const SCHEMA_VERSION = 1;

/**
 * The one object of an `auth` command's `--json`. Our own members are public by construction, whatever they are called
 * (`tokens`, `accountKey`); only texts may quote somebody else's words. A thousand accounts say much the same, so that
 * each text is looked at once.
 */
export function answerText(command: string, payload: Readonly<Record<string, unknown>>): string {
  const seen = new Map<string, string>();
  const withoutSecrets = (_name: string, value: unknown): unknown => {
    if (typeof value !== 'string' || HARMLESS.test(value)) return value;
    let text = seen.get(value);
    if (text === undefined) {
      text = redact(value);
      seen.set(value, text);
    }
    return text;
  };
  return `${JSON.stringify({ schemaVersion: SCHEMA_VERSION, command, ...payload }, withoutSecrets, 2)}\n`;
}

/** Account keys and times. */
const HARMLESS = /^(?:sha256:[0-9a-f]{64}|\d{4}-\d\d-\d\dT[\d:.]{8,12}Z)$/;
