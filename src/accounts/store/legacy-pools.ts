/** Pools kept where a project's accounts used to be: under a worktree's own key, or inside the project. */
import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { CodexScope } from '../../codex/home.ts';
import { type AccountPaths, pathsOf, resolveAccountPaths, usesProjectPools } from './paths.ts';
import { findProject } from './project.ts';
import { POOL_NAME, resolveRoot } from './root.ts';

export interface LegacyPool {
  readonly kind: 'worktree-key' | 'in-project';
  /** The pool file. */
  readonly path: string;
  /** It and what stands beside it. */
  readonly from: AccountPaths;
  readonly projectRoot: string;
  /** The pool its accounts belong to now. */
  readonly into: AccountPaths;
}

/** The legacy pools of the project that the scope's folder is in. Only looks. */
export async function findLegacyPools(scope: CodexScope): Promise<readonly LegacyPool[]> {
  const { host, home } = scope;
  const project = await findProject(host.cwd, host.platform);
  if (project === null) return [];
  const root = await resolveRoot(scope);
  const into = pathsOf(scope, root, project.key);
  const found: LegacyPool[] = [];
  if (project.formerKey !== project.key) {
    const from = pathsOf(scope, root, project.formerKey);
    const path = from.poolFile;
    if (await exists(path)) found.push({ kind: 'worktree-key', path, from, projectRoot: project.root, into });
  }
  // The home folder is a project to these rules, and `.codex` in it is Codex's own.
  const inside = join(project.root, '.codex');
  const isCodexHome = [home.path, join(host.userHome, '.codex'), root].some(
    (folder) => resolve(folder) === inside || dirname(resolve(folder)) === inside,
  );
  const path = join(inside, POOL_NAME);
  if (!isCodexHome && (await exists(path)) && (await usesProjectPools(scope))) {
    const from = { ...pathsOf(scope, inside, null), root };
    found.push({ kind: 'in-project', path, from, projectRoot: project.root, into });
  }
  return found;
}

/** The pool file of the project around this folder, where there is one and the shared pool is used instead. Only looks. */
export async function findUnusedProjectPool(scope: CodexScope): Promise<string | null> {
  const { poolFile, projectKey } = await resolveAccountPaths(scope, { project: true });
  return projectKey !== null && !(await usesProjectPools(scope)) && (await exists(poolFile))
    ? poolFile
    : null;
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false; // not there, or not to be read: nothing to move
  }
}
