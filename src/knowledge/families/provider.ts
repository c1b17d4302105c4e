import type { FailureEntry } from '../types.ts';

export const PROVIDER: readonly FailureEntry[] = [
  {
    id: 'provider.local_endpoint_down',
    title: 'Local endpoint down',
    fixClass: 'C',
    actor: 'you',
    cause:
      'Request to 127.0.0.1/localhost base_url fails: config still points at a proxy or local model that is down.',
    fix: { summary: 'Start it, or back up and restore the official provider in config.toml.', steps: [] },
    signals: [],
    references: [],
  },
];
