/** One run's view of a Codex home: facts are read when first asked for, and once. */
import type { CodexHome, CodexReader } from '../codex/home.ts';
import type { Host } from '../host.ts';
import type { CheckContext } from './check.ts';

export interface RunScope {
  readonly host: Host;
  readonly home: CodexHome;
  readonly signal: AbortSignal;
  readonly live: boolean;
}

/** A context whose readings are shared by all checks that are given it. A new run, or a verification, takes a new one. */
export function createContext(scope: RunScope): CheckContext {
  const readings = new Map<CodexReader<unknown>, Promise<unknown>>();
  const context: CheckContext = {
    ...scope,
    read<T>(reader: CodexReader<T>): Promise<T> {
      let reading = readings.get(reader) as Promise<T> | undefined;
      if (reading === undefined) {
        reading = reader(context);
        readings.set(reader, reading);
      }
      return reading;
    },
  };
  return context;
}
