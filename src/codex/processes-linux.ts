/** Processes as `/proc` shows them: no child process, and exact about environment and start time. */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { messageOf, StewardError, systemCode } from '../errors.ts';
import { type Host, systemPath } from '../host.ts';
import { type SystemProcess, VISIBLE_VARIABLES } from './processes-system.ts';

/** Only these are looked at closely; a desktop machine runs hundreds of others. */
const CANDIDATE = /codex|chatgpt/i;

/**
 * Every process whose program or arguments speak of Codex. Processes that end while we look are left out.
 * Throws `ERR_CODEX_PROCESSES` where there is no `/proc`: "nothing runs" would be a guess then.
 */
export async function listProcesses(host: Host): Promise<SystemProcess[]> {
  const proc = systemPath(host, '/proc');
  let names: string[];
  try {
    names = await readdir(proc);
  } catch (error) {
    throw new StewardError(
      'ERR_CODEX_PROCESSES',
      'environment',
      `cannot list processes: ${messageOf(error)}`,
      { hint: `Mount ${proc}, or run steward outside the container that hides it.`, cause: error },
    );
  }
  const pids = names.filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(pids.map((pid) => readProcess(`${proc}/${pid}`, Number(pid))));
  return found.filter((process) => process !== null);
}

async function readProcess(folder: string, pid: number): Promise<SystemProcess | null> {
  const [commandLine, link] = await Promise.all([readOr(`${folder}/cmdline`), linkOr(`${folder}/exe`)]);
  if (commandLine === null || commandLine === '') return null; // gone, a zombie, or a kernel thread
  if (!CANDIDATE.test(commandLine) && !CANDIDATE.test(link ?? '')) return null;
  const [stat, status, environment, cwd] = await Promise.all([
    readOr(`${folder}/stat`),
    readOr(`${folder}/status`),
    readOr(`${folder}/environ`),
    linkOr(`${folder}/cwd`),
  ]);
  if (stat === null || status === null) return null;
  // The name in field 2 may hold spaces and brackets; the fields after it are counted from its last bracket.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, ppid, startTime] = [fields[0], fields[1], fields[19]];
  if (ppid === undefined || startTime === undefined || state === 'Z') return null;
  const uid = /^Uid:\s+(\d+)/m.exec(status)?.[1];
  const argv = splitArguments(commandLine);
  return {
    pid,
    ppid: Number(ppid),
    uid: uid === undefined ? undefined : Number(uid),
    argv,
    executable: link ?? argv[0] ?? '',
    env: environment === null ? null : parseEnvironment(environment),
    cwd,
    startTime,
  };
}

function splitArguments(commandLine: string): string[] {
  const argv = commandLine.replace(/\0+$/, '').split('\0');
  // Electron's helpers overwrite their arguments with one line.
  return argv.length === 1 && /\s--type=/.test(commandLine)
    ? commandLine.replace(/\0+$/, '').split(' ')
    : argv;
}

function parseEnvironment(environment: string): Record<string, string> {
  const env: Record<string, string> = {};
  for (const entry of environment.split('\0')) {
    const at = entry.indexOf('=');
    const name = entry.slice(0, at);
    if (at > 0 && VISIBLE_VARIABLES.includes(name) && env[name] === undefined)
      env[name] = entry.slice(at + 1);
  }
  return env;
}

/** `null`: it ended meanwhile, or is not ours to look at. */
async function readOr(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    return expected(error);
  }
}

async function linkOr(path: string): Promise<string | null> {
  try {
    return await readlink(path);
  } catch (error) {
    return expected(error);
  }
}

function expected(error: unknown): null {
  const code = systemCode(error);
  if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM' || code === 'ENOTDIR')
    return null;
  throw error;
}
