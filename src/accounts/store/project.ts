/**
 * Which project a folder belongs to and under which key its accounts are kept: the rules of codex-multi-auth 2.8, to the
 * letter, because the key names a folder that both tools must find.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';

const MARKERS = ['package.json', 'Cargo.toml', 'go.mod', 'pyproject.toml', '.codex'];

export interface Project {
  /** The folder the project was recognised by. */
  readonly root: string;
  /** The same for all worktrees of a repository: its main working folder. Otherwise `root`. */
  readonly identityRoot: string;
  /** `<name>-<12 hex>` of `identityRoot`. */
  readonly key: string;
  /** The key this project had before worktrees were recognised; equal to `key` outside worktrees. */
  readonly formerKey: string;
}

/** The project around that folder, or `null`. The nearest `.git` above wins over nearer package files. */
export function findProject(folder: string, platform: NodeJS.Platform): Project | null {
  const root = findRoot(resolve(folder));
  if (root === null) return null;
  const identityRoot = repositoryOf(root, platform);
  return {
    root,
    identityRoot,
    key: projectKey(identityRoot, platform),
    formerKey: projectKey(root, platform),
  };
}

/** The documented key of a project folder. */
export function projectKey(folder: string, platform: NodeJS.Platform): string {
  const path = normalised(folder, platform);
  const name = basename(path)
    .replace(/[^a-zA-Z0-9._-]+/g, '-')
    .replace(/^-+|-+$/g, '');
  const hash = createHash('sha256').update(path).digest('hex').slice(0, 12);
  return `${(name || 'project').slice(0, 40)}-${hash}`;
}

function normalised(path: string, platform: NodeJS.Platform): string {
  const slashed = resolve(path).replaceAll('\\', '/');
  return platform === 'win32' ? slashed.toLowerCase() : slashed;
}

function findRoot(folder: string): string | null {
  let marked: string | null = null;
  for (let current = folder; ; current = dirname(current)) {
    if (existsSync(join(current, '.git'))) return current;
    if (marked === null && MARKERS.some((name) => existsSync(join(current, name)))) marked = current;
    if (dirname(current) === current) return marked;
  }
}

/**
 * The main working folder of the repository that `root` is a linked worktree of; `root` itself when anything does not
 * add up. A `.git` file alone proves nothing: it could point into somebody else's repository, so the repository has to
 * point back.
 */
function repositoryOf(root: string, platform: NodeJS.Platform): string {
  const pointer = join(root, '.git');
  const gitFolder = /^gitdir:\s*(.+)$/im.exec(firstLine(pointer) ?? '')?.[1]?.trim();
  if (gitFolder === undefined) return root;
  const folder = against(root, gitFolder);
  if (!folder.replaceAll('\\', '/').toLowerCase().includes('/.git/worktrees/')) return root;
  const backReference = firstLine(join(folder, 'gitdir'));
  if (backReference === null || backReference === '') return root;
  if (canonical(against(folder, backReference), platform) !== canonical(pointer, platform)) return root;
  const common = against(folder, firstLine(join(folder, 'commondir')) || '.');
  if (!normalised(folder, platform).startsWith(`${normalised(common, platform)}/worktrees/`)) return root;
  const repository = dirname(common);
  return existsSync(join(repository, '.git')) ? repository : root;
}

function against(base: string, path: string): string {
  return isAbsolute(path) ? path : resolve(base, path);
}

function canonical(path: string, platform: NodeJS.Platform): string {
  return normalised(realPath(path), platform);
}

function realPath(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    return path; // what is not there has no other name
  }
}

/** The first line of a small file, trimmed; `null` when it is not a readable file. */
function firstLine(path: string): string | null {
  try {
    const found = statSync(path);
    if (!found.isFile() || found.size > 65_536) return null;
    return readFileSync(path, 'utf8').split(/\r?\n/, 1)[0]?.trim() ?? null;
  } catch {
    return null; // not there or closed to us: then it tells nothing, and the caller says what that means
  }
}
