/** Builds the child once and runs it. */
import { spawn } from 'node:child_process';
import { childBundle } from './child-bundle.ts';

export interface ChildRun {
  readonly signal: string | null;
  readonly stderr: string;
  // biome-ignore lint/suspicious/noExplicitAny: the test compares whole values
  readonly outcome: any;
  readonly boundaries: readonly string[];
}

const child = childBundle('journal-child.ts');
export const { file: childFile, build: buildChild, remove: removeChild } = child;

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
