/**
 * The machine steward runs on, as one argument: environment, clock, platform, process runner, network.
 *
 * Only `cli/` builds the real one (`createHost`); everything below takes it, so a test hands in its own
 * environment, root folder or clock and needs no monkey-patching.
 */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export interface RunOptions {
  readonly cwd?: string;
  /** The name the child is called by, for a program that does another job under another name. */
  readonly argv0?: string;
  /** The whole environment of the child; without it, the host's own. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Written to the child's standard input, which is then closed. Without it, standard input is empty. */
  readonly input?: string;
  readonly timeoutMs: number;
  /** Output beyond this is dropped (each stream on its own). Default 4 MiB. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
  /** Called as soon as the process exists, with its pid. */
  readonly onStart?: (pid: number) => void;
}

/** How a child process ended. Never thrown: a program that is missing or too slow is an expected outcome. */
export type RunResult =
  | { readonly kind: 'exited'; readonly code: number; readonly stdout: string; readonly stderr: string }
  | { readonly kind: 'signalled'; readonly signal: string; readonly stdout: string; readonly stderr: string }
  | { readonly kind: 'timeout'; readonly stdout: string; readonly stderr: string }
  | { readonly kind: 'unstartable'; readonly code: string; readonly message: string };

export interface Host {
  readonly platform: NodeJS.Platform;
  /** `x64`, `arm64`, … as Node names it. */
  readonly arch: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly userHome: string;
  readonly cwd: string;
  /** Numeric user id, or `undefined` on Windows. */
  readonly uid: number | undefined;
  /** Prefix for absolute system paths (`/proc`, `/etc`, `/mnt`); empty on a real machine, a folder in tests. */
  readonly root: string;
  /** Linux inside the Windows Subsystem for Linux. */
  readonly isWsl: boolean;
  /** Epoch ms. */
  now(): number;
  run(file: string, args: readonly string[], options: RunOptions): Promise<RunResult>;
}

/** The real machine. */
export function createHost(overrides: Partial<Host> = {}): Host {
  const env = overrides.env ?? process.env;
  const root = overrides.root ?? '';
  const platform = overrides.platform ?? process.platform;
  return {
    platform,
    arch: process.arch,
    env,
    userHome: homedir(),
    cwd: process.cwd(),
    uid: process.getuid?.(),
    root,
    isWsl: platform === 'linux' && isWslKernel(root),
    now: Date.now,
    run: (file, args, options) => runProcess(file, args, { env, ...options }),
    ...overrides,
  };
}

/** A system path (`/proc/meminfo`) below the host's root. */
export function systemPath(host: Host, path: string): string {
  return host.root === '' ? path : join(host.root, path);
}

function isWslKernel(root: string): boolean {
  try {
    return /microsoft|wsl/i.test(readFileSync(`${root}/proc/sys/kernel/osrelease`, 'utf8'));
  } catch {
    return false; // no /proc: not Linux, or a sandbox that hides it; then it is not WSL either
  }
}

/** Runs a program without a shell and collects its output; kills it (and waits) at the deadline. */
async function runProcess(file: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  const { spawn } = await import('node:child_process'); // not every command starts a program
  const maxBytes = options.maxBytes ?? 4 * 1024 * 1024;
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      cwd: options.cwd,
      argv0: options.argv0,
      env: options.env as NodeJS.ProcessEnv,
      stdio: ['pipe', 'pipe', 'pipe'],
      windowsHide: true,
    });
    if (child.pid !== undefined) options.onStart?.(child.pid);
    const stdout = collect(child.stdout, maxBytes);
    const stderr = collect(child.stderr, maxBytes);
    let stopped = false;
    const stop = () => {
      stopped = true;
      child.kill('SIGKILL');
      // A grandchild may hold the pipes open after the child is gone; its output is not waited for.
      child.stdout.destroy();
      child.stderr.destroy();
    };
    const timer = setTimeout(stop, options.timeoutMs);
    options.signal?.addEventListener('abort', stop, { once: true });
    const finish = (result: RunResult) => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', stop);
      resolve(result);
    };
    child.stdin.on('error', () => {}); // a child that never reads its input closes the pipe; its exit tells the rest
    child.stdin.end(options.input ?? '');
    child.on('error', (error: NodeJS.ErrnoException) =>
      finish({ kind: 'unstartable', code: error.code ?? 'EUNKNOWN', message: error.message }),
    );
    child.on('close', (code, signal) => {
      const output = { stdout: stdout(), stderr: stderr() };
      if (stopped) finish({ kind: 'timeout', ...output });
      else if (signal) finish({ kind: 'signalled', signal, ...output });
      else finish({ kind: 'exited', code: code ?? 0, ...output });
    });
    if (options.signal?.aborted) stop();
  });
}

function collect(stream: NodeJS.ReadableStream, maxBytes: number): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    if (size < maxBytes) chunks.push(chunk.subarray(0, maxBytes - size));
    size += chunk.length;
  });
  return () => Buffer.concat(chunks).toString('utf8');
}
