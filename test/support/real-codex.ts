/** The official Codex binaries that the tests drive, and homes made for them. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGE = join(dirname(fileURLToPath(import.meta.url)), '..', 'codex');

export type CodexAlias = 'codex-0.133' | 'codex-newest';

/** Both versions, oldest first: `describe.each(CODEX_ALIASES)`. */
export const CODEX_ALIASES: readonly CodexAlias[] = ['codex-0.133', 'codex-newest'];

/** The npm launcher (`bin/codex.js`) of that version. */
export function codexLauncher(alias: CodexAlias): string {
  return join(PACKAGE, 'node_modules', alias, 'bin', 'codex.js');
}

/** The folder of that version's package for this platform, wherever npm put it. */
export function platformPackage(alias: CodexAlias): string {
  const name = `codex-linux-${process.arch === 'arm64' ? 'arm64' : 'x64'}`;
  const nested = join(PACKAGE, 'node_modules', alias, 'node_modules', '@openai', name);
  return existsSync(nested) ? nested : join(PACKAGE, 'node_modules', '@openai', name);
}

/** The native binary of that version, as the launcher would start it. */
export function codexBinary(alias: CodexAlias): string {
  const triple = `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-unknown-linux-musl`;
  const binary = join(platformPackage(alias), 'vendor', triple, 'bin', 'codex');
  if (!existsSync(binary)) throw new Error(`${binary} is missing: run "npm ci --prefix test/codex"`);
  return binary;
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs any program to its end with exactly that environment added to `PATH`, `HOME` and `TERM`. */
export function runProgram(
  file: string,
  args: readonly string[],
  options: { env?: Record<string, string>; cwd?: string; input?: string; timeoutMs?: number } = {},
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, TERM: 'xterm-256color', ...options.env },
      timeout: options.timeoutMs ?? 60_000,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code, signal) =>
      signal
        ? reject(new Error(`${file} ended by ${signal}: ${stderr}`))
        : resolve({ code: code ?? 0, stdout, stderr }),
    );
    child.stdin.on('error', () => {}); // it need not read its input
    child.stdin.end(options.input ?? '');
  });
}

/**
 * A new empty folder outside `/tmp` (Codex refuses to work fully below it: "Refusing to create helper binaries under
 * temporary dir"), removed by the returned function.
 */
export async function temporaryFolder(
  prefix: string,
): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join('/var/tmp', `${prefix}-`));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
