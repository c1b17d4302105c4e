/**
 * Processes on macOS and Windows, through `ps-list`. macOS shows the environment of one's own processes to
 * `ps -E`; Windows shows neither environment nor start time, so a home is never known there.
 */
import { messageOf, StewardError } from '../errors.ts';
import type { Host } from '../host.ts';
import { type SystemProcess, VISIBLE_VARIABLES } from './processes-system.ts';

const CANDIDATE = /codex|chatgpt/i;

/** Every process whose program or arguments speak of Codex. Throws `ERR_CODEX_PROCESSES` when `ps` itself fails. */
export async function listProcesses(host: Host): Promise<SystemProcess[]> {
  // External to the bundle: the package carries a Windows program.
  const { default: psList } = await import('ps-list');
  const all = await psList({ all: host.uid === 0 }).catch((error: unknown) => {
    throw new StewardError(
      'ERR_CODEX_PROCESSES',
      'environment',
      `cannot list processes: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  });
  const candidates = all.filter((entry) =>
    CANDIDATE.test(`${entry.name} ${entry.path ?? ''} ${entry.cmd ?? ''}`),
  );
  const environments = await readEnvironments(
    candidates.map((entry) => entry.pid),
    host,
  );
  return candidates.map((entry) => {
    const executable = entry.path ?? entry.name;
    return {
      pid: entry.pid,
      ppid: entry.ppid,
      uid: entry.uid,
      argv: splitCommand(entry.cmd ?? executable, executable),
      executable,
      env: environments.get(entry.pid) ?? null,
      cwd: null,
      startTime: entry.startTime?.toISOString() ?? '',
    };
  });
}

/** `ps` joins arguments by spaces; a path with spaces ("Application Support") is kept whole where it is known. */
function splitCommand(command: string, executable: string): string[] {
  const rest = command.startsWith(executable) ? command.slice(executable.length).trim() : null;
  if (rest === null) return command.split(' ');
  return rest === '' ? [executable] : [executable, ...rest.split(' ')];
}

async function readEnvironments(
  pids: readonly number[],
  host: Host,
): Promise<Map<number, Record<string, string>>> {
  const found = new Map<number, Record<string, string>>();
  if (host.platform !== 'darwin' || pids.length === 0) return found;
  const ran = await host.run('/bin/ps', ['-E', '-ww', '-o', 'pid=,command=', '-p', pids.join(',')], {
    timeoutMs: 3000,
  });
  if (ran.kind !== 'exited') return found; // then no home is known, and each process counts for every home
  for (const line of ran.stdout.split('\n')) {
    const [, pid, text] = /^\s*(\d+)\s(.*)$/.exec(line) ?? [];
    if (pid === undefined || text === undefined || !/ HOME=/.test(text)) continue;
    found.set(Number(pid), parseEnvironment(text));
  }
  return found;
}

/** Variables at the end of a command line; a value reaches to the next `NAME=`. The last mention counts. */
export function parseEnvironment(text: string): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of VISIBLE_VARIABLES) {
    const values = [...text.matchAll(new RegExp(` ${name}=(.*?)(?= [A-Za-z_][A-Za-z0-9_]*=|$)`, 'g'))];
    const value = values.at(-1)?.[1];
    if (value !== undefined) env[name] = value;
  }
  return env;
}
