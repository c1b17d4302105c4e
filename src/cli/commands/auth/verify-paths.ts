/** The way from this folder to the accounts, step by step, and whether each place can be used. Changes nothing. */
import { access, constants, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { resolveAccountPaths } from '../../../accounts/store/paths.ts';
import { readPool } from '../../../accounts/store/pool-store.ts';
import { findProject, projectKey } from '../../../accounts/store/project.ts';
import type { CodexScope } from '../../../codex/home.ts';
import { messageOf, systemCode } from '../../../errors.ts';

export interface PathStep {
  readonly name: string;
  readonly input?: string;
  readonly output?: string;
  readonly ok: boolean;
  readonly error?: string;
}

export interface PathsReport {
  readonly ok: boolean;
  readonly steps: readonly PathStep[];
  /** Folder names made to lead out of the accounts' folder. */
  readonly sandboxTests: readonly {
    readonly name: string;
    readonly input: string;
    readonly rejected: boolean;
    readonly ok: boolean;
  }[];
}

/** Works it out for the folder that `scope.host.cwd` is. Outside any project the shared pool is the right answer. */
export async function verifyPaths(scope: CodexScope): Promise<PathsReport> {
  const { host, home } = scope;
  const paths = await resolveAccountPaths(scope);
  const project = findProject(host.cwd, host.platform);
  const reading = await readPool(scope);
  const steps: PathStep[] = [
    await usableFolder('codex home', home.path),
    await usableFolder('accounts folder', paths.root),
    { name: 'project', input: host.cwd, output: project?.root ?? 'none: the shared pool is used', ok: true },
    ...(project === null
      ? []
      : [
          { name: 'shared by its worktrees', input: project.root, output: project.identityRoot, ok: true },
          { name: 'project key', input: project.identityRoot, output: project.key, ok: true },
        ]),
    {
      name: 'pool file',
      output: paths.poolFile,
      ok: reading.kind === 'ok',
      ...(reading.kind === 'ok' ? {} : { error: reading.message }),
    },
    ...(await privateFiles(scope, [paths.poolFile, paths.flaggedFile, paths.extrasFile])),
  ];
  const sandboxTests = HOSTILE_FOLDERS.map(([name, input]) => {
    const projects = join(paths.root, 'projects');
    const inside = relative(projects, join(projects, projectKey(input, host.platform)));
    const isInside = inside !== '' && inside !== '..' && !inside.includes(sep);
    return { name, input, rejected: isInside, ok: isInside };
  });
  return { ok: [...steps, ...sandboxTests].every(({ ok }) => ok), steps, sandboxTests };
}

const HOSTILE_FOLDERS = [
  ['a folder called .. stays inside', '/srv/..'],
  ['a name with slashes and dots stays inside', '/srv/..%2f..%2fetc'],
  ['a name of dots only stays inside', '/srv/...'],
  ['the root folder stays inside', '/'],
] as const;

/** The folder can be read and written, or made where it is to be. */
export async function usableFolder(name: string, path: string): Promise<PathStep> {
  for (let place = path; ; place = dirname(place)) {
    try {
      const isFolder = (await stat(place)).isDirectory();
      if (!isFolder) return { name, output: path, ok: false, error: `${place} is a file` };
      await access(place, constants.R_OK | constants.W_OK | constants.X_OK);
      return { name, output: path, ok: true };
    } catch (error) {
      if (systemCode(error) !== 'ENOENT' || place === dirname(place)) {
        return { name, output: path, ok: false, error: messageOf(error) };
      }
    }
  }
}

/** Files with logins are for their owner alone; Windows keeps that by other means. */
async function privateFiles({ host }: CodexScope, files: readonly string[]): Promise<readonly PathStep[]> {
  if (host.platform === 'win32') return [];
  const steps: PathStep[] = [];
  for (const path of files) {
    const mode = await stat(path).then(
      (found) => found.mode & 0o777,
      () => null, // a missing one is no danger, and an unreadable pool has its own step
    );
    if (mode === null) continue;
    const octal = mode.toString(8).padStart(4, '0');
    const isPrivate = (mode & 0o077) === 0;
    steps.push({
      name: 'for its owner only',
      output: path,
      ok: isPrivate,
      ...(isPrivate ? {} : { error: `others may read it (mode ${octal}): chmod 600 "${path}"` }),
    });
  }
  return steps;
}
