/**
 * The Codex home in play: the folder of one Codex installation's state.
 *
 * Every reader of this room takes a {@link CodexScope}, so that callers can memoise it by its function.
 */
import { join } from 'node:path';
import type { Host } from '../host.ts';

export interface CodexHome {
  /** Absolute path. */
  readonly path: string;
  /** `env`: from `CODEX_HOME`; `default`: `~/.codex`; `wsl-windows`: the Windows side's home seen from WSL. */
  readonly source: 'env' | 'default' | 'wsl-windows';
}

export interface CodexScope {
  readonly host: Host;
  readonly home: CodexHome;
  readonly signal: AbortSignal;
  /** Where facts are shared, as between the checks of one doctor's run: reads each fact once. */
  readonly read?: <T>(reader: CodexReader<T>) => Promise<T>;
}

/** A fact about one Codex home. Readers never throw for bad input and never write. */
export type CodexReader<T> = (scope: CodexScope) => Promise<T>;

/** A fact that another fact needs: the shared one where the scope shares facts, else read now. */
export function readIn<T>(scope: CodexScope, reader: CodexReader<T>): Promise<T> {
  return scope.read?.(reader) ?? reader(scope);
}

/** The home that a `codex` started now would use (Codex 0.133 to 0.169: `CODEX_HOME`, else `~/.codex`). */
export function resolveCodexHome(host: Host): CodexHome {
  const fromEnv = host.env.CODEX_HOME;
  if (fromEnv !== undefined && fromEnv !== '') return { path: fromEnv, source: 'env' };
  return { path: join(host.userHome, '.codex'), source: 'default' };
}
