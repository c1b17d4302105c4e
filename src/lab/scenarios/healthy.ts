/** Worlds without a failure, and the ones that only differ in manner. */
import { LOGIN, type Scenario, scenario } from './scenario.ts';

export const HEALTHY_SCENARIOS: readonly Scenario[] = [
  scenario({ name: 'ok', failureId: null, summary: 'Everything works.' }),
  scenario({
    name: 'slow',
    failureId: null,
    summary: 'Every answer comes 400 ms late.',
    faults: [{ effect: { kind: 'delay', ms: 400 } }],
  }),
  scenario({
    name: 'sse-only',
    failureId: null,
    summary: 'The model endpoint refuses WebSocket with 426, so that clients use server-sent events.',
    settings: { websocket: 'upgrade-required' },
  }),
  scenario({
    name: 'device-slow',
    failureId: null,
    summary: 'The device code is approved only after a few polls.',
    shows: LOGIN,
    settings: { deviceCode: 'slow' },
  }),
  scenario({
    name: 'device-ask',
    failureId: null,
    summary: 'The device code waits until somebody decides on the page or over the control endpoint.',
    shows: LOGIN,
    settings: { deviceCode: 'ask' },
  }),
  scenario({
    name: 'refresh-due',
    failureId: null,
    summary: 'The access token has expired and the refresh token is good: Codex refreshes by itself.',
    home: { accessToken: 'expired' },
  }),
];
