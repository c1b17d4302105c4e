/** Faults of Codex's local state: databases, history, permissions, the desktop's file. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  chown,
  copyFile,
  lchown,
  link,
  mkdir,
  open,
  readdir,
  readFile,
  rm,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import type { Fault } from '../support/fault-runner.ts';
import type { FaultWorld } from '../support/fault-world.ts';

const GARBAGE = Buffer.alloc(50_000, 'no database ');

/** Runs SQL on a database of the world and leaves it without `-wal`. */
export async function alter(path: string, sql: string): Promise<void> {
  const db = new DatabaseSync(path);
  db.exec(sql);
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  db.close();
}

/** The session files of a home, oldest first. */
export async function sessionFiles(codexHome: string): Promise<readonly string[]> {
  const folder = join(codexHome, 'sessions');
  const names = await readdir(folder, { recursive: true });
  return names
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .map((name) => join(folder, name));
}

async function replaceDatabase(path: string, content: Buffer | null): Promise<void> {
  for (const suffix of ['', '-wal', '-shm']) await rm(`${path}${suffix}`, { force: true });
  if (content === null) await mkdir(path);
  else await writeFile(path, content);
}

function database(world: FaultWorld, name: string): string {
  return join(world.codexHome, name);
}

function migration(name: string, file: string, sql: string): Fault {
  return {
    name,
    id: 'state.sqlite_migration',
    repairable: true,
    inject: (world) => alter(database(world, file), sql),
  };
}

function corrupt(name: string, damage: (world: FaultWorld) => Promise<void>): Fault {
  return { name, id: 'state.sqlite_corrupt', repairable: true, inject: damage };
}

/** Moves every session to a provider, in files and database, as a Codex that used it would have written them. */
export async function tagSessions(codexHome: string, provider: string): Promise<void> {
  for (const path of await sessionFiles(codexHome)) {
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace('"model_provider":"openai"', `"model_provider":"${provider}"`));
  }
  await alter(join(codexHome, 'state_5.sqlite'), `UPDATE threads SET model_provider = '${provider}'`);
}

const HOLD = `const { DatabaseSync } = require(process.argv[2]); const db = new DatabaseSync(process.argv[3]);
  db.exec('BEGIN IMMEDIATE; UPDATE backfill_state SET updated_at = updated_at'); console.log(process.pid);
  setTimeout(() => {}, 120000);`;
const DRIVER = createRequire(import.meta.url).resolve('@photostructure/sqlite');

/** A process that holds the write lock of the state database; `orphan`: it calls itself codex, and its parent is gone. */
async function holdLock(world: FaultWorld, orphan: boolean): Promise<() => Promise<void>> {
  const script = join(world.root, 'hold.cjs');
  await writeFile(script, HOLD);
  let program = process.execPath;
  if (orphan) {
    program = join(world.root, 'codex');
    await link(process.execPath, program).catch(() => copyFile(process.execPath, program));
    await chmod(program, 0o755);
  }
  const args = [script, DRIVER, database(world, 'state_5.sqlite')];
  const child = orphan
    ? spawn('/bin/sh', ['-c', '"$0" "$@" & sleep 1', program, ...args], { env: world.env })
    : spawn(program, args, { env: world.env });
  const [first] = (await once(child.stdout, 'data')) as [Buffer];
  const pid = Number(String(first).trim());
  if (orphan) await once(child, 'exit');
  return async () => {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // the repair has ended it
    }
  };
}

/** Only root can give files away; anybody else's tests go without these. */
const OWNER_FAULTS: readonly Fault[] = [
  {
    name: 'files of the Codex home belong to another user',
    id: 'state.permission',
    repairable: true,
    inject: async (world) => {
      for (const name of ['state_5.sqlite', 'config.toml', 'sessions'])
        await chown(database(world, name), 12345, 12345);
    },
  },
  {
    name: 'config.toml belongs to root after "sudo codex"',
    id: 'state.permission',
    repairable: true,
    inject: async (world) => {
      for (const name of await readdir(world.codexHome, { recursive: true })) {
        await lchown(database(world, name), 1000, 1000);
      }
      await chown(world.codexHome, 1000, 1000);
      await chown(database(world, 'config.toml'), 0, 0);
    },
  },
];

