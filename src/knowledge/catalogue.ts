/** The catalogue as one map; its entries live in `families/`, one file a family. */
import { AUTH } from './families/auth.ts';
import { CONFIG } from './families/config.ts';
import { CONTEXT } from './families/context.ts';
import { DOCTOR } from './families/doctor.ts';
import { INSTALL } from './families/install.ts';
import { MCP } from './families/mcp.ts';
import { MODEL } from './families/model.ts';
import { NETWORK } from './families/network.ts';
import { NONE } from './families/none.ts';
import { POOL } from './families/pool.ts';
import { PROVIDER } from './families/provider.ts';
import { RATELIMIT } from './families/ratelimit.ts';
import { REMOTE } from './families/remote.ts';
import { SAFETY } from './families/safety.ts';
import { SANDBOX } from './families/sandbox.ts';
import { SERVER } from './families/server.ts';
import { SESSION } from './families/session.ts';
import { STATE } from './families/state.ts';
import type { FailureId } from './ids.ts';
import type { FailureEntry } from './types.ts';

/** Every entry, in the order of the families above. */
export const CATALOGUE: readonly FailureEntry[] = [
  ...AUTH,
  ...REMOTE,
  ...RATELIMIT,
  ...POOL,
  ...PROVIDER,
  ...SERVER,
  ...NETWORK,
  ...CONFIG,
  ...MODEL,
  ...CONTEXT,
  ...SESSION,
  ...SAFETY,
  ...STATE,
  ...SANDBOX,
  ...MCP,
  ...INSTALL,
  ...NONE,
  ...DOCTOR,
];

const BY_ID: ReadonlyMap<FailureId, FailureEntry> = new Map(CATALOGUE.map((entry) => [entry.id, entry]));

/** The entry of that id. */
export function failureEntry(id: FailureId): FailureEntry {
  const entry = BY_ID.get(id);
  if (!entry) throw new TypeError(`no catalogue entry for ${id}`);
  return entry;
}
