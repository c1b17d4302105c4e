/**
 * Running Codex processes of this user: CLI, app-server, daemon, desktop app.
 *
 * A repair asks this before it touches a file, so a miss is worse than a stranger: whatever runs a program named
 * `codex` counts, and a process whose home cannot be seen counts for every home. Nothing is found by searching
 * command lines for a word: an editor on `codex.ts` or `grep codex` runs another program.
 */
import { realpathSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import type { Host } from '../host.ts';
import type { CodexReader } from './home.ts';
import { type CodexProcessKind, codexKind, commandText } from './processes-kind.ts';
import { PROBE_VARIABLE, type SystemProcess } from './processes-system.ts';

export interface CodexProcess {
  readonly pid: number;
  readonly ppid: number;
  /**
   * `daemon`: the app-server that remote control works through. `updater`: the detached update loop of the daemon; it
   * never writes state. `sandbox`: a helper inside the sandbox of one command.
   */
  readonly kind: CodexProcessKind;
  /** Arguments joined by spaces, secrets redacted. */
  readonly command: string;
  readonly executable: string;
  /** Ports of this machine that its arguments send it to (`openai_base_url="http://127.0.0.1:PORT/…"`). */
  readonly localPorts: readonly number[];
  /** The Codex home it works on; `null` where the system does not let us see its environment. */
  readonly home: string | null;
  /** As the kernel reports it; with the pid it names one process for ever. */
  readonly startTime: string;
}

export { PROBE_VARIABLE } from './processes-system.ts';

/** Every Codex process of this user (of all users, for root), whatever its home; without steward's own probes. */
export const readCodexProcesses: CodexReader<readonly CodexProcess[]> = async ({ host }) => {
  const { listProcesses } =
    host.platform === 'linux'
      ? await import('./processes-linux.ts')
      : await import('./processes-portable.ts');
  const found: { process: CodexProcess; type: string | undefined }[] = [];
  for (const raw of await listProcesses(host)) {
    if (host.uid !== undefined && host.uid !== 0 && raw.uid !== undefined && raw.uid !== host.uid) continue;
    if (raw.env?.[PROBE_VARIABLE] !== undefined) continue;
    const codex = codexKind(raw, host.platform);
    if (codex === null) continue;
    const { pid, ppid, executable, startTime } = raw;
    found.push({
      type: codex.part,
      process: {
        pid,
        ppid,
        kind: codex.kind,
        command: commandText(raw.argv),
        executable,
        localPorts: localPorts(raw.argv),
        home: homeOf(raw, host),
        startTime,
      },
    });
  }
  const pids = new Set(found.map((entry) => entry.process.pid));
  const parents = new Set(found.map((entry) => entry.process.ppid));
  return found
    .filter(({ type, process }) => !(type === 'launcher' && parents.has(process.pid)))
    .filter(({ type, process }) => !(type === 'renderer' && pids.has(process.ppid)))
    .map((entry) => entry.process);
};

/**
 * The processes that may write into that home: those whose home it is, and those whose home cannot be seen
 * (never assumed to be somebody else's). Homes are compared by where they lead, not by how they are spelled.
 */
export function processesOfHome(processes: readonly CodexProcess[], home: string): readonly CodexProcess[] {
  const wanted = realHome(home);
  return processes.filter((process) => process.home === null || realHome(process.home) === wanted);
}

function localPorts(argv: readonly string[]): readonly number[] {
  const found = argv.flatMap((word) => [
    ...word.matchAll(/\bhttp:\/\/(?:127\.0\.0\.1|localhost):(\d{1,5})\//g),
  ]);
  return found.map((match) => Number(match[1]));
}

/** `CODEX_HOME`, else `~/.codex` of the process's own `HOME` (Codex 0.133 to 0.169). */
function homeOf(process: SystemProcess, host: Host): string | null {
  if (process.env === null) return null;
  const named = process.env.CODEX_HOME;
  if (named !== undefined && named !== '') {
    if (isAbsolute(named)) return named;
    return process.cwd === null ? null : resolve(process.cwd, named);
  }
  const userHome = host.platform === 'win32' ? process.env.USERPROFILE : process.env.HOME;
  if (userHome !== undefined && userHome !== '') return join(userHome, '.codex');
  return process.uid !== undefined && process.uid === host.uid ? join(host.userHome, '.codex') : null;
}

function realHome(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path); // not there (yet), or not ours to look at: its spelling is all there is
  }
}
