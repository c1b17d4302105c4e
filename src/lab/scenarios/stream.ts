/** Streams that break. All over server-sent events, where the byte of the break can be chosen. */
import { MODEL_HTTP, MODEL_SOCKET } from './matches.ts';
import { type Scenario, scenario } from './scenario.ts';

const SSE = { websocket: 'upgrade-required' } as const;

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
    summary: 'The stream begins and then stays silent.',
    settings: SSE,
    faults: [{ match: MODEL_HTTP, effect: { kind: 'silent', afterBytes: 120 } }],
  }),
  scenario({
    name: 'websocket-idle',
    failureId: 'network.stream_idle_timeout',
    summary: 'The WebSocket accepts the request and then stays silent.',
    faults: [{ match: MODEL_SOCKET, effect: { kind: 'events', events: [], then: 'silent' } }],
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
