/** Whether a program that an interrupted repair had started is still at work. */
import { readFile } from 'node:fs/promises';
import { systemCode } from '../../errors.ts';
import { type Host, systemPath } from '../../host.ts';
import type { ProgressRecord } from './records.ts';

type ChildRecord = Extract<ProgressRecord, { kind: 'child' }>;

/** Where start times cannot be told, a living process with that pid counts as the child for this long. */
const UNKNOWN_START_MS = 3_600_000;

/** Field 22 of `/proc/PID/stat`: with the pid it names one process for ever. `null` where there is no such file. */
export async function startTimeOf(host: Host, pid: number): Promise<string | null> {
  return (await procStat(host, pid))?.startTime ?? null;
}

/** Whether that child still runs. A process that took over its pid is not it. */
export async function isChildAlive(host: Host, child: ChildRecord): Promise<boolean> {
  if (host.platform === 'linux') {
    const stat = await procStat(host, child.pid);
    if (stat === undefined || stat.state === 'Z' || stat.state === 'X') return false;
    if (child.startTime !== null) return stat.startTime === child.startTime;
  } else if (!answersSignals(child.pid)) return false;
  return host.now() - child.at < UNKNOWN_START_MS;
}

async function procStat(host: Host, pid: number) {
  if (host.platform !== 'linux') return undefined;
  try {
    const text = await readFile(systemPath(host, `/proc/${pid}/stat`), 'utf8');
    // The name stands in brackets and may contain anything; the fields count from behind it.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', startTime: fields[19] ?? '' };
  } catch {
    return undefined; // gone
  }
}

function answersSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}
