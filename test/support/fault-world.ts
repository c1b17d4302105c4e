/** A whole user in a folder: home, PATH with an official Codex in a real install layout, a Codex home made by it. */
import { cp, link, mkdir, readdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type CodexTestHome, makeCodexHome } from './codex-home.ts';
import { type CodexAlias, codexBinary, codexLauncher, platformPackage } from './real-codex.ts';

/** `npm`: `npm install -g` into the user's own prefix. `standalone`: the official installer's folders. */
export type Layout = 'npm' | 'standalone';

export interface FaultWorld {
  readonly alias: CodexAlias;
  readonly layout: Layout;
  /** Everything that belongs to this user lies below it. */
  readonly root: string;
  readonly codexHome: string;
  readonly project: string;
  /** Where the `codex` on PATH stands. */
  readonly binFolder: string;
  /** The installed package (`npm`) or release folder (`standalone`). */
  readonly installFolder: string;
  /** The environment that steward and Codex get; a fault may change it. */
  readonly env: Record<string, string>;
  readonly made: CodexTestHome;
  remove(): Promise<void>;
}

/** A fresh, healthy world. Call `remove` when done. */
export async function makeWorld(
  alias: CodexAlias,
  layout: Layout,
  login: 'chatgpt' | 'apikey' = 'chatgpt',
): Promise<FaultWorld> {
  const made = await makeCodexHome(alias, { login });
  const install = layout === 'npm' ? installByNpm : installStandalone;
  const { binFolder, installFolder } = await install(made, alias);
  const path = [binFolder, dirname(process.execPath), '/usr/bin', '/bin'].join(':');
  return {
    alias,
    layout,
    root: made.userHome,
    codexHome: made.path,
    project: made.cwd,
    binFolder,
    installFolder,
    env: { HOME: made.userHome, CODEX_HOME: made.path, PATH: path, TERM: 'xterm-256color', LANG: 'C.UTF-8' },
    made,
    remove: made.remove,
  };
}

async function installByNpm(made: CodexTestHome, alias: CodexAlias) {
  const prefix = join(made.userHome, '.npm-global');
  const binFolder = join(prefix, 'bin');
  const installFolder = join(prefix, 'lib', 'node_modules', '@openai', 'codex');
  await mkdir(binFolder, { recursive: true });
  await cp(dirname(dirname(codexLauncher(alias))), installFolder, {
    recursive: true,
    filter: (source) => !source.endsWith('node_modules'),
  });
  const arch = process.arch === 'arm64' ? 'arm64' : 'x64';
  await linkTree(
    platformPackage(alias),
    join(installFolder, 'node_modules', '@openai', `codex-linux-${arch}`),
  );
  await symlink('../lib/node_modules/@openai/codex/bin/codex.js', join(binFolder, 'codex'));
  return { binFolder, installFolder };
}

async function installStandalone(made: CodexTestHome, alias: CodexAlias) {
  const binFolder = join(made.userHome, '.local', 'bin');
  const version = alias === 'codex-0.133' ? '0.133.0' : '0.169.0';
  const releases = join(made.path, 'packages', 'standalone', 'releases');
  const installFolder = join(
    releases,
    `${version}-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-unknown-linux-musl`,
  );
  await mkdir(binFolder, { recursive: true });
  await linkTree(dirname(dirname(codexBinary(alias))), installFolder);
  await symlink(installFolder, join(made.path, 'packages', 'standalone', 'current'));
  await symlink(
    join(made.path, 'packages', 'standalone', 'current', 'bin', 'codex'),
    join(binFolder, 'codex'),
  );
  return { binFolder, installFolder };
}

/**
 * A copy whose files are hard links, because the binaries have hundreds of MB. So a fault must replace a file (remove it,
 * write a new one), never write into it or change its mode: that would reach every other test.
 */
async function linkTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (entry.isDirectory()) await linkTree(source, target);
    else if (entry.isFile()) await link(source, target);
  }
}
