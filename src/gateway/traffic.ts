/** What requests and WebSocket turns share: the pool, the way out, and what the gateway remembers between them. */
import type { EventEmitter } from 'node:events';
import type { AccountSource } from './account-source.ts';
import type { EncryptedBook } from './encrypted-items.ts';
import type { Counters, GatewayEvent } from './events.ts';
import type { TroubleWatch } from './server-trouble.ts';
import type { UpstreamNetwork } from './upstream-network.ts';
import type { createUpstreamRouter } from './upstream-route.ts';

export interface Traffic {
  readonly accounts: AccountSource;
  readonly network: UpstreamNetwork;
  readonly route: ReturnType<typeof createUpstreamRouter>;
  readonly trouble: TroubleWatch;
  readonly book: EncryptedBook;
  readonly counters: Counters;
  readonly maxBodyBytes: number;
  now(): number;
  emit(event: GatewayEvent): void;
}

/** A limit that ends this soon is waited for instead of told. */
export const PATIENCE_MS = 15_000;

/** Waits, or less when the client leaves meanwhile. */
export function pause(ms: number, client: EventEmitter): Promise<void> {
  if (ms <= 0) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      client.off('close', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    client.once('close', done);
  });
}
