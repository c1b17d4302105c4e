/** What Codex prints around any refusal of the backend; the exact evidence explains it. */
export const WRAPPERS = [
  'network.stream_disconnected',
  'network.stream_idle_timeout',
  'server.error',
] as const;
