/** What every `auth` command starts with: the Codex home, unfinished work of a crash ended, a pool under a former key moved. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { migrateLegacyPool } from '../accounts/store/pool-store.ts';
import { type CodexScope, resolveCodexHome } from '../codex/home.ts';
import { systemCode } from '../errors.ts';
import { createHost } from '../host.ts';
import type { CommandDeps } from './main.ts';
import { answerText } from './render/redacted.ts';
import type { Terminal } from './render/terminal.ts';

export interface AuthSession {
  readonly scope: CodexScope;
  readonly terminal: Terminal;
  readonly json: boolean;
  /** A line for a person; silent with `--json`. */
  say(line: string): void;
  /** The one object of `--json`; silent without it. Secrets in its texts are cut out. */
  answer(payload: Readonly<Record<string, unknown>>): void;
}

export interface AuthSessionOptions {
  /** The command's name as `--json` carries it. */
  readonly command: string;
  readonly json?: boolean | undefined;
  /** A dry run changes nothing, so it neither ends an interrupted repair nor moves a pool. */
  readonly readOnly?: boolean;
}

/** Opens the session of one command. Throws what the journal or the pool's disk throws. */
export async function openAuthSession(
  { terminal, signal }: CommandDeps,
  options: AuthSessionOptions,
): Promise<AuthSession> {
  const host = createHost();
  const scope: CodexScope = { host, home: resolveCodexHome(host), signal };
  const json = options.json === true;
  const say = (line: string) => {
    if (!json) terminal.out(`${line}\n`);
  };
  if (options.readOnly !== true) {
    if (await endInterrupted(scope)) terminal.err('An interrupted change was brought to its end first.\n');
    for (const moved of await migrateLegacyPool(scope)) {
      if (moved.kind === 'migrated')
        terminal.err(`Accounts of a former project key were moved to ${moved.into}.\n`);
      if (moved.kind === 'left') terminal.err(`${moved.path} was left alone: ${moved.reason}\n`);
    }
  }
  return {
    scope,
    terminal,
    json,
    say,
    answer: (payload) => {
      if (json) terminal.out(answerText(options.command, payload));
    },
  };
}

/** Whether there was something to end. Nothing is loaded for a home in which nothing was ever changed. */
async function endInterrupted(scope: CodexScope): Promise<boolean> {
  try {
    statSync(join(scope.home.path, 'steward', 'journal'));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
  }
  const { openJournal } = await import('./journal.ts');
  return (await openJournal(scope).recover()).length > 0;
}
