/** Whether a process id still names the process that a file recorded: alive, and started at that very time. */
import { readFile } from 'node:fs/promises';
import { systemCode } from '../errors.ts';
import { type Host, systemPath } from '../host.ts';

/** What a pid file remembers of its process. */
export interface RecordedProcess {
  readonly pid: number;
  /** `ps -o lstart`, in the time zone of whoever wrote it: `Sat Nov 21 03:28:16 2026` (0.133 and later). */
  readonly startedText: string | null;
  /** Clock ticks since boot (0.169, Linux). */
  readonly startTicks: number | null;
  readonly bootId: string | null;
}

export type ProcessState =
  /** Alive, and the one that was recorded. */
  | 'running'
  /** No such process, or only its remains (a zombie): Codex 0.133 takes those for alive. */
  | 'gone'
  /** The number now belongs to another program. */
  | 'foreign'
  /** This system does not tell. */
  | 'unknown';

interface LiveProcess {
  readonly zombie: boolean;
  readonly startTicks: number | null;
  readonly startedMs: number | null;
}

/** Compares the record with the process that has that number now. */
export async function stateOfRecorded(host: Host, record: RecordedProcess): Promise<ProcessState> {
  const live =
    host.platform === 'linux' ? await linuxProcess(host, record.pid) : await psProcess(host, record.pid);
  if (live === null) return 'gone';
  if (live === 'unknown') return 'unknown';
  if (live.zombie) return 'gone';
  if (record.startTicks !== null && live.startTicks !== null) {
    const booted = record.bootId === null ? null : await bootId(host);
    if (booted !== null && booted !== record.bootId) return 'foreign';
    return record.startTicks === live.startTicks ? 'running' : 'foreign';
  }
  if (record.startedText === null || live.startedMs === null) return 'unknown';
  return sameStart(Date.parse(record.startedText), live.startedMs) ? 'running' : 'foreign';
}

/**
 * Both times are rounded to seconds by different programs, and the text carries no time zone: the writer's `TZ` may differ
 * from ours by a multiple of a quarter of an hour.
 */
function sameStart(recordedMs: number, liveMs: number): boolean {
  if (Number.isNaN(recordedMs)) return false;
  const quarter = 15 * 60 * 1000;
  const difference = Math.abs(recordedMs - liveMs);
  if (difference > 14 * 60 * 60 * 1000 + 2000) return false;
  const rest = difference % quarter;
  return Math.min(rest, quarter - rest) <= 2000;
}

async function linuxProcess(host: Host, pid: number): Promise<LiveProcess | null | 'unknown'> {
  const stat = await systemText(host, `/proc/${pid}/stat`);
  if (typeof stat !== 'string') return stat === null ? null : 'unknown';
  // The second field is the program's name in parentheses and may itself hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[19]);
  if (!Number.isFinite(ticks)) return 'unknown';
  const boot = await systemText(host, '/proc/stat');
  const bootSeconds = typeof boot === 'string' ? Number(/^btime (\d+)$/m.exec(boot)?.[1]) : Number.NaN;
  return {
    zombie: fields[0] === 'Z' || fields[0] === 'X',
    startTicks: ticks,
    // USER_HZ is 100 on every Linux that Node runs on.
    startedMs: Number.isNaN(bootSeconds) ? null : bootSeconds * 1000 + ticks * 10,
  };
}

async function psProcess(host: Host, pid: number): Promise<LiveProcess | null | 'unknown'> {
  if (host.platform === 'win32') return 'unknown'; // there is no daemon with a pid file on Windows
  const ran = await host.run('ps', ['-p', String(pid), '-o', 'stat=,lstart='], {
    timeoutMs: 2000,
    env: { ...host.env, LC_ALL: 'C' },
  });
  if (ran.kind !== 'exited') return 'unknown';
  const found = /^\s*(\S+)\s+(.+?)\s*$/m.exec(ran.stdout);
  if (found === null) return ran.code === 0 ? 'unknown' : null;
  const startedMs = Date.parse(found[2] ?? '');
  return {
    zombie: found[1]?.startsWith('Z') ?? false,
    startTicks: null,
    startedMs: Number.isNaN(startedMs) ? null : startedMs,
  };
}

async function bootId(host: Host): Promise<string | null> {
  const text = await systemText(host, '/proc/sys/kernel/random/boot_id');
  return typeof text === 'string' ? text.trim() : null;
}

/** The text; `null` where there is no such file; `undefined` where it may not be read. */
async function systemText(host: Host, path: string): Promise<string | null | undefined> {
  try {
    return await readFile(systemPath(host, path), 'utf8');
  } catch (error) {
    const code = systemCode(error);
    // ESRCH: the process ended between opening and reading.
    return code === 'ENOENT' || code === 'ESRCH' ? null : undefined;
  }
}
