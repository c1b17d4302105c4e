/** What a fault of the route makes Codex print besides; the exact evidence explains it. */
export const ROUTE_ECHOES = [
  'network.stream_disconnected',
  'network.stream_idle_timeout',
  'auth.token_exchange_failed',
  'auth.callback_unreachable',
  'mcp.handshake_failed',
  'server.error',
] as const;
