import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  chown,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createHost } from '../host.ts';
import { readDatabaseFiles, readSqliteHome } from './database-files.ts';
import { readDatabaseHealth } from './database-health.ts';
import type { CodexScope } from './home.ts';
import { readRecentLogRows } from './log-db.ts';
import { numberOf, readSqlite } from './sqlite-read.ts';
import { readEnrollments, readStateDatabase } from './state-db.ts';

let folder: string;
let scope: CodexScope;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'steward-sqlite-read-'));
  const host = createHost({ env: { CODEX_HOME: folder }, userHome: folder, cwd: folder });
  scope = { host, home: { path: folder, source: 'env' }, signal: new AbortController().signal };
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** Name, size, content and times of everything in the folder: what "never a write" means. */
async function snapshot(): Promise<string> {
  const parts: string[] = [];
  for (const name of (await readdir(folder)).sort()) {
    const found = await stat(join(folder, name), { bigint: true }).catch(() => null);
    if (found === null) continue; // a link loop
    const content = found.isFile() && found.size < 1_000_000n ? await readFile(join(folder, name)) : '';
    parts.push(
      `${name} ${found.size} ${found.mtimeNs} ${found.mode} ${createHash('sha256').update(content).digest('hex')}`,
    );
  }
  return parts.join('\n');
}

const WAL_SCHEMA =
  'PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE t(x); INSERT INTO t VALUES (1)';

function count(path: string) {
  return readSqlite(scope, path, (db, view) => ({
    view,
    rows: numberOf(db.all('SELECT count(*) AS n FROM t')[0] ?? {}, 'n'),
  }));
}

describe('reading a database without touching it', () => {
  test('rows that only stand in the -wal are seen, and no byte, time or file changes', async () => {
    const path = join(folder, 'state_5.sqlite');
    const writer = await startWriter(path, `${WAL_SCHEMA}; INSERT INTO t VALUES (2)`);
    try {
      const before = await snapshot();
      expect(await count(path)).toMatchObject({
        kind: 'ok',
        value: { rows: 2, view: { how: 'shared', newestRows: true } },
      });
      expect(await snapshot()).toBe(before);
    } finally {
      await writer.stop();
    }
  });

  test.skipIf(process.getuid?.() !== 0)(
    'root reading a database of mixed owners leaves every owner as it is, which SQLite itself would not',
    async () => {
      const path = join(folder, 'state_5.sqlite');
      const writer = await startWriter(path, WAL_SCHEMA);
      try {
        await chown(path, 12345, 12345);
        expect(await count(path)).toMatchObject({ kind: 'ok', value: { rows: 1, view: { how: 'copy' } } });
        expect((await stat(`${path}-wal`)).uid).toBe(0);
        expect((await stat(`${path}-shm`)).uid).toBe(0);
      } finally {
        await writer.stop();
      }
    },
  );

  test('a -wal without -shm, as a copied home has it, is read from a private copy', async () => {
    const made = join(folder, 'made.sqlite');
    const writer = new DatabaseSync(made);
    writer.exec(WAL_SCHEMA);
    const path = join(folder, 'state_5.sqlite');
    await copyFile(made, path);
    await copyFile(`${made}-wal`, `${path}-wal`);
    writer.close();
    const before = await snapshot();
    expect(await count(path)).toMatchObject({
      kind: 'ok',
      value: { rows: 1, view: { how: 'copy', newestRows: true } },
    });
    expect(await snapshot()).toBe(before);
    expect((await readdir(tmpdir())).filter((name) => name.startsWith('steward-read-'))).toEqual([]);
  });

  test('a -wal too large to be read is passed over, and the reading says that the newest rows were not seen', async () => {
    const path = join(folder, 'state_5.sqlite');
    const writer = new DatabaseSync(path);
    writer.exec(WAL_SCHEMA);
    writer.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    writer.close();
    await writeFile(`${path}-wal`, '');
    await truncate(`${path}-wal`, 300 * 1024 * 1024);
    const before = await snapshot();
    const alone = { ...scope, host: { ...scope.host, root: folder } }; // no /proc below it: nothing runs
    const reading = await readSqlite(alone, path, (db, view) => ({
      view,
      n: db.all('SELECT * FROM t').length,
    }));
    expect(reading).toMatchObject({
      kind: 'ok',
      value: { n: 1, view: { how: 'main-file-only', newestRows: false } },
    });
    expect(await snapshot()).toBe(before);
  });

  test('a database that another process holds exclusively is read all the same, and at once', async () => {
    const path = join(folder, 'state_5.sqlite');
    const made = new DatabaseSync(path);
    made.exec('CREATE TABLE t(x); INSERT INTO t VALUES (1)');
    made.close();
    const holder = await startWriter(
      path,
      'PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE; INSERT INTO t VALUES (2)',
    );
    try {
      expect(await count(path)).toMatchObject({ kind: 'ok', value: { rows: 1 } });
    } finally {
      await holder.stop();
    }
  });
});

