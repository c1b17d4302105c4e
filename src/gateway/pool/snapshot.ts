/** The pool as it stood on disk at one moment, made ready for choosing; and how one notices that it has changed. */
import { stat } from 'node:fs/promises';
import type { Pool } from '../../accounts/account.ts';
import type { AccountFacts, Demand, ProjectProfile } from '../../accounts/selection/facts.ts';
import { loadFacts, profileOf } from '../../accounts/selection/load-facts.ts';
import { type AccountPaths, resolveAccountPaths } from '../../accounts/store/paths.ts';
import { readPool } from '../../accounts/store/pool-store.ts';
import { readRoutingProfiles } from '../../accounts/store/routing-profiles.ts';
import type { CodexScope } from '../../codex/home.ts';

export interface Snapshot {
  readonly pool: Pool;
  readonly facts: readonly AccountFacts[];
  /** For any model and project. */
  readonly demand: Demand;
  /** What projects prefer, by project key. */
  readonly profiles: ReadonlyMap<string, ProjectProfile>;
}

/** The pool now, or `null` when it is corrupt (`auth` commands say how). */
export async function readSnapshot(scope: CodexScope): Promise<Snapshot | null> {
  const reading = await readPool(scope);
  if (reading.kind === 'corrupt') return null;
  const { pool } = reading;
  const [{ facts, demand }, profiles] = await Promise.all([
    loadFacts(scope, pool, null),
    readRoutingProfiles(scope),
  ]);
  return {
    pool,
    facts,
    // The folder that this process was started in is nobody's.
    demand: { ...demand, profile: null },
    profiles: new Map([...profiles].map(([key, profile]) => [key, profileOf(profile, pool.accounts)])),
  };
}

/** A mark that changes when one of the files that a snapshot is made from does. */
export async function markOf(scope: CodexScope): Promise<string> {
  const paths = await resolveAccountPaths(scope);
  const marks = await Promise.all(filesOf(paths).map(fileMark));
  return marks.join(' ');
}

function filesOf(paths: AccountPaths): readonly string[] {
  const { poolFile, extrasFile, policiesFile, settingsFile, routingProfilesFile, quotaCacheFile } = paths;
  return [poolFile, extrasFile, policiesFile, settingsFile, routingProfilesFile, quotaCacheFile];
}

async function fileMark(path: string): Promise<string> {
  try {
    const { mtimeMs, size, ino } = await stat(path);
    return `${mtimeMs}:${size}:${ino}`;
  } catch {
    return '-'; // not there, or not for us to see: reading it will say the same
  }
}
