/** What the lab saw: one entry a request, safe to print and to attach to a bug report. */

export interface LabRequest {
  /** RFC 3339, by the lab's clock. */
  readonly time: string;
  /** An HTTP method; `WS` for a WebSocket's upgrade, `FRAME` for a request inside one, `CONNECT` for a way out. */
  readonly method: string;
  /** Path and query; secret query values are cut out. */
  readonly path: string;
  /** Name of the lab account whose credential was sent, or `null`. */
  readonly account: string | null;
  /** HTTP status, or `null` when the request got none (reset, hang). */
  readonly status: number | null;
  readonly ms: number;
  /** Faults and scenarios that met it, or what was odd about it, such as an unknown path. */
  readonly note: string | null;
}

export interface RequestLog {
  add(request: LabRequest): void;
  all(): readonly LabRequest[];
  clear(): void;
}

const KEEP = 10_000;

/** Keeps the last 10,000 requests and tells `onRequest` of each. */
export function createRequestLog(onRequest: (request: LabRequest) => void): RequestLog {
  let requests: LabRequest[] = [];
  return {
    add: (request) => {
      if (requests.length >= KEEP) requests.shift();
      requests.push(request);
      onRequest(request);
    },
    all: () => [...requests],
    clear: () => {
      requests = [];
    },
  };
}

const SAFE_QUERY = new Set([
  'client_version',
  'limit',
  'order',
  'response_type',
  'scope',
  'platform',
  'page',
]);

/** A path with every query value replaced that is not known to be harmless. */
export function redactPath(url: URL): string {
  const query = [...url.searchParams].map(
    ([key, value]) => `${encodeURIComponent(key)}=${SAFE_QUERY.has(key) ? encodeURIComponent(value) : '…'}`,
  );
  return query.length === 0 ? url.pathname : `${url.pathname}?${query.join('&')}`;
}

/** One line for a person: `03:24:39.120  POST  /oauth/token  401  plus  3 ms  (refresh-reused)`. */
export function formatRequest(request: LabRequest): string {
  const time = request.time.slice(11, 23);
  const status = request.status === null ? '---' : String(request.status);
  const note = request.note === null ? '' : `  (${request.note})`;
  return `${time}  ${request.method.padEnd(7)} ${status}  ${request.path}  ${request.account ?? '-'}  ${request.ms} ms${note}`;
}

/** One JSON object a line, newline at the end. */
export function formatRequestJson(request: LabRequest): string {
  return `${JSON.stringify(request)}\n`;
}
