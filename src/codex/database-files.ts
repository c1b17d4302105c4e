/**
 * Which database files a Codex home has. The digit in a file name is a schema generation that grows with Codex
 * versions: the highest one is in use, older ones stay behind.
 */
import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { messageOf, systemCode } from '../errors.ts';
import { type CodexReader, type CodexScope, readIn } from './home.ts';
import { type Reading, readText } from './reading.ts';

export interface SqliteHome {
  readonly path: string;
  readonly source: 'config' | 'env' | 'codex-home';
}

export interface DatabaseFile {
  /** `state`, `logs`, `goals`, `memories`, `queue`, `thread_history`, or whatever a newer Codex has. */
  readonly topic: string;
  readonly generation: number;
  readonly path: string;
  /** Bytes; `null` where the file is not there (a `-wal` may be left without its main file). */
  readonly bytes: number | null;
  readonly walBytes: number | null;
  readonly shmBytes: number | null;
  /** The highest generation of its topic. */
  readonly current: boolean;
}

export interface DatabaseFolder {
  readonly home: SqliteHome;
  readonly files: readonly DatabaseFile[];
}

const NAME = /^([a-z][a-z0-9_]*?)_(\d+)\.sqlite(-wal|-shm)?$/;

/**
 * The folder of the databases. Observed with Codex 0.133 and 0.169: `sqlite_home` of config.toml (relative to the
 * Codex home, `~` expanded) wins over `CODEX_SQLITE_HOME` (relative to the working folder), and a folder that is not
 * there is made.
 */
export const readSqliteHome: CodexReader<SqliteHome> = async (scope) => {
  const { host, home } = scope;
  const configured = await configuredFolder(scope, 'sqlite_home');
  if (configured !== null) return { path: configured, source: 'config' };
  const fromEnv = host.env.CODEX_SQLITE_HOME;
  if (fromEnv !== undefined && fromEnv.trim() !== '')
    return { path: resolve(host.cwd, fromEnv), source: 'env' };
  return { path: home.path, source: 'codex-home' };
};

/** Every database file, current ones first; `missing` where the folder is not there. */
export const readDatabaseFiles: CodexReader<Reading<DatabaseFolder>> = async (scope) => {
  const home = await readIn(scope, readSqliteHome);
  let names: readonly string[];
  try {
    names = await readdir(home.path);
  } catch (error) {
    const code = systemCode(error) ?? 'EUNKNOWN';
    if (code === 'ENOENT') return { kind: 'missing', path: home.path };
    return { kind: 'unreadable', path: home.path, code, message: messageOf(error) };
  }
  const bases = new Map<string, { topic: string; generation: number }>();
  for (const name of names) {
    const match = NAME.exec(name);
    if (!match?.[1] || !match[2]) continue;
    bases.set(`${match[1]}_${match[2]}`, { topic: match[1], generation: Number(match[2]) });
  }
  const newest = new Map<string, number>();
  for (const { topic, generation } of bases.values()) {
    newest.set(topic, Math.max(newest.get(topic) ?? 0, generation));
  }
  const files = await Promise.all(
    [...bases.values()].map(async ({ topic, generation }): Promise<DatabaseFile> => {
      const path = join(home.path, `${topic}_${generation}.sqlite`);
      const [bytes, walBytes, shmBytes] = await Promise.all([
        sizeOf(path),
        sizeOf(`${path}-wal`),
        sizeOf(`${path}-shm`),
      ]);
      return {
        topic,
        generation,
        path,
        bytes,
        walBytes,
        shmBytes,
        current: newest.get(topic) === generation,
      };
    }),
  );
  files.sort((a, b) => Number(b.current) - Number(a.current) || a.path.localeCompare(b.path));
  return { kind: 'ok', path: home.path, value: { home, files } };
};

/** The database in use for that topic, or `null` where this home has none (yet). */
export async function currentDatabase(scope: CodexScope, topic: string): Promise<DatabaseFile | null> {
  const folder = await readIn(scope, readDatabaseFiles);
  if (folder.kind !== 'ok') return null;
  return folder.value.files.find((file) => file.topic === topic && file.current) ?? null;
}

/**
 * One folder setting of config.toml, resolved as Codex does: `~` expanded, relative to the Codex home. `null` where it
 * is not set. The file is only parsed when it names the key at all, which few do.
 */
export async function configuredFolder({ host, home }: CodexScope, key: string): Promise<string | null> {
  const text = await readText(join(home.path, 'config.toml'), 8 * 1024 * 1024);
  if (text.kind !== 'ok' || !text.value.includes(key)) return null;
  const { parse } = await import('smol-toml');
  try {
    const value = parse(text.value)[key];
    if (typeof value !== 'string' || value === '') return null;
    return resolve(home.path, value.replace(/^~(?=\/|\\|$)/, host.userHome));
  } catch {
    return null; // a config that does not parse is the config check's finding; Codex does not start with it either
  }
}

async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch {
    return null;
  }
}
