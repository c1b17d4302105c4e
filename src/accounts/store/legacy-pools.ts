/** Pools kept where a project's accounts used to be: under a worktree's own key, or inside the project. */
import { statSync } from 'node:fs';
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
  const project = findProject(host.cwd, host.platform);
  if (project === null) return [];
  const root = resolveRoot(scope);
  const into = pathsOf(scope, root, project.key);
  const found: LegacyPool[] = [];
  if (project.formerKey !== project.key) {
    const from = pathsOf(scope, root, project.formerKey);
    const path = from.poolFile;
    if (isFile(path)) found.push({ kind: 'worktree-key', path, from, projectRoot: project.root, into });
  }
  // The home folder is a project to these rules, and `.codex` in it is Codex's own.
  const inside = join(project.root, '.codex');
  const isCodexHome = [home.path, join(host.userHome, '.codex'), root].some(
    (folder) => resolve(folder) === inside || dirname(resolve(folder)) === inside,
  );
  const path = join(inside, POOL_NAME);
  if (!isCodexHome && isFile(path) && (await usesProjectPools(scope))) {
    const from = { ...pathsOf(scope, inside, null), root };
    found.push({ kind: 'in-project', path, from, projectRoot: project.root, into });
  }
  return found;
}

/** The pool file of the project around this folder, where there is one and the shared pool is used instead. Only looks. */
export async function findUnusedProjectPool(scope: CodexScope): Promise<string | null> {
  const { poolFile, projectKey } = await resolveAccountPaths(scope, { project: true });
  return projectKey !== null && !(await usesProjectPools(scope)) && isFile(poolFile) ? poolFile : null;
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false; // not there, or not to be read: nothing to move
  }
}
