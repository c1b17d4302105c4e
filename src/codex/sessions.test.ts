import { chmod, chown, mkdir, mkdtemp, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createHost } from '../host.ts';
import { readDeadWeight, readDiskSpace } from './disk.ts';
import type { CodexScope } from './home.ts';
import { readHomeTree } from './home-tree.ts';
import { readSessionMeta, readSessions } from './sessions.ts';
import { readVersionFile } from './version-file.ts';
import { readWslPair } from './windows-wsl.ts';

let folder: string;
let scope: CodexScope;

beforeEach(async () => {
  folder = await mkdtemp('/var/tmp/steward-sessions-');
  const host = createHost({ env: {}, userHome: folder, cwd: folder });
  scope = { host, home: { path: folder, source: 'env' }, signal: new AbortController().signal };
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const HEADER = JSON.stringify({
  timestamp: '2026-11-21T00:00:00Z',
  type: 'session_meta',
  payload: {
    id: 'thread-1',
    model_provider: 'openai',
    cli_version: '0.169.0',
    cwd: '/work',
    extra: { kept: true },
  },
});

describe('the session files', () => {
  test('the newest day comes first, and what is no session file is left out', async () => {
    for (const [day, name] of [
      ['2026/11/20', 'rollout-b.jsonl'],
      ['2026/11/21', 'rollout-a.jsonl'],
      ['2026/11/21', 'notes.txt'],
      ['2025/12/31', 'rollout-z.jsonl'],
    ] as const) {
      await mkdir(join(folder, 'sessions', day), { recursive: true });
      await writeFile(join(folder, 'sessions', day, name), `${HEADER}\n`);
    }
    const sessions = await readSessions(scope);
    expect(
      sessions.kind === 'ok' && sessions.value.files.map(({ path }) => path.slice(folder.length)),
    ).toEqual([
      '/sessions/2026/11/21/rollout-a.jsonl',
      '/sessions/2026/11/20/rollout-b.jsonl',
      '/sessions/2025/12/31/rollout-z.jsonl',
    ]);
    expect(sessions).toMatchObject({ value: { capped: false, bytes: 3 * (HEADER.length + 1) } });
  });

  test('thousands of files of 500 MB stop the walk at its cap, and the inventory says so', async () => {
    const day = join(folder, 'sessions', '2026', '11', '21');
    await mkdir(day, { recursive: true });
    await Promise.all(Array.from({ length: 3000 }, (_, n) => writeFile(join(day, `rollout-${n}.jsonl`), '')));
    await truncate(join(day, 'rollout-999.jsonl'), 500 * 1024 ** 2);
    const sessions = await readSessions(scope);
    expect(sessions).toMatchObject({ kind: 'ok', value: { capped: true, bytes: 500 * 1024 ** 2 } });
    expect(sessions.kind === 'ok' && sessions.value.files.length).toBe(400);
  });

  test.each([
    [
      'a header as both versions write it',
      HEADER,
      { kind: 'ok', value: { id: 'thread-1', modelProvider: 'openai' } },
    ],
    ['an empty file', '', { kind: 'malformed', line: 1 }],
    ['a cut header', HEADER.slice(0, 60), { kind: 'malformed', message: 'the first line is not JSON' }],
    [
      'another first line',
      '{"type":"event_msg","payload":{}}\n',
      { kind: 'malformed', message: 'the first line is no session header' },
    ],
    ['a header of wrong types', '{"type":"session_meta","payload":{"id":7}}\n', { kind: 'malformed' }],
    ['a list', '[]\n', { kind: 'malformed' }],
  ])('%s is read as such', async (_, text, expected) => {
    const path = join(folder, 'rollout.jsonl');
    await writeFile(path, text);
    expect(await readSessionMeta(path)).toMatchObject(expected);
  });

  test('a first line of 200 MB is given up, a folder and a link loop are unreadable', async () => {
    const long = join(folder, 'long.jsonl');
    await writeFile(long, HEADER.slice(0, 50));
    await truncate(long, 200 * 1024 ** 2);
    expect(await readSessionMeta(long)).toMatchObject({
      kind: 'malformed',
      message: expect.stringContaining('longer'),
    });
    await symlink(join(folder, 'loop'), join(folder, 'loop'));
    expect(await readSessionMeta(join(folder, 'loop'))).toMatchObject({ kind: 'unreadable', code: 'ELOOP' });
    expect(await readSessionMeta(folder)).toMatchObject({ kind: 'unreadable' });
    expect(await readSessionMeta(join(folder, 'none'))).toMatchObject({ kind: 'missing' });
  });
});

describe('the folder tree and the disk', () => {
  test('owner, mode and kind are told two levels deep, links are not followed', async () => {
    await mkdir(join(folder, 'sessions', '2026', '11'), { recursive: true });
    await writeFile(join(folder, 'auth.json'), '{}');
    await chmod(join(folder, 'auth.json'), 0o640);
    await symlink('/', join(folder, 'link'));
    const tree = await readHomeTree(scope);
    expect(tree).toMatchObject({ kind: 'ok', value: { capped: false, closed: [] } });
    const seen =
      tree.kind === 'ok'
        ? tree.value.entries.map((entry) => [
            entry.path.slice(folder.length),
            entry.kind,
            entry.mode.toString(8),
          ])
        : [];
    expect(seen).toContainEqual(['/auth.json', 'file', '640']);
    expect(seen).toContainEqual(['/link', 'link', '777']);
    expect(seen.map(([path]) => path)).toContain('/sessions/2026');
    expect(seen.map(([path]) => path)).not.toContain('/sessions/2026/11');
  });

  test('dead weight is named by kind, biggest first, and never a session, a setting or a database in use', async () => {
    const pack = join(folder, '.tmp', 'plugins-clone-1', '.git', 'objects', 'pack');
    await mkdir(pack, { recursive: true });
    await mkdir(join(folder, 'db-backups', 'sqlite-1'), { recursive: true });
    await mkdir(join(folder, 'sessions'));
    for (const [path, bytes] of [
      [join(pack, 'tmp_pack_abc'), 5000],
      ['core.1234', 4000],
      ['db-backups/sqlite-1/state_5.sqlite', 3000],
      ['state_4.sqlite', 2000],
      ['state_5.sqlite', 9000],
      ['auth.json', 9000],
      ['sessions/rollout-1.jsonl', 9000],
    ] as const) {
      const at = path.startsWith('/') ? path : join(folder, path);
      await writeFile(at, '');
      await truncate(at, bytes);
    }
    const dead = await readDeadWeight(scope);
    expect(dead.map(({ kind, bytes }) => [kind, bytes])).toEqual([
      ['aborted-download', 5000],
      ['crash-dump', 4000],
      ['database-backup', 3000],
      ['old-database', 2000],
    ]);
  });

  test('free space is that of the nearest folder that exists', async () => {
    const [space] = await readDiskSpace({
      ...scope,
      home: { path: join(folder, 'not', 'yet'), source: 'env' },
    });
    expect(space).toMatchObject({ kind: 'ok', value: { path: folder } });
    expect(space?.kind === 'ok' && space.value.freeBytes).toBeGreaterThan(0);
  });
});

describe('version.json', () => {
  test.each([
    [
      'as Codex writes it',
      '{"latest_version":"0.170.0","last_checked_at":"2026-11-20T00:00:00Z","dismissed_version":null,"new":1}',
      { kind: 'ok', value: { latestVersion: '0.170.0', dismissedVersion: null } },
    ],
    ['with wrong types', '{"latest_version":7}', { kind: 'malformed' }],
    ['cut off', '{"latest', { kind: 'malformed' }],
    ['empty', '', { kind: 'malformed' }],
  ])('%s', async (_, text, expected) => {
    await writeFile(join(folder, 'version.json'), text);
    expect(await readVersionFile(scope)).toMatchObject(expected);
  });
});

describe('Windows and WSL', () => {
  const MOUNTS = `none /init rootfs ro 0 0
C:\\134 /mnt/c 9p rw,noatime,aname=drvfs;path=C:\\;uid=1000;gid=1000 0 0
D: /mnt/my\\040disk 9p rw,aname=drvfs;path=D: 0 0
tmpfs /mnt/wslg 9p rw,aname=share 0 0
/dev/sdc / ext4 rw 0 0
`;

  test('drives are told from other mounts, and the homes of Windows users are found on them', async () => {
    await mkdir(join(folder, 'proc'));
    await writeFile(join(folder, 'proc', 'mounts'), MOUNTS);
    await mkdir(join(folder, 'mnt', 'c', 'Users', 'ada', '.codex'), { recursive: true });
    await mkdir(join(folder, 'mnt', 'c', 'Users', 'Public'), { recursive: true });
    const host = { ...scope.host, root: folder, isWsl: true };
    const inside = await readWslPair({
      ...scope,
      host,
      home: { path: '/mnt/c/Users/ada/.codex', source: 'env' },
    });
    expect(inside).toEqual({
      windowsHomes: [join(folder, 'mnt/c/Users/ada/.codex')],
      homeDrive: { path: '/mnt/c', type: 'drvfs' },
      databaseDrive: { path: '/mnt/c', type: 'drvfs' },
    });
    const apart = { ...host, env: { CODEX_SQLITE_HOME: '/home/ada/.codex-sqlite' } };
    expect(
      await readWslPair({ ...scope, host: apart, home: { path: '/mnt/my disk/codex', source: 'env' } }),
    ).toMatchObject({
      homeDrive: { path: '/mnt/my disk' },
      databaseDrive: null,
    });
    expect(await readWslPair({ ...scope, host, home: { path: '/mnt/wslg/x', source: 'env' } })).toMatchObject(
      { homeDrive: null },
    );
  });

  test('outside WSL there is nothing to tell', async () => {
    expect(await readWslPair({ ...scope, host: { ...scope.host, isWsl: false } })).toBeNull();
  });
});

test.skipIf(process.getuid?.() !== 0)('a folder of another user still shows its owner', async () => {
  await mkdir(join(folder, 'sessions'));
  await chown(join(folder, 'sessions'), 12345, 12345);
  const tree = await readHomeTree(scope);
  expect(tree.kind === 'ok' && tree.value.entries[0]?.uid).toBe(12345);
  expect((await stat(join(folder, 'sessions'))).uid).toBe(12345);
});
