/** The small ways in which a fault changes a world's files. Files are replaced, never written into (hard links). */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openDatabase } from '../../src/storage/sqlite.ts';
import type { FaultWorld } from '../support/fault-world.ts';

/** Puts a file below the Codex home; `mode` for a new file. */
export async function put(
  world: FaultWorld,
  name: string,
  content: string | Buffer,
  mode = 0o600,
): Promise<void> {
  const path = join(world.codexHome, name);
  await mkdir(dirname(path), { recursive: true });
  await rm(path, { recursive: true, force: true });
  await writeFile(path, content, { mode });
}

/** Changes the text of a file below the Codex home. */
export async function edit(world: FaultWorld, name: string, change: (text: string) => string): Promise<void> {
  const before = await readFile(join(world.codexHome, name), 'utf8');
  const after = change(before);
  if (after === before) throw new Error(`the fault did not change ${name}`);
  await put(world, name, after);
}

/** Adds text at the end of `config.toml`. */
export function configure(world: FaultWorld, toml: string): Promise<void> {
  return edit(world, 'config.toml', (text) => `${text}\n${toml}\n`);
}

/** Puts lines before everything else in `config.toml`, where top-level keys belong. */
export function configureTop(world: FaultWorld, toml: string): Promise<void> {
  return edit(world, 'config.toml', (text) => `${toml}\n${text}`);
}

interface AuthJson {
  OPENAI_API_KEY: string | null;
  tokens?: Record<string, unknown>;
  [member: string]: unknown;
}

/** Changes the parsed `auth.json`. */
export function editAuth(world: FaultWorld, change: (auth: AuthJson) => void): Promise<void> {
  return edit(world, 'auth.json', (text) => {
    const auth = JSON.parse(text) as AuthJson;
    change(auth);
    return JSON.stringify(auth, null, 2);
  });
}

/** Runs statements in a database of the Codex home and closes it, so that no `-wal` stays behind. */
export async function sql(
  world: FaultWorld,
  database: string,
  ...statements: readonly string[]
): Promise<void> {
  const db = await openDatabase(join(world.codexHome, database));
  try {
    for (const statement of statements) db.exec(statement);
  } finally {
    db.close();
  }
}
