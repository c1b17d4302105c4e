/** Every file below a folder with its bytes, to prove that a dry run changed nothing. */
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** Relative path to content and mode; folders end with a slash, and a link stands for where it leads. */
export async function treeBytes(folder: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const found: [string, string][] = [];
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    const { mode } = await lstat(path);
    if (entry.isDirectory()) found.push([`${relative(folder, path)}/`, mode.toString(8)]);
    else if (entry.isSymbolicLink()) found.push([relative(folder, path), `-> ${await readlink(path)}`]);
    else found.push([relative(folder, path), `${mode.toString(8)} ${await readFile(path, 'base64')}`]);
  }
  return Object.fromEntries(found.sort(([a], [b]) => a.localeCompare(b)));
}
