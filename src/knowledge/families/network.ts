/** The network between Codex and OpenAI. */
import type { FailureEntry } from '../types.ts';
import { NETWORK_PROXY } from './network-proxy.ts';
import { NETWORK_REFUSAL } from './network-refusal.ts';
import { NETWORK_ROUTE } from './network-route.ts';
import { NETWORK_STREAM } from './network-stream.ts';

export const NETWORK: readonly FailureEntry[] = [
  ...NETWORK_STREAM,
  ...NETWORK_PROXY,
  ...NETWORK_ROUTE,
  ...NETWORK_REFUSAL,
];
