/** A user's folder with a Codex home made by hand: for checks that look at single files, and need no real Codex. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { resolveCodexHome } from '../../src/codex/home.ts';
import type { Check, CheckContext, CheckResult } from '../../src/doctor/check.ts';
import { createContext } from '../../src/doctor/context.ts';
import { createHost, type Host } from '../../src/host.ts';
import { temporaryFolder } from './real-codex.ts';

export interface PlainHome {
  readonly userHome: string;
  /** `<userHome>/.codex`. */
  readonly path: string;
  /** Writes a file of the Codex home. */
  write(name: string, content: string | Buffer, mode?: number): Promise<string>;
  host(overrides?: Partial<Host>): Host;
  context(overrides?: Partial<Host>): CheckContext;
  run(check: Check, overrides?: Partial<Host>): Promise<CheckResult>;
  remove(): Promise<void>;
}

/** A new empty one. Its host sees an empty root instead of this machine's `/etc`, and no program on PATH. */
export async function makePlainHome(): Promise<PlainHome> {
  const folder = await temporaryFolder('steward-plain');
  const userHome = folder.path;
  const path = join(userHome, '.codex');
  const root = join(userHome, 'root');
  const cwd = join(userHome, 'work');
  for (const made of [path, root, cwd]) await mkdir(made);
  await chmod(path, 0o755);
  const host = (overrides: Partial<Host> = {}) =>
    createHost({
      env: { PATH: join(userHome, 'no-programs') },
      userHome,
      root,
      cwd,
      isWsl: false,
      ...overrides,
    });
  const context = (overrides: Partial<Host> = {}) => {
    const made = host(overrides);
    const signal = new AbortController().signal;
    return createContext({ host: made, home: resolveCodexHome(made), signal, live: false });
  };
  return {
    userHome,
    path,
    write: async (name, content, mode = 0o600) => {
      const file = join(path, name);
      await writeFile(file, content, { mode });
      return file;
    },
    host,
    context,
    run: (check, overrides) => check.run(context(overrides)),
    remove: folder.remove,
  };
}
