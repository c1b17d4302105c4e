import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase, SQLITE, sqliteCode } from './sqlite.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync('/var/tmp/steward-sqlite-');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Every file of the folder with its bytes. */
function snapshot(): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder).map((name) => [name, readFileSync(join(folder, name)).toString('hex')]),
  );
}

async function createWalDatabase(path: string): Promise<void> {
  const db = await openDatabase(path);
  db.exec('PRAGMA journal_mode = wal; CREATE TABLE t (a, b)');
  db.run('INSERT INTO t VALUES (?, ?)', [1, 'one']);
  await db.close();
}

/** A process that is killed after a committed write leaves `-wal` and `-shm` behind. */
function crashWhileWriting(path: string): void {
  const driver = pathToFileURL(createRequire(import.meta.url).resolve('@photostructure/sqlite')).href;
  spawnSync(process.execPath, [
    '-e',
    `import(${JSON.stringify(driver)}).then(({ DatabaseSync }) => {
       const db = new DatabaseSync(${JSON.stringify(path)});
       db.exec("PRAGMA journal_mode = wal; CREATE TABLE IF NOT EXISTS t (a, b); INSERT INTO t VALUES (2, 'two')");
       process.kill(process.pid, 'SIGKILL');
     });`,
  ]);
}

describe('openDatabase', () => {
  it('leaves no -wal and -shm after a writer is closed', async () => {
    await createWalDatabase(join(folder, 'a #1?%.db'));
    expect(readdirSync(folder)).toEqual(['a #1?%.db']);
  });

  it('reads a closed WAL database without creating anything beside it', async () => {
    const path = join(folder, 'a #1?%.db');
    await createWalDatabase(path);
    const before = snapshot();
    const db = await openDatabase(path, { readOnly: true });
    expect(db.all('SELECT * FROM t')).toEqual([{ a: 1, b: 'one' }]);
    expect(snapshot()).toEqual(before);
    await db.close();
    expect(snapshot()).toEqual(before);
  });

  it('reads what a crash left in the -wal without changing a byte, and can write afterwards', async () => {
    const path = join(folder, 'state.db');
    crashWhileWriting(path);
    const before = snapshot();
    expect(Object.keys(before)).toContain('state.db-wal');
    const reader = await openDatabase(path, { readOnly: true });
    expect(reader.all('SELECT b FROM t')).toEqual([{ b: 'two' }]);
    await reader.close();
    expect(snapshot()).toEqual(before);
    const writer = await openDatabase(path);
    expect(writer.run('DELETE FROM t')).toBe(1);
    await writer.close();
    expect(readdirSync(folder)).toEqual(['state.db']);
  });

  it('says that the -shm is missing rather than creating one', async () => {
    const path = join(folder, 'state.db');
    crashWhileWriting(path);
    rmSync(`${path}-shm`);
    const error = await openDatabase(path, { readOnly: true }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'ERR_STORAGE_SQLITE',
      message: expect.stringContaining('-shm is missing'),
    });
    expect(sqliteCode(error)).toBe(SQLITE.cannotOpen);
    expect(readdirSync(folder)).toEqual(['state.db', 'state.db-wal']);
  });

  it('carries SQLite’s own code: not a database, missing, locked, read-only', async () => {
    const garbage = join(folder, 'garbage.db');
    writeFileSync(garbage, 'no database '.repeat(500));
    const broken = await openDatabase(garbage, { readOnly: true });
    expect(codeOf(() => broken.all('SELECT * FROM sqlite_master'))).toBe(SQLITE.notADatabase);
    await broken.close();

    const missing = await openDatabase(join(folder, 'none.db'), { readOnly: true }).catch(
      (thrown: unknown) => thrown,
    );
    expect(sqliteCode(missing)).toBe(SQLITE.cannotOpen);

    const path = join(folder, 'state.db');
    await createWalDatabase(path);
    const holder = await openDatabase(path);
    holder.exec('BEGIN IMMEDIATE');
    const second = await openDatabase(path, { busyTimeoutMs: 1 });
    expect(codeOf(() => second.exec('BEGIN IMMEDIATE'))).toBe(SQLITE.busy);
    await second.close();
    holder.exec('ROLLBACK');
    await holder.close();

    const reader = await openDatabase(path, { readOnly: true });
    expect(codeOf(() => reader.exec('DELETE FROM t'))).toBe(SQLITE.readOnly);
    await reader.close();
  });

  it('rolls a transaction back when its body throws', async () => {
    const path = join(folder, 'state.db');
    await createWalDatabase(path);
    const db = await openDatabase(path);
    expect(() =>
      db.transaction(() => {
        db.run('DELETE FROM t');
        throw new Error('stop here');
      }),
    ).toThrow('stop here');
    expect(db.all('SELECT count(*) AS n FROM t')).toEqual([{ n: 1 }]);
    await db.close();
  });

  it('gives big integers as bigint, small ones as number, blobs as bytes', async () => {
    const db = await openDatabase(join(folder, 'v.db'));
    expect(
      db.all("SELECT 9007199254740993 AS big, 7 AS small, x'00ff' AS blob, NULL AS none, 0.5 AS real"),
    ).toEqual([{ big: 9007199254740993n, small: 7, blob: new Uint8Array([0, 255]), none: null, real: 0.5 }]);
    await db.close();
  });
});

function codeOf(action: () => unknown): number | undefined {
  try {
    action();
  } catch (error) {
    return sqliteCode(error);
  }
  return undefined;
}
