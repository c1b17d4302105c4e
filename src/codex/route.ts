/**
 * Walks the way that Codex's own requests take, stage by stage: name, connection, proxy, TLS, HTTPS answer, WebSocket.
 *
 * No token is sent: a 401 proves that the backend itself answered. Redirects are not followed, and nothing is sent over a
 * TLS connection whose certificate is not trusted.
 */

import { askHttp, askWebSocket } from './route-ask.ts';
import { openConnection, type RouteWay } from './route-connect.ts';
import type { TrustedRoots } from './route-trust.ts';

export type StageName = 'dns' | 'tcp' | 'proxy' | 'tls' | 'https' | 'websocket';

export interface CertificateName {
  readonly subject: string;
  readonly issuer: string;
}

/** How a stage ended. `code` is the system's, OpenSSL's or our own (`TIMEOUT`, `HTTP_407`, `NOT_TRUSTED_YET`). */
export type StageResult =
  | { readonly stage: StageName; readonly kind: 'ok'; readonly ms: number; readonly detail: string }
  | {
      readonly stage: StageName;
      readonly kind: 'failed';
      readonly ms: number;
      readonly code: string;
      readonly message: string;
    };

export interface HttpAnswer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** The first 64 KiB. */
  readonly body: string;
}

export interface RouteEndpoint {
  /** `model traffic`, `ChatGPT backend`, `login`. */
  readonly name: string;
  /** Asked with GET and no credentials. */
  readonly url: URL;
  /** Upgraded with no credentials; `null` where Codex uses no WebSocket. */
  readonly webSocketUrl: URL | null;
}

export interface RouteReport {
  readonly endpoint: RouteEndpoint;
  readonly way: RouteWay;
  readonly stages: readonly StageResult[];
  readonly answer: HttpAnswer | null;
  /** The answer to the upgrade; `null` where it was accepted, not tried or not answered. */
  readonly webSocketAnswer: HttpAnswer | null;
  /** Leaf first, as the server sent it; empty without TLS. */
  readonly chain: readonly CertificateName[];
}

export interface RouteDeps {
  /** All addresses of a name, as the system resolver gives them; rejects with a system error. */
  lookup(host: string): Promise<readonly { readonly address: string; readonly family: number }[]>;
  roots: () => Promise<TrustedRoots>;
  readonly stageTimeoutMs: number;
  readonly signal: AbortSignal;
}

/** Walks one way to its end or to the stage that fails. Never throws for a bad network. */
export async function walkRoute(
  endpoint: RouteEndpoint,
  way: RouteWay,
  deps: RouteDeps,
): Promise<RouteReport> {
  const [https, webSocket] = await Promise.all([
    walkHttps(endpoint.url, way, deps),
    endpoint.webSocketUrl === null ? null : walkWebSocket(endpoint.webSocketUrl, way, deps),
  ]);
  // The stages up to TLS are the same for both; only the upgrade itself is told apart.
  const reached = https.stages.every((stage) => stage.kind === 'ok');
  return {
    endpoint,
    way,
    stages: [...https.stages, ...(reached && webSocket !== null ? [webSocket.result] : [])],
    answer: https.answer,
    webSocketAnswer: reached ? (webSocket?.answer ?? null) : null,
    chain: https.chain,
  };
}

async function walkHttps(url: URL, way: RouteWay, deps: RouteDeps) {
  const opened = await openConnection(url, way, deps);
  if (opened.kind === 'failed') return { stages: opened.stages, chain: opened.chain, answer: null };
  const asked = await askHttp(url, way, opened.socket, deps);
  return { stages: [...opened.stages, asked.result], chain: opened.chain, answer: asked.answer };
}

async function walkWebSocket(url: URL, way: RouteWay, deps: RouteDeps) {
  const opened = await openConnection(url, way, deps, 'tunnel');
  if (opened.kind === 'open') return askWebSocket(url, opened.socket, deps);
  const failed = opened.stages.at(-1);
  const result: StageResult =
    failed?.kind === 'failed'
      ? { ...failed, stage: 'websocket', message: `${failed.stage}: ${failed.message}` }
      : { stage: 'websocket', kind: 'failed', ms: 0, code: 'EUNKNOWN', message: 'no connection' };
  return { result, answer: null };
}
