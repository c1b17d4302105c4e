/**
 * What the real Codex 0.133 and 0.169 do in each scenario whose command is `codex exec`: exit code, last words, and
 * how often they ask. `[min, max]`; a number stands for exactly that.
 */
import type { CodexAlias } from '../support/real-codex.ts';

export type Range = number | readonly [number, number];

export interface ExecBehaviour {
  readonly exit: 0 | 1;
  /** The message of the failed turn, or of standard error when no turn began; the reply when all went well. */
  readonly says: RegExp;
  /** WebSocket upgrades to the model. */
  readonly sockets?: Range;
  /** `POST …/responses`. */
  readonly posts?: Range;
  readonly refreshes?: Range;
}

export interface ExecCase {
  readonly scenario: string;
  /** Over server-sent events only: halves the retries, and is what the documented counts were measured with. */
  readonly sse?: boolean;
  /** Any of these is what the words alone tell, where that is not the failure that the scenario belongs to. */
  readonly explained?: readonly string[];
  /** The number of the promise to users that this case keeps. */
  readonly promise?: string;
  readonly both?: ExecBehaviour;
  readonly versions?: Readonly<Record<CodexAlias, ExecBehaviour>>;
}

const REPLY = /^Hello from the lab\.$/;
const LIMIT = /^You[’']ve hit your usage limit\. .*try again at /;
const CAPACITY = /^Selected model is at capacity\. Please try a different model\.$/;
const NO_REFRESH = 'Your access token could not be refreshed';

function well(rest: Omit<ExecBehaviour, 'exit' | 'says'>): ExecBehaviour {
  return { exit: 0, says: REPLY, ...rest };
}

function badly(says: RegExp, rest: Omit<ExecBehaviour, 'exit' | 'says'>): ExecBehaviour {
  return { exit: 1, says, ...rest };
}

export const EXEC_CASES: readonly ExecCase[] = [
  { scenario: 'ok', both: well({ sockets: 1, posts: 0, refreshes: 0 }) },
  { scenario: 'slow', both: well({ sockets: 1, posts: 0 }) },
  { scenario: 'sse-only', both: well({ sockets: 1, posts: 1 }) },
  { scenario: 'refresh-due', both: well({ sockets: 1, refreshes: 1 }) },
  { scenario: 'mcp-ok', both: well({ sockets: 1 }) },

  // credentials
  {
    scenario: 'token-expired',
    promise: 'D1',
    both: badly(new RegExp(`^${NO_REFRESH}\\. Please log out`), { refreshes: [1, 6] }),
  },
  {
    scenario: 'refresh-reused',
    promise: 'C4',
    both: badly(/your refresh token was already used/, { refreshes: [1, 6] }),
  },
  { scenario: 'refresh-revoked', both: badly(/your refresh token was revoked/, { refreshes: [1, 6] }) },
  { scenario: 'refresh-expired', both: badly(/your refresh token has expired/, { refreshes: [1, 6] }) },
  { scenario: 'token-invalidated', both: badly(/your refresh token was revoked/, { refreshes: [1, 4] }) },
  {
    scenario: 'refresh-unavailable',
    sse: true,
    both: badly(/^Failed to refresh token: 500 Internal Server Error/, { refreshes: [20, 110] }),
  },
  {
    scenario: 'not-logged-in',
    explained: ['auth.token_expired'],
    sse: true,
    both: badly(/^unexpected status 401 Unauthorized: /, { posts: 6 }),
  },
  {
    scenario: 'api-key-invalid',
    promise: 'D1',
    sse: true,
    both: badly(/^unexpected status 401 Unauthorized: Incorrect API key provided/, {
      posts: 6,
      refreshes: 0,
    }),
  },
  {
    scenario: 'missing-scopes',
    sse: true,
    both: badly(/Missing scopes: api\.responses\.write/, { posts: 18, refreshes: [6, 7] }),
  },
  { scenario: 'websocket-401', both: well({ sockets: 21, posts: 1, refreshes: 7 }) },

  // limits
  { scenario: 'usage-limit', both: badly(LIMIT, { sockets: 2, posts: 0 }) },
  { scenario: 'usage-limit', promise: 'D2', sse: true, both: badly(LIMIT, { posts: 1 }) },
  { scenario: 'usage-limit-one', both: badly(LIMIT, { sockets: 2, posts: 0 }) },
  {
    scenario: 'pool-exhausted',
    explained: ['ratelimit.usage_limit'],
    both: badly(LIMIT, { sockets: 2, posts: 0 }),
  },
  { scenario: 'cooldown-over', both: well({ sockets: 2, posts: 0 }) },
  {
    scenario: 'workspace-credits',
    explained: ['ratelimit.usage_limit', 'ratelimit.credits_exhausted'],
    versions: {
      'codex-0.133': badly(/send a request to your admin/, { sockets: 2 }),
      'codex-newest': badly(/^Your workspace is out of credits\./, { sockets: 2 }),
    },
  },
  {
    scenario: 'credits-exhausted',
    both: badly(/^Quota exceeded\. Check your plan/, { sockets: 1, posts: 0 }),
  },
  {
    scenario: 'too-many-requests',
    promise: 'D2',
    sse: true,
    versions: {
      'codex-0.133': badly(/^exceeded retry limit, last status: 429/, { posts: 1 }),
      'codex-newest': badly(/^exceeded retry limit, last status: 429/, { posts: 6 }),
    },
  },
  {
    scenario: 'rate-limit-in-stream',
    explained: ['unsure', 'ratelimit.too_many_requests', 'network.stream_disconnected'],
    sse: true,
    both: badly(/^(stream disconnected before completion|rate limit exceeded): Rate limit reached/, {
      posts: 6,
    }),
  },
  {
    scenario: 'plan-not-eligible',
    both: badly(/^To use Codex with your ChatGPT plan, upgrade to Plus/, { sockets: 2 }),
  },

  // the model
  {
    scenario: 'server-error',
    explained: ['server.overloaded'],
    sse: true,
    both: badly(/currently experiencing high demand/, { posts: 30 }),
  },
  { scenario: 'overloaded', both: badly(CAPACITY, { sockets: 1, posts: 0 }) },
  { scenario: 'overloaded-503', sse: true, both: badly(CAPACITY, { posts: 5 }) },
  { scenario: 'response-failed', sse: true, both: badly(/request ID req_lab_failed/, { posts: 6 }) },
  {
    scenario: 'response-incomplete',
    explained: ['safety.flagged'],
    sse: true,
    both: badly(/Incomplete response returned, reason: content_filter$/, { posts: [1, 6] }),
  },
  {
    scenario: 'model-not-supported',
    both: badly(/The 'gpt-lab' model is not supported when using Codex with a ChatGPT account/, {
      sockets: 2,
    }),
  },
  { scenario: 'model-unknown', promise: 'D7', both: badly(/Unsupported model/, { sockets: 2 }) },
  { scenario: 'model-unknown', sse: true, both: badly(/Unsupported model/, { posts: 1 }) },
  {
    scenario: 'context-window',
    both: badly(/^Codex ran out of room in the model's context window/, { sockets: 1 }),
  },
  { scenario: 'encrypted-content', both: badly(/invalid_encrypted_content/, { sockets: 2 }) },
  { scenario: 'flagged', both: badly(/flagged for potentially high-risk cyber activity/, { sockets: 2 }) },
  { scenario: 'model-path-gone', sse: true, both: badly(/^unexpected status 404 Not Found: /, { posts: 6 }) },
  { scenario: 'websocket-refused', both: well({ sockets: 7, posts: 1 }) },
  { scenario: 'websocket-limit', both: well({ sockets: [6, 7], posts: 1 }) },
  {
    scenario: 'wrong-content-type',
    explained: ['network.stream_disconnected'],
    both: badly(/stream closed before response\.completed$/, { posts: 6 }),
  },

  // streams
  { scenario: 'stream-cut', promise: 'D4', both: badly(/error decoding response body$/, { posts: 6 }) },
  { scenario: 'stream-cut-once', both: well({ posts: 2 }) },
  { scenario: 'stream-no-end', both: badly(/stream closed before response\.completed$/, { posts: 6 }) },
  {
    scenario: 'stream-reset',
    both: badly(/^stream disconnected before completion: error sending request/, { posts: 30 }),
  },
  { scenario: 'stream-idle', both: badly(/idle timeout waiting for SSE$/, { sockets: 0, posts: 2 }) },
  { scenario: 'websocket-idle', both: well({ sockets: 2, posts: 1 }) },
  { scenario: 'websocket-cut', both: well({ sockets: [6, 7], posts: 1 }) },

  // the way there
  {
    scenario: 'edge-challenge',
    sse: true,
    both: badly(/^unexpected status 403 Forbidden: .*Just a moment\.\.\./, { posts: 6 }),
  },
  {
    scenario: 'edge-challenge-model',
    sse: true,
    both: badly(/Just a moment\.\.\..*cf-ray: 8lab/, { posts: 6 }),
  },
  {
    scenario: 'region-blocked',
    sse: true,
    both: badly(/Country, region, or territory not supported/, { posts: 6 }),
  },
  {
    scenario: 'cloud-requirements',
    both: badly(/Failed to load cloud (requirements|config bundle)/, { sockets: 0, posts: 0 }),
  },
  {
    scenario: 'routing-failed',
    versions: {
      'codex-0.133': well({ sockets: 1 }),
      'codex-newest': badly(/^workspace routing discovery failed$/, { sockets: 0, posts: 0 }),
    },
  },
  {
    scenario: 'mcp-startup-timeout',
    both: badly(/timed out handshaking with MCP server after /, { posts: 0 }),
  },
  { scenario: 'mcp-handshake-failed', both: badly(/when send initialize request/, { posts: 0 }) },
  { scenario: 'mcp-auth-required', both: badly(/Auth required, when send initialize request/, { posts: 0 }) },
];
