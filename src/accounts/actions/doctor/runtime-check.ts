/** Whether what a rotation proxy last did is what the forecast says now: read from the snapshot that proxies of this format keep. */
import { join } from 'node:path';
import * as v from 'valibot';
import type { CodexScope } from '../../../codex/home.ts';
import { readText } from '../../../codex/reading.ts';
import { resolveAccountPaths } from '../../store/paths.ts';
import { ok, type PoolCheck, warn } from './pool-check.ts';

const KEY = 'forecast-runtime-alignment';
const MAX_BYTES = 1024 * 1024;
/** What is older says nothing of now. */
const RECENT_MS = 3_600_000;

const Snapshot = v.looseObject({ updatedAt: v.number(), lastAccountIndex: v.number() });

/** `recommended`: position from 0, `null` when no account can serve. */
export async function checkRuntime(scope: CodexScope, recommended: number | null): Promise<PoolCheck> {
  const { root } = await resolveAccountPaths(scope);
  const reading = await readText(join(root, 'runtime-observability.json'), MAX_BYTES);
  if (reading.kind === 'missing') return ok(KEY, 'no proxy has kept a record of its choices');
  const snapshot = reading.kind === 'ok' ? parse(reading.value) : null;
  if (snapshot === null) return warn(KEY, 'unknown: the record of the proxy cannot be read', reading.path);
  if (scope.host.now() - snapshot.updatedAt > RECENT_MS)
    return ok(KEY, 'no proxy has been at work in the last hour');
  const used = snapshot.lastAccountIndex;
  if (used === recommended) return ok(KEY, `account ${used + 1} is in use, and is the one to use`);
  return warn(
    KEY,
    recommended === null
      ? `account ${used + 1} was used last, and no account can serve now`
      : `account ${used + 1} was used last, and account ${recommended + 1} would serve better`,
    'a thread stays with its account; steward auth why-selected explains',
  );
}

function parse(text: string): v.InferOutput<typeof Snapshot> | null {
  try {
    const parsed = v.safeParse(Snapshot, JSON.parse(text));
    return parsed.success ? parsed.output : null;
  } catch {
    return null; // the caller says so
  }
}
