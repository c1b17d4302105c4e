/**
 * Codex sessions that still work with the former login: Codex reads `auth.json` when it starts and keeps the login in
 * memory (0.133 to 0.169), so a switch reaches only sessions that are started afterwards.
 */
import type { CodexProcess } from '../../codex/processes.ts';

export interface StaleSession {
  readonly pid: number;
  readonly kind: CodexProcess['kind'];
  /** Its command line without secrets. */
  readonly command: string;
  /** What ends or restarts it, for people. */
  readonly restart: string;
}

/** Those running processes that a switch does not reach, with what to do about each. */
export function staleSessions(running: readonly CodexProcess[]): readonly StaleSession[] {
  return running
    .filter(holdsLogin)
    .map(({ pid, kind, command }) => ({ pid, kind, command, restart: howToRestart(kind) }));
}

/** The updater and sandbox helpers use no login; a session through the gateway is given its account there. */
function holdsLogin({ kind, command }: CodexProcess): boolean {
  if (kind === 'updater' || kind === 'sandbox') return false;
  return !/openai_base_url="?http:\/\/(127\.0\.0\.1|localhost|\[::1\]):/.test(command);
}

function howToRestart(kind: CodexProcess['kind']): string {
  switch (kind) {
    case 'desktop':
      return 'quit the Codex app and open it again';
    case 'daemon':
      return 'codex remote-control stop, then codex remote-control start';
    default:
      return 'end that session and start it again (codex resume continues it)';
  }
}