/** Another process with the database open, after it ran that SQL; killed by `stop`, as a crash would end it. */
async function startWriter(path: string, sql: string): Promise<{ stop: () => Promise<void> }> {
  const code = `const { DatabaseSync } = require('@photostructure/sqlite');
    const db = new DatabaseSync(process.argv[1]); db.exec(process.argv[2]); console.log('ready'); setTimeout(() => {}, 60000)`;
  const child = spawn(process.execPath, ['-e', code, path, sql], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return {
    stop: async () => {
      child.kill('SIGKILL');
      await once(child, 'close');
    },
  };
}

const GARBAGE = Buffer.alloc(50_000, 'no database ');

describe.each([
  ['nothing there', async () => {}, 'missing'],
  ['an empty file', (path: string) => writeFile(path, ''), 'ok'],
  ['binary garbage', (path: string) => writeFile(path, GARBAGE), 'malformed'],
  [
    'garbage with a right header',
    (path: string) => writeFile(path, Buffer.concat([Buffer.from('SQLite format 3\0'), GARBAGE])),
    'malformed',
  ],
  [
    '200 MB of zeros',
    async (path: string) => {
      await writeFile(path, '');
      await truncate(path, 200 * 1024 * 1024);
    },
    'malformed',
  ],
  ['a folder', (path: string) => mkdir(path), 'unreadable'],
  ['a link to itself', (path: string) => symlink(path, path), 'unreadable'],
  ['a link to nothing', (path: string) => symlink(join('/nonexistent', 'x'), path), 'missing'],
  ['a -wal without its main file', (path: string) => writeFile(`${path}-wal`, GARBAGE), 'missing'],
  [
    'an empty file with a garbage -wal',
    async (path: string) => {
      await writeFile(path, '');
      await writeFile(`${path}-wal`, GARBAGE);
    },
    'ok',
  ],
  ['a database cut in the middle', cutDatabase, 'malformed'],
])('%s in place of a database', (_, make: (path: string) => Promise<unknown>, kind) => {
  test(`is ${kind}, in every reader, without a throw, a hang or a write`, async () => {
    for (const name of ['state_5.sqlite', 'logs_2.sqlite']) await make(join(folder, name));
    const before = await snapshot();
    expect((await readStateDatabase(scope)).kind).toBe(kind);
    expect((await readEnrollments(scope)).kind).toBe(kind);
    expect((await readRecentLogRows(scope, { sinceMs: 0, limit: 10 })).kind).toBe(kind);
    expect((await readDatabaseFiles(scope)).kind).toBe('ok');
    const health = await readDatabaseHealth(scope);
    expect(health.kind).toBe('ok');
    expect(await snapshot()).toBe(before);
  });
});

async function cutDatabase(path: string): Promise<void> {
  const db = new DatabaseSync(path);
  db.exec(`CREATE TABLE threads(id TEXT PRIMARY KEY, rollout_path TEXT, updated_at INTEGER);
    CREATE TABLE logs(id INTEGER PRIMARY KEY, ts INTEGER, level TEXT, target TEXT, feedback_log_body TEXT);
    CREATE TABLE remote_control_enrollments(account_id TEXT);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
      INSERT INTO threads SELECT 'thread-' || i, hex(randomblob(100)), i FROM n;
    INSERT INTO logs SELECT updated_at, updated_at, 'WARN', 'x', rollout_path FROM threads;
    INSERT INTO remote_control_enrollments SELECT rollout_path FROM threads`);
  db.close();
  await truncate(path, 8192);
}

describe('which databases are in use', () => {
  test('the highest generation of each topic counts, and older ones stay known', async () => {
    for (const name of [
      'state_4.sqlite',
      'state_12.sqlite',
      'state_9.sqlite-wal',
      'goals_1.sqlite',
      'state.sqlite',
    ]) {
      await writeFile(join(folder, name), '');
    }
    const files = await readDatabaseFiles(scope);
    expect(
      files.kind === 'ok' &&
        files.value.files.map(({ topic, generation, current, bytes }) => [topic, generation, current, bytes]),
    ).toEqual([
      ['goals', 1, true, 0],
      ['state', 12, true, 0],
      ['state', 4, false, 0],
      ['state', 9, false, null],
    ]);
  });

  test.each([
    [
      'config wins over the environment',
      'sqlite_home = "dbs"\n',
      { CODEX_SQLITE_HOME: '/elsewhere' },
      (home: string) => ({ path: join(home, 'dbs'), source: 'config' }),
    ],
    [
      'a tilde is the user home',
      "sqlite_home = '~/dbs'\n",
      {},
      (home: string) => ({ path: join(home, 'dbs'), source: 'config' }),
    ],
    [
      'a relative environment variable hangs on the working folder',
      '',
      { CODEX_SQLITE_HOME: 'dbs' },
      (home: string) => ({ path: join(home, 'dbs'), source: 'env' }),
    ],
    [
      'a key of that name in another table does not count',
      '[x]\nsqlite_home = "dbs"\n',
      {},
      (home: string) => ({ path: home, source: 'codex-home' }),
    ],
    [
      'a config that does not parse leaves the default',
      'sqlite_home = "dbs\n',
      {},
      (home: string) => ({ path: home, source: 'codex-home' }),
    ],
  ] as const)('%s', async (_, config, env, expected) => {
    await writeFile(join(folder, 'config.toml'), config);
    const host = { ...scope.host, env: { ...env } };
    expect(await readSqliteHome({ ...scope, host })).toEqual(expected(folder));
  });
});
