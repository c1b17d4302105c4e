/** Builds the child once and runs it. */
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export interface ChildRun {
  readonly signal: string | null;
  readonly stderr: string;
  // biome-ignore lint/suspicious/noExplicitAny: the test compares whole values
  readonly outcome: any;
  readonly boundaries: readonly string[];
}

/** Below the project, so that the driver's native package is found. */
const folder = fileURLToPath(
  new URL(`../../node_modules/.cache/journal-chaos-${process.pid}`, import.meta.url),
);
export const childFile = join(folder, 'child.mjs');

export async function buildChild(): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await build({
    entryPoints: [fileURLToPath(new URL('journal-child.ts', import.meta.url))],
    outfile: childFile,
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
}

export function removeChild(): void {
  rmSync(folder, { recursive: true, force: true });
}

export function runChild(...args: readonly (string | number)[]): Promise<ChildRun> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [childFile, ...args.map(String)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('close', (_code, signal) => {
      const parsed = stdout === '' ? { outcome: undefined, boundaries: [] } : JSON.parse(stdout);
      resolve({ signal, stderr, ...parsed });
    });
  });
}
