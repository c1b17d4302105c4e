/** Installed copies of Codex as the installers lay them out, made of the real packages without copying 400 MB. */
import { chmod, copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type CodexAlias, codexBinary, codexLauncher } from './real-codex.ts';

/** The folder of the package with the native program, `…/@openai/codex-linux-x64`. */
export function platformPackageOf(alias: CodexAlias): string {
  return dirname(dirname(dirname(dirname(codexBinary(alias)))));
}

/** `npm install -g @openai/codex` with that prefix; returns its `bin` folder. `native: false`: optional part missing. */
export async function installNpm(
  prefix: string,
  alias: CodexAlias,
  options: { native?: boolean } = {},
): Promise<string> {
  const root = join(prefix, 'lib', 'node_modules', '@openai', 'codex');
  const bin = join(prefix, 'bin');
  await mkdir(join(root, 'bin'), { recursive: true });
  await mkdir(bin, { recursive: true });
  await copyFile(codexLauncher(alias), join(root, 'bin', 'codex.js'));
  await chmod(join(root, 'bin', 'codex.js'), 0o755);
  await copyFile(join(dirname(dirname(codexLauncher(alias))), 'package.json'), join(root, 'package.json'));
  if (options.native !== false) {
    const parent = join(root, 'node_modules', '@openai');
    await mkdir(parent, { recursive: true });
    await symlink(platformPackageOf(alias), join(parent, `codex-linux-${process.arch}`));
  }
  await symlink('../lib/node_modules/@openai/codex/bin/codex.js', join(bin, 'codex'));
  return bin;
}

/**
 * The official install script's layout: `<home>/packages/standalone/{releases/<version>-<triple>,current}` and a link
 * in `binFolder`. 0.133 starts `current/codex`, newer ones `current/bin/codex`: both are there.
 */
export async function installStandalone(home: string, alias: CodexAlias, binFolder: string): Promise<string> {
  const vendor = dirname(dirname(codexBinary(alias)));
  const { version, target } = JSON.parse(await readFile(join(vendor, 'codex-package.json'), 'utf8'));
  const standalone = join(home, 'packages', 'standalone');
  const release = join(standalone, 'releases', `${version}-${target}`);
  await mkdir(join(release, 'bin'), { recursive: true });
  await mkdir(binFolder, { recursive: true });
  await copyFile(join(vendor, 'codex-package.json'), join(release, 'codex-package.json'));
  await symlink(join(vendor, 'codex-resources'), join(release, 'codex-resources'));
  await linkFile(codexBinary(alias), join(release, 'bin', 'codex'));
  await symlink(join('bin', 'codex'), join(release, 'codex'));
  await symlink(release, join(standalone, 'current'));
  await symlink(join(standalone, 'current', 'bin', 'codex'), join(binFolder, 'codex'));
  return binFolder;
}

/** A folder that holds `node` and nothing else: npm's launcher needs it on `PATH`. */
export async function nodeFolder(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  await symlink(process.execPath, join(folder, 'node'));
  return folder;
}

/** A real file at `to` with the content of `from`: a hard link where the file system allows, else a copy. */
async function linkFile(from: string, to: string): Promise<void> {
  const { link } = await import('node:fs/promises');
  await link(from, to).catch(() => copyFile(from, to));
}

/** A script that prints a version and exits, as programs of that name from elsewhere do. */
export async function writeProgram(path: string, text: string, mode = 0o755): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  await chmod(path, mode);
}
