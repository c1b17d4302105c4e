/** Bundles a small program for a test to run, and to kill, as a process of its own. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export interface ChildBundle {
  /** Exists once built. */
  readonly file: string;
  build(): Promise<void>;
  remove(): void;
}

/** The program in that file of this folder. */
export function childBundle(name: string): ChildBundle {
  // Below the project, so that the database driver's native package is found.
  const folder = fileURLToPath(
    new URL(`../../node_modules/.cache/chaos-${name.replace('.ts', '')}-${process.pid}`, import.meta.url),
  );
  const file = join(folder, 'child.mjs');
  return {
    file,
    build: async () => {
      mkdirSync(folder, { recursive: true });
      await build({
        entryPoints: [fileURLToPath(new URL(name, import.meta.url))],
        outfile: file,
        bundle: true,
        platform: 'node',
        format: 'esm',
        logLevel: 'error',
        mainFields: ['module', 'main'],
        external: ['@photostructure/sqlite'],
        banner: {
          js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
        },
      });
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