export const LOCAL_STATE_FAULTS: readonly Fault[] = [
  ...(process.getuid?.() === 0 ? OWNER_FAULTS : []),
  migration(
    'a migration of the state database was modified',
    'state_5.sqlite',
    "UPDATE _sqlx_migrations SET checksum = x'00ff' WHERE version = 30",
  ),
  migration(
    'a migration of the state database is half done',
    'state_5.sqlite',
    'UPDATE _sqlx_migrations SET success = 0 WHERE version = 30',
  ),
  migration(
    'a migration of the state database is not recorded',
    'state_5.sqlite',
    'DELETE FROM _sqlx_migrations WHERE version = 30',
  ),
  migration(
    'a migration of the log database was modified',
    'logs_2.sqlite',
    "UPDATE _sqlx_migrations SET checksum = x'00ff' WHERE version = 1",
  ),
  corrupt('the state database is binary garbage', (world) =>
    replaceDatabase(database(world, 'state_5.sqlite'), GARBAGE),
  ),
  corrupt('the log database is binary garbage', (world) =>
    replaceDatabase(database(world, 'logs_2.sqlite'), GARBAGE),
  ),
  corrupt('the goals database is binary garbage', (world) =>
    replaceDatabase(database(world, 'goals_1.sqlite'), GARBAGE),
  ),
  corrupt('a folder stands in place of the state database', (world) =>
    replaceDatabase(database(world, 'state_5.sqlite'), null),
  ),
  corrupt('the state database is cut in half', async (world) => {
    const path = database(world, 'state_5.sqlite');
    await alter(path, 'SELECT 1');
    await truncate(path, 40_960);
  }),
  corrupt('pages in the middle of the state database are overwritten', async (world) => {
    const path = database(world, 'state_5.sqlite');
    await alter(path, 'SELECT 1');
    const file = await open(path, 'r+');
    await file.write(Buffer.alloc(40_960, 9), 0, 40_960, 8192);
    await file.close();
  }),
  corrupt('the state database is gone and its -wal is left', async (world) => {
    const path = database(world, 'state_5.sqlite');
    await replaceDatabase(path, GARBAGE);
    await rm(path);
    await writeFile(`${path}-wal`, GARBAGE);
  }),
  {
    name: 'a Codex died while it built the session index',
    id: 'state.backfill_timeout',
    repairable: true,
    inject: (world) =>
      alter(
        database(world, 'state_5.sqlite'),
        "UPDATE backfill_state SET status = 'running', updated_at = unixepoch() - 60",
      ),
  },
  {
    name: 'another program holds the state database locked',
    id: 'state.sqlite_locked',
    repairable: false,
    inject: (world) => holdLock(world, false),
  },
  {
    name: 'an orphaned Codex holds the state database locked',
    id: 'state.sqlite_locked',
    repairable: true,
    inject: (world) => holdLock(world, true),
    volatile: ['.codex/state_5.sqlite-shm', '.codex/state_5.sqlite-wal'],
  },
  {
    name: 'the log database has grown to 2 GB',
    id: 'state.log_growth',
    repairable: true,
    inject: async (world) => {
      await alter(database(world, 'logs_2.sqlite'), 'SELECT 1');
      await truncate(database(world, 'logs_2.sqlite'), 2 * 1024 ** 3);
    },
  },
  {
    name: 'the -wal of the log database has grown to 300 MB',
    id: 'state.log_growth',
    repairable: true,
    inject: async (world) => {
      await writeFile(database(world, 'logs_2.sqlite-wal'), '');
      await truncate(database(world, 'logs_2.sqlite-wal'), 300 * 1024 ** 2);
    },
  },
  {
    name: 'auth.json denies its owner everything',
    id: 'state.permission',
    repairable: true,
    inject: (world) => chmod(database(world, 'auth.json'), 0o000),
  },
  {
    name: 'the sessions folder is read-only',
    id: 'state.permission',
    repairable: true,
    inject: (world) => chmod(database(world, 'sessions'), 0o500),
  },
  {
    name: 'auth.json can be read by everybody',
    id: 'state.permission',
    repairable: true,
    inject: (world) => chmod(database(world, 'auth.json'), 0o644),
  },
  {
    name: 'a folder stands in place of installation_id',
    id: 'state.permission',
    repairable: true,
    inject: async (world) => {
      await rm(database(world, 'installation_id'));
      await mkdir(database(world, 'installation_id'));
    },
  },
  {
    name: 'the file of a listed session is gone',
    id: 'state.rollout_missing',
    repairable: false,
    inject: async (world) => {
      for (const path of await sessionFiles(world.codexHome)) await rm(path);
    },
  },
  {
    name: 'the newest session file is cut in its first line',
    id: 'state.rollout_missing',
    repairable: false,
    inject: async (world) => {
      const path = (await sessionFiles(world.codexHome)).at(-1);
      if (path !== undefined) await truncate(path, 300);
    },
  },
  {
    name: 'the sessions belong to a provider that is configured no more',
    id: 'state.history_hidden',
    repairable: true,
    inject: (world) => tagSessions(world.codexHome, 'ghost'),
  },
  {
    name: 'the database lists the sessions under a provider that is configured no more',
    id: 'state.history_hidden',
    repairable: true,
    inject: (world) =>
      alter(database(world, 'state_5.sqlite'), "UPDATE threads SET model_provider = 'rotation-proxy'"),
  },
  {
    name: 'the provider was changed, and the old sessions vanished',
    id: 'state.history_hidden',
    repairable: true,
    inject: async (world) => {
      const path = database(world, 'config.toml');
      const text = await readFile(path, 'utf8');
      const provider =
        '[model_providers.mine]\nname = "Mine"\nbase_url = "https://models.example.test/v1"\nwire_api = "responses"\n';
      await writeFile(path, `model_provider = "mine"\n${text}\n${provider}`);
    },
  },
  {
    name: "the desktop's global state is cut off, its backup is whole",
    id: 'state.global_state_corrupt',
    repairable: true,
    inject: async (world) => {
      await writeFile(database(world, '.codex-global-state.json'), '{"project-order": ["a", ');
      await writeFile(database(world, '.codex-global-state.json.bak'), '{"project-order":["a","b"]}');
    },
  },
  {
    name: "the desktop's global state is empty and has no backup",
    id: 'state.global_state_corrupt',
    repairable: true,
    inject: (world) => writeFile(database(world, '.codex-global-state.json'), ''),
  },
  {
    name: "the backup of the desktop's global state is garbage",
    id: 'state.global_state_corrupt',
    repairable: true,
    inject: async (world) => {
      await writeFile(database(world, '.codex-global-state.json'), '{"project-order":["a"]}');
      await writeFile(database(world, '.codex-global-state.json.bak'), GARBAGE);
    },
  },
];
