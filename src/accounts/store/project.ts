/**
 * Which project a folder belongs to and under which key its accounts are kept: the rules of codex-multi-auth 2.8, to the
 * letter, because the key names a folder that both tools must find.
 */
import { createHash } from 'node:crypto';
import { readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { isThere } from '../../storage/is-there.ts';

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
export async function findProject(folder: string, platform: NodeJS.Platform): Promise<Project | null> {
  const root = await findRoot(resolve(folder));
  if (root === null) return null;
  const identityRoot = await repositoryOf(root, platform);
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

async function findRoot(folder: string): Promise<string | null> {
  let marked: string | null = null;
  for (let current = folder; ; current = dirname(current)) {
    if (await isThere(join(current, '.git'))) return current;
    if (marked === null) {
      const found = await Promise.all(MARKERS.map((name) => isThere(join(current, name))));
      if (found.includes(true)) marked = current;
    }
    if (dirname(current) === current) return marked;
  }
}

/**
 * The main working folder of the repository that `root` is a linked worktree of; `root` itself when anything does not
 * add up. A `.git` file alone proves nothing: it could point into somebody else's repository, so the repository has to
 * point back.
 */
async function repositoryOf(root: string, platform: NodeJS.Platform): Promise<string> {
  const pointer = join(root, '.git');
  const gitFolder = /^gitdir:\s*(.+)$/im.exec((await firstLine(pointer)) ?? '')?.[1]?.trim();
  if (gitFolder === undefined) return root;
  const folder = against(root, gitFolder);
  if (!folder.replaceAll('\\', '/').toLowerCase().includes('/.git/worktrees/')) return root;
  const backReference = await firstLine(join(folder, 'gitdir'));
  if (backReference === null || backReference === '') return root;
  if ((await canonical(against(folder, backReference), platform)) !== (await canonical(pointer, platform)))
    return root;
  const common = against(folder, (await firstLine(join(folder, 'commondir'))) || '.');
  if (!normalised(folder, platform).startsWith(`${normalised(common, platform)}/worktrees/`)) return root;
  const repository = dirname(common);
  return (await isThere(join(repository, '.git'))) ? repository : root;
}

function against(base: string, path: string): string {
  return isAbsolute(path) ? path : resolve(base, path);
}

async function canonical(path: string, platform: NodeJS.Platform): Promise<string> {
  return normalised(await realpath(path).catch(() => path), platform);
}

/** The first line of a small file, trimmed; `null` when it is not a readable file. */
async function firstLine(path: string): Promise<string | null> {
  try {
    const found = await stat(path);
    if (!found.isFile() || found.size > 65_536) return null;
    return (await readFile(path, 'utf8')).split(/\r?\n/, 1)[0]?.trim() ?? null;
  } catch {
    return null; // not there or closed to us: then it tells nothing, and the caller says what that means
  }
}
