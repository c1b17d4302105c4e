/** One request as the routes see it: body decompressed, caller identified, path parameters at hand. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { gunzipSync, inflateSync } from 'node:zlib';
import { decompress } from 'fzstd';
import * as v from 'valibot';
import type { Caller } from './caller.ts';

export interface Exchange {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly params: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly caller: Caller;
}

const MAX_BODY_BYTES = 32 * 1024 * 1024;

/** The whole body, decompressed; `undefined` when it is too large or its compression is broken. */
export async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes: Buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    size += bytes.length;
    if (size > MAX_BODY_BYTES) return undefined;
    chunks.push(bytes);
  }
  return decode(Buffer.concat(chunks), request.headers['content-encoding']);
}

function decode(body: Buffer, encoding: string | undefined): Buffer | undefined {
  try {
    switch (encoding) {
      case undefined:
      case 'identity':
        return body;
      case 'zstd':
        return Buffer.from(decompress(body));
      case 'gzip':
        return gunzipSync(body, { maxOutputLength: MAX_BODY_BYTES });
      case 'deflate':
        return inflateSync(body, { maxOutputLength: MAX_BODY_BYTES });
      default:
        return undefined;
    }
  } catch {
    return undefined; // broken compression is the client's error; the server answers 400 for it
  }
}

const fields = v.record(v.string(), v.unknown());

/** The members of a JSON or form-encoded body; empty when it is neither. */
export function bodyFields(exchange: Pick<Exchange, 'headers' | 'body'>): Readonly<Record<string, unknown>> {
  const text = exchange.body.toString('utf8');
  if (exchange.headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true) {
    return Object.fromEntries(new URLSearchParams(text));
  }
  return parseFields(text) ?? {};
}

/** A JSON object, or `undefined` when the text is anything else. */
export function parseFields(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed = v.safeParse(fields, JSON.parse(text));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

/** A member that must be text; empty text when it is missing. */
export function textField(members: Readonly<Record<string, unknown>>, name: string): string {
  const value = members[name];
  return typeof value === 'string' ? value : '';
}
