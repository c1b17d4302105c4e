/** Whether sessions of this home go through the gateway: the settings, and whether there is anything to rotate. */
import { resolveAccountPaths } from '../accounts/store/paths.ts';
import { readPool } from '../accounts/store/pool-store.ts';
import { readSettings } from '../accounts/store/settings-store.ts';
import type { CodexScope } from '../codex/home.ts';

export type RotationWanted =
  | { readonly kind: 'wanted'; readonly accounts: number }
  /**
   * `off`: switched off, by the file or a variable. `few`: fewer than two accounts. `corrupt`: the pool cannot be read. `project`: the
   * pool in use here is the project's own; the gateway, one for all folders, serves the one that they share.
   */
  | {
      readonly kind: 'not-wanted';
      readonly why: 'off' | 'few' | 'corrupt' | 'project';
      readonly accounts: number;
    };

/** On by default once a second account exists; a variable that says 1 asks for it with one account too. */
export async function isRotationWanted(scope: CodexScope): Promise<RotationWanted> {
  const [{ settings, sources }, reading, { projectKey }] = await Promise.all([
    readSettings(scope),
    readPool(scope),
    resolveAccountPaths(scope),
  ]);
  const accounts = reading.kind === 'ok' ? reading.pool.accounts.length : 0;
  if (!settings.codexRuntimeRotationProxy) return { kind: 'not-wanted', why: 'off', accounts };
  if (projectKey !== null) return { kind: 'not-wanted', why: 'project', accounts };
  if (reading.kind === 'corrupt') return { kind: 'not-wanted', why: 'corrupt', accounts };
  const isForced = sources.get('codexRuntimeRotationProxy') === 'env' && accounts > 0;
  return accounts > 1 || isForced
    ? { kind: 'wanted', accounts }
    : { kind: 'not-wanted', why: 'few', accounts };
}
