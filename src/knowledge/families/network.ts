import type { FailureEntry } from '../types.ts';

export const NETWORK: readonly FailureEntry[] = [
  {
    id: 'network.stream_disconnected',
    title: 'Stream disconnected',
    fixClass: 'C',
    actor: 'you',
    cause:
      '"stream disconnected before completion", Reconnecting 5/5, websocket closed by server, no more exact evidence.',
    fix: {
      summary: "Retry; test HTTP and WebSocket on the Codex process's own route; VPN/proxy; HTTP fallback.",
      steps: [],
    },
    signals: [],
    references: [],
  },
  {
    id: 'network.stream_idle_timeout',
    title: 'Stream idle timeout',
    fixClass: 'C',
    actor: 'you',
    cause: '"idle timeout waiting for websocket".',
    fix: { summary: 'Raise stream_idle_timeout_ms / lower effort; update.', steps: [] },
    signals: [],
    references: [],
  },
  {
    id: 'network.proxy',
    title: 'Proxy',
    fixClass: 'C',
    actor: 'you',
    cause:
      'A proxy setting is missing, wrong kind (SOCKS), dead, or not used by one transport; VPN breaks WSL.',
    fix: { summary: 'Give the Codex process (its .env) the right proxy; test both transports.', steps: [] },
    signals: [],
    references: [],
  },
  {
    id: 'network.tls_ca',
    title: 'Tls ca',
    fixClass: 'C',
    actor: 'you',
    cause: 'UnknownIssuer, CERTIFICATE_VERIFY_FAILED, a bad SSL_CERT_FILE.',
    fix: {
      summary:
        'Point CODEX_CA_CERTIFICATE at a full PEM chain / system store; unset a stale variable. Never disable verification.',
      steps: [],
    },
    signals: [],
    references: [],
  },
  {
    id: 'network.dns',
    title: 'Dns',
    fixClass: 'C',
    actor: 'you',
    cause: 'Name resolution fails (also inside WSL only, or IPv6-only answers).',
    fix: { summary: 'Repair the resolver for that environment; test there.', steps: [] },
    signals: [],
    references: [],
  },
  {
    id: 'network.edge_blocked',
    title: 'Edge blocked',
    fixClass: 'U',
    actor: 'you',
    cause: '403 with an HTML challenge ("Just a moment", "Attention Required"), or bare 403 from the edge.',
    fix: { summary: 'Change route (VPN/data-centre address), wait; no login or state reset.', steps: [] },
    signals: [],
    references: [],
  },
  {
    id: 'network.region_blocked',
    title: 'Region blocked',
    fixClass: 'U',
    actor: 'you',
    cause: '`unsupported_country_region_territory`.',
    fix: {
      summary: 'Use a permitted route for the client process itself; nothing to repair in credentials.',
      steps: [],
    },
    signals: [],
    references: [],
  },
];
