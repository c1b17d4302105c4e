/**
 * Starts one MCP server as Codex does and shakes hands with it: `initialize` as a line of JSON on its standard input.
 * The server and everything that it started is ended again, whatever comes of it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import * as v from 'valibot';
import { systemCode } from '../errors.ts';
import type { Host } from '../host.ts';
import { mcpEnvironment, type StdioServer } from './mcp-servers.ts';

export type McpStart = Handshake & { readonly elapsedMs: number; readonly stderr: string };

type Handshake =
  | { readonly kind: 'ready'; readonly serverName: string }
  | { readonly kind: 'exited'; readonly code: number | null; readonly signal: string | null }
  | { readonly kind: 'no-answer' }
  /** The server's own refusal of `initialize`. */
  | { readonly kind: 'refused'; readonly message: string }
  /** It wrote something else to its standard output, and no answer. */
  | { readonly kind: 'noise'; readonly line: string }
  | { readonly kind: 'unstartable'; readonly code: string };

export interface McpStartOptions {
  /** The program as it was found. */
  readonly path: string;
  /** How long to wait for the answer; may be longer than Codex waits, to learn how late it comes. */
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

/** As Codex 0.169 sends it. */
const INITIALIZE = JSON.stringify({
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: {
    protocolVersion: '2025-06-18',
    capabilities: { elicitation: {} },
    clientInfo: { name: 'codex-mcp-client', title: 'Codex', version: '0.169.0' },
  },
});
const Answer = v.looseObject({
  id: v.literal(0),
  result: v.optional(v.looseObject({ serverInfo: v.optional(v.looseObject({ name: v.string() })) })),
  error: v.optional(v.looseObject({ message: v.optional(v.string(), 'no message') })),
});
const MAX_STDERR = 16 * 1024;
const MAX_LINE = 4 * 1024 * 1024;

/** Starts it, waits for the answer, ends it. Never throws. */
export async function startMcpServer(
  host: Host,
  server: StdioServer,
  options: McpStartOptions,
): Promise<McpStart> {
  const startedAt = performance.now();
  let stderr = '';
  const isBatch = host.platform === 'win32' && /\.(cmd|bat)$/i.test(options.path);
  const child = spawn(isBatch ? `"${options.path}"` : options.path, [...server.args], {
    cwd: server.cwd === null ? host.cwd : resolve(host.cwd, server.cwd),
    env: { ...mcpEnvironment(host, server) },
    argv0: isBatch ? undefined : server.command,
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: host.platform !== 'win32', // its own process group, so that it can be ended with its children
    shell: isBatch,
    windowsHide: true,
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-MAX_STDERR);
  });
  try {
    const outcome = await shakeHands(child, options);
    return { ...outcome, elapsedMs: Math.round(performance.now() - startedAt), stderr: stderr.trim() };
  } finally {
    await endGroup(host, child);
  }
}

function shakeHands(child: ChildProcess, options: McpStartOptions): Promise<Handshake> {
  return new Promise((settle) => {
    let pending = '';
    let noise: string | null = null;
    const late = () => settle(noise === null ? { kind: 'no-answer' } : { kind: 'noise', line: noise });
    const timer = setTimeout(late, options.waitMs);
    options.signal.addEventListener('abort', late, { once: true });
    const finish = (outcome: Handshake) => {
      clearTimeout(timer);
      options.signal.removeEventListener('abort', late);
      settle(outcome);
    };
    child.on('error', (error) => finish({ kind: 'unstartable', code: systemCode(error) ?? 'EUNKNOWN' }));
    child.on('close', (code, signal) => finish({ kind: 'exited', code, signal }));
    child.stdin?.on('error', () => {}); // a server that ends at once closes it; its exit tells the rest
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      pending = (pending + text).slice(-MAX_LINE);
      const lines = pending.split('\n');
      pending = lines.pop() ?? '';
      for (const line of lines) {
        const outcome = readAnswer(line);
        if (outcome !== null) finish(outcome);
        else if (line.trim() !== '' && !isMessage(line)) noise ??= line.slice(0, 200);
      }
    });
    child.stdin?.write(`${INITIALIZE}\n`);
    if (options.signal.aborted) late();
  });
}

function readAnswer(line: string): Handshake | null {
  const parsed = v.safeParse(Answer, parseJson(line));
  if (!parsed.success) return null;
  const { result, error } = parsed.output;
  if (error !== undefined) return { kind: 'refused', message: error.message };
  return result === undefined ? null : { kind: 'ready', serverName: result.serverInfo?.name ?? '' };
}

/** Notifications and requests may come before the answer. */
function isMessage(line: string): boolean {
  const value = parseJson(line);
  return typeof value === 'object' && value !== null && 'jsonrpc' in value;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null; // a banner or a log line on standard output
  }
}

/** The polite way first: servers that hold a browser or a lock let go of it. */
async function endGroup(host: Host, child: ChildProcess): Promise<void> {
  if (child.pid === undefined) return;
  child.stdin?.destroy();
  if (host.platform === 'win32') {
    await host.run('taskkill', ['/T', '/F', '/PID', String(child.pid)], { timeoutMs: 5000 });
    return;
  }
  signalGroup(child.pid, 'SIGTERM');
  for (let waited = 0; waited < 500 && signalGroup(child.pid, 0); waited += 25) {
    await new Promise((done) => setTimeout(done, 25));
  }
  signalGroup(child.pid, 'SIGKILL');
  child.stdout?.destroy();
  child.stderr?.destroy();
}

/** Whether there was still somebody in that group. */
function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false; // ESRCH: all gone
  }
}
