/** Which sign-in a `login` runs: what was asked for, else what works where we are. */
import { readSurroundings } from '../../accounts/login/surroundings.ts';
import type { Host } from '../../host.ts';

export interface LoginOptions {
  readonly deviceAuth?: boolean;
  readonly manual?: boolean;
  /** `--no-browser` sets it to `false`. */
  readonly browser?: boolean;
  readonly withApiKey?: boolean;
  readonly org?: string;
  readonly issuer?: string;
  readonly json?: boolean;
}

export type Flow =
  | { readonly kind: 'browser' }
  | { readonly kind: 'manual'; readonly because: string | null }
  /** `because`: it was not asked for; where device codes are disabled there is still the manual way. */
  | { readonly kind: 'device'; readonly because: string | null }
  | { readonly kind: 'api-key' };

/** Decides. `because` is for the person: why it is not the browser. */
export async function chooseFlow(options: LoginOptions, host: Host): Promise<Flow> {
  if (options.withApiKey) return { kind: 'api-key' };
  if (options.deviceAuth) return { kind: 'device', because: null };
  if (options.manual || options.browser === false) return { kind: 'manual', because: null };
  const around = await readSurroundings(host);
  switch (around.kind) {
    case 'browser':
      return { kind: 'browser' };
    case 'no-browser':
      return { kind: 'manual', because: `${around.variable} is set to open none` };
    case 'headless':
      return { kind: 'device', because: around.reason };
  }
}
