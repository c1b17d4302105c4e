/** Running Codex processes of this user: CLI, app-server, daemon, desktop app. */
import type { CodexReader } from './home.ts';

export interface CodexProcess {
  readonly pid: number;
  readonly ppid: number;
  /** `updater`: the detached update loop of the daemon; it never writes state. */
  readonly kind: 'cli' | 'app-server' | 'daemon' | 'updater' | 'mcp-server' | 'desktop' | 'sandbox';
  /** Arguments joined by spaces, secrets redacted. */
  readonly command: string;
  readonly executable: string;
  /** The Codex home it works on; `null` where the system does not let us see its environment. */
  readonly home: string | null;
  /** As the kernel reports it; with the pid it names one process for ever. */
  readonly startTime: string;
}

/** Every Codex process of this user, whatever its home. */
export const readCodexProcesses: CodexReader<readonly CodexProcess[]> = async () => [];

/**
 * The processes that may write into that home: those whose home it is, and those whose home cannot be seen
 * (never assumed to be somebody else's).
 */
export function processesOfHome(processes: readonly CodexProcess[], home: string): readonly CodexProcess[] {
  return processes.filter((process) => process.home === null || process.home === home);
}
