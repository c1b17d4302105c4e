/** Streams that break. All over server-sent events, where the byte of the break can be chosen. */
import { MODEL_HTTP, MODEL_SOCKET } from './matches.ts';
import { type Scenario, scenario } from './scenario.ts';

const SSE = { websocket: 'upgrade-required' } as const;

/** The built-in provider waits five minutes and cannot be overridden, so that an own one stands in for it. */
function impatientProvider(supportsWebsockets: boolean): readonly string[] {
  const settings = [
    'name = "lab"',
    'base_url = "{url}/v1"',
    'wire_api = "responses"',
    'requires_openai_auth = true',
    `supports_websockets = ${supportsWebsockets}`,
    'stream_idle_timeout_ms = 1500',
    'stream_max_retries = 1',
  ];
  return ['model_provider = "lab"', `model_providers.lab = { ${settings.join(', ')} }`];
}

export const STREAM_SCENARIOS: readonly Scenario[] = [
  scenario({
    name: 'stream-cut',
    failureId: 'network.stream_disconnected',
    summary: 'The connection ends in the middle of every answer.',
    settings: SSE,
    faults: [{ match: MODEL_HTTP, effect: { kind: 'cut', afterBytes: 120 } }],
  }),
  scenario({
    name: 'stream-cut-once',
    failureId: 'network.stream_disconnected',
    summary: 'The first answer is cut; the retry succeeds.',
    settings: SSE,
    faults: [{ match: MODEL_HTTP, times: 1, effect: { kind: 'cut', afterBytes: 120 } }],
  }),
  scenario({
    name: 'stream-no-end',
    failureId: 'network.stream_disconnected',
    summary: 'The stream ends cleanly without response.completed.',
    settings: SSE,
    faults: [{ match: MODEL_HTTP, effect: { kind: 'half-body' } }],
  }),
  scenario({
    name: 'stream-reset',
    failureId: 'network.stream_disconnected',
    summary: 'The connection is reset instead of an answer.',
    settings: SSE,
    faults: [{ match: MODEL_HTTP, effect: { kind: 'reset' } }],
  }),
  scenario({
    name: 'stream-idle',
    failureId: 'network.stream_idle_timeout',
    summary:
      'The stream begins and then stays silent; the home gives up after 1.5 seconds instead of 5 minutes.',
    faults: [{ match: MODEL_HTTP, effect: { kind: 'silent', afterBytes: 120 } }],
    home: { config: impatientProvider(false) },
  }),
  scenario({
    name: 'websocket-idle',
    failureId: 'network.stream_idle_timeout',
    summary: 'The WebSocket takes the request and then stays silent; the home gives up after 1.5 seconds.',
    faults: [{ match: MODEL_SOCKET, effect: { kind: 'events', events: [], ending: 'silent' } }],
    home: { config: impatientProvider(true) },
  }),
  scenario({
    name: 'websocket-cut',
    failureId: 'network.stream_disconnected',
    summary: 'The WebSocket is closed by the server before the answer is complete.',
    faults: [
      {
        match: MODEL_SOCKET,
        effect: { kind: 'events', events: [{ type: 'response.created', response: { id: 'resp_lab_cut' } }] },
      },
    ],
  }),
];
