/** Ends the daemons that a command left behind in a throw-away home: exactly those that its pid files name. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { systemCode } from '../errors.ts';
import { type Host, systemPath } from '../host.ts';
import { parseFields } from './exchange.ts';

export interface Leftover {
  readonly pid: number;
  /** The pid file that named it, such as `app-server.pid`. */
  readonly record: string;
}

/** Pid files of the app-server daemon and of its updater, which `remote-control stop` leaves alive; 0.133 and 0.169. */
const RECORDS = ['app-server-updater.pid', 'daemon-updater.pid', 'app-server.pid', 'daemon.pid'];

const recordSchema = v.object({ pid: v.pipe(v.number(), v.integer(), v.minValue(2)) });
const GRACE_MS = 3000;
const KILL_MS = 500;

/** Ends them and waits until they are gone; gives those that were alive. */
export async function stopLeftovers(homePath: string, host: Host): Promise<readonly Leftover[]> {
  const found = await Promise.all(RECORDS.map((record) => readRecord(homePath, record)));
  const alive: Leftover[] = [];
  for (const leftover of found) {
    if (leftover !== undefined && (await isOfHome(leftover.pid, homePath, host))) alive.push(leftover);
  }
  for (const { pid } of alive) signal(pid, 'SIGTERM');
  await waitUntilGone(alive, GRACE_MS);
  for (const { pid } of alive) signal(pid, 'SIGKILL');
  await waitUntilGone(alive, KILL_MS);
  return alive;
}

/** Bounded, because a dead process stays visible until its parent (in a container, perhaps nobody) collects it. */
async function waitUntilGone(leftovers: readonly Leftover[], ms: number): Promise<void> {
  const deadline = performance.now() + ms;
  while (performance.now() < deadline && leftovers.some(({ pid }) => signal(pid, 0))) await sleep(20);
}

async function readRecord(homePath: string, record: string): Promise<Leftover | undefined> {
  try {
    const text = await readFile(join(homePath, 'app-server-daemon', record), 'utf8');
    const parsed = v.safeParse(recordSchema, parseFields(text));
    return parsed.success ? { pid: parsed.output.pid, record } : undefined;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whether that process really works in the throw-away home: a pid may have been given to somebody else. */
async function isOfHome(pid: number, homePath: string, host: Host): Promise<boolean> {
  if (host.platform === 'linux') {
    try {
      const environment = await readFile(systemPath(host, `/proc/${pid}/environ`), 'utf8');
      return environment.split('\0').includes(`CODEX_HOME=${homePath}`);
    } catch {
      return false; // gone, or of another user: not ours either way
    }
  }
  const shown = await host.run('ps', ['-E', '-o', 'command=', '-p', String(pid)], { timeoutMs: 5000 });
  return shown.kind === 'exited' && shown.stdout.includes(homePath);
}

/** Sends a signal (0 asks whether the process lives); false when it is gone. */
function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch (error) {
    if (systemCode(error) === 'ESRCH') return false;
    throw error;
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
