/** Where the accounts live: the documented root, and the pool of this project or the one for everything. */
import type { CodexScope } from '../../codex/home.ts';

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
  _scope: CodexScope,
  _options: AccountPathOptions = {},
): Promise<AccountPaths> {
  throw new Error('under construction');
}
