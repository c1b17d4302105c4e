/** What several families have in common. */

/** What Codex prints around any refusal of the backend; the exact evidence explains it. */
export const WRAPPERS = [
  'network.stream_disconnected',
  'network.stream_idle_timeout',
  'server.error',
] as const;

/** What a refused token makes other parts of Codex print. */
export const TOKEN_ECHOES = [
  ...WRAPPERS,
  'mcp.handshake_failed',
  'mcp.startup_timeout',
  'mcp.auth_required',
] as const;

/** Signs of a program that talks to the API by itself: the same answers, but nothing of Codex. */
export const API_CLIENTS = [
  'openai.(authenticationerror|ratelimiterror|badrequesterror|apierror|internalservererror|notfounderror)',
  'traceback (most recent call last)',
  'openai-python',
  'chat.completions.create',
  'error, status code: (400|401|403|404|429|500|502|503)',
] as const;

/** A 401 with one of these has another reason than a token that has run out. */
export const OTHER_REFUSALS = [
  'missing bearer',
  'incorrect api key',
  'invalid_api_key',
  'missing scopes',
  'token_revoked',
  '://127.0.0.1',
] as const;
