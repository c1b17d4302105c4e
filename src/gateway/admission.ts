/**
 * Whether a request is let in at all. Loopback is open to every program and every web page of this machine: a page can
 * reach us by DNS rebinding (a foreign `Host`) or directly (an `Origin`), and another user's program lacks the token.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { ClientBook, KnownClient } from './clients.ts';

export interface Admitted {
  readonly kind: 'admitted';
  readonly client: KnownClient;
  /** Below the base, without a slash in front: `responses`, `responses/compact`, `models`. */
  readonly path: string;
  /** With its question mark, or empty. */
  readonly query: string;
}

export interface Refused {
  readonly kind: 'refused';
  readonly status: 400 | 401 | 403 | 404 | 405;
  readonly code: string;
  readonly message: string;
}

/** The header that may carry the token in place of the path. */
export const TOKEN_HEADER = 'x-steward-token';

/** `/<token>/v1/<path>`, or `/v1/<path>` with the token in a header. Nothing encoded, no empty or dotted segments. */
const TARGET = /^(?:\/([A-Za-z0-9_-]{32,256}))?\/v1\/([A-Za-z0-9._~!$&'()*+,;=:@/-]+)(\?[^#\s\\]*)?$/;
const ODD_SEGMENT = /(?:^|\/)(?:\.{0,2})(?:\/|$)/;
const METHODS = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD']);

export interface Knock {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn. */
  readonly rawHeaders: readonly string[];
}

export function createAdmission(deps: {
  readonly clients: ClientBook;
  /** `host:port` forms under which this gateway may be addressed. */
  readonly hosts: ReadonlySet<string>;
}): (knock: Knock) => Admitted | Refused {
  return ({ method = '', url = '', headers, rawHeaders }) => {
    if (!deps.hosts.has((headers.host ?? '').toLowerCase()) || isRepeated(rawHeaders, 'host'))
      return refuse(403, 'gateway_host', 'This address is not for that host name.');
    if (headers.origin !== undefined || headers['sec-fetch-site'] !== undefined)
      return refuse(403, 'gateway_origin', 'Web pages have no access.');
    if (!METHODS.has(method)) return refuse(405, 'gateway_method', 'This method is not used here.');
    const parts = TARGET.exec(url);
    const path = parts?.[2] ?? '';
    if (parts === null || ODD_SEGMENT.test(path))
      return refuse(404, 'gateway_path', 'There is nothing at this address.');
    const named = headers[TOKEN_HEADER];
    const token = parts[1] ?? (typeof named === 'string' ? named : '');
    const client = deps.clients.find(token);
    if (client === null) return refuse(401, 'gateway_token', 'The token is missing or wrong.');
    return { kind: 'admitted', client, path, query: parts[3] ?? '' };
  };
}

function refuse(status: Refused['status'], code: string, message: string): Refused {
  return { kind: 'refused', status, code, message };
}

/** Whether a header stands there twice: which one counts would be a matter of opinion. */
function isRepeated(raw: readonly string[], name: string): boolean {
  let seen = 0;
  for (let index = 0; index < raw.length; index += 2) {
    const each = raw[index] ?? '';
    if (each.length === name.length && each.toLowerCase() === name) seen += 1;
  }
  return seen > 1;
}
