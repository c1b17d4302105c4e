/** Where the accounts live: the documented root, and the pool of this project or the one for everything. */
import { join } from 'node:path';
import type { CodexScope } from '../../codex/home.ts';
import { findProject } from './project.ts';
import { POOL_NAME, resolveRoot } from './root.ts';
import { readSettings } from './settings-store.ts';

/** Absolute paths; none of them has to exist. */
export interface AccountPaths {
  /** The folder of everything that is not of one pool. */
  readonly root: string;
  readonly poolFile: string;
  /** What the documented pool file has no place for: id tokens, API keys, our choice of an API key. */
  readonly extrasFile: string;
  readonly flaggedFile: string;
  readonly settingsFile: string;
  readonly quotaCacheFile: string;
  readonly policiesFile: string;
  readonly budgetsFile: string;
  readonly routingProfilesFile: string;
  /** Where codex-multi-auth keeps its refresh leases. */
  readonly leasesFolder: string;
  /** Held by whoever changes the pool, its extras or the flagged accounts. */
  readonly lockFile: string;
  /** The project whose pool this is; `null` for the pool that all projects share. */
  readonly projectKey: string | null;
}

export interface AccountPathOptions {
  /** Ask for the project's pool (`true`) or the shared one (`false`) whatever the settings say. */
  readonly project?: boolean;
}

/** The paths for this scope: root search and project pool as codex-multi-auth 2.8 documents them. Only reads. */
export async function resolveAccountPaths(
  scope: CodexScope,
  options: AccountPathOptions = {},
): Promise<AccountPaths> {
  const { host } = scope;
  const root = resolveRoot(scope);
  const isWanted = options.project ?? (await usesProjectPools(scope));
  const project = isWanted ? findProject(host.cwd, host.platform) : null;
  return pathsOf(scope, root, project?.key ?? null);
}

/** The paths below that root for a project's key, or for the shared pool (`null`). */
export function pathsOf({ host }: CodexScope, root: string, projectKey: string | null): AccountPaths {
  const folder = projectKey === null ? root : join(root, 'projects', projectKey);
  const leases = host.env.CODEX_AUTH_REFRESH_LEASE_DIR?.trim() ?? '';
  return {
    root,
    poolFile: join(folder, POOL_NAME),
    extrasFile: join(folder, 'openai-codex-accounts.steward.json'),
    flaggedFile: join(folder, 'openai-codex-flagged-accounts.json'),
    settingsFile: join(root, 'settings.json'),
    quotaCacheFile: join(root, 'quota-cache.json'),
    policiesFile: join(root, 'account-policies.json'),
    budgetsFile: join(root, 'budget-guards.json'),
    routingProfilesFile: join(root, 'routing-profiles.json'),
    leasesFolder: leases === '' ? join(root, 'refresh-leases') : leases,
    lockFile: join(folder, 'steward-accounts.lock.db'),
    projectKey,
  };
}

/**
 * Whether this scope's accounts are those of the project. The variable `CODEX_AUTH_PER_PROJECT_ACCOUNTS` decides; without
 * it, the setting (on unless switched off) counts where the login is not handed to Codex
 * (`CODEX_MULTI_AUTH_SYNC_CODEX_CLI=0`). Codex has one login for all folders: pools of projects would fight for it.
 */
export async function usesProjectPools(scope: CodexScope): Promise<boolean> {
  const { CODEX_MULTI_AUTH_SYNC_CODEX_CLI: sync, CODEX_AUTH_SYNC_CODEX_CLI: formerSync } = scope.host.env;
  const word = [sync, formerSync]
    .map((value) => value?.trim())
    .find((value) => value === '0' || value === '1');
  const isAsked = (scope.host.env.CODEX_AUTH_PER_PROJECT_ACCOUNTS?.trim() ?? '') !== '';
  if (!isAsked && word !== '0') return false; // whatever the settings say
  const { settings, sources } = await readSettings(scope);
  if (sources.get('perProjectAccounts') === 'env') return settings.perProjectAccounts;
  return settings.perProjectAccounts && word === '0';
}
