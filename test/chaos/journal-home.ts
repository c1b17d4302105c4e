/** A small home with one of everything that a repair can change, and a plan with every kind of step for it. */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ProcessIdentity } from '../../src/storage/apply/step-handler.ts';
import { fingerprint } from '../../src/storage/fingerprint.ts';
import type { RepairPlan, Step } from '../../src/storage/steps.ts';

export interface TestHome {
  readonly root: string;
  readonly home: string;
  remove(): Promise<void>;
}

const OLD = new Date('2025-01-02T03:04:05Z');

export async function makeHome(): Promise<TestHome> {
  const root = await mkdtemp('/var/tmp/steward-journal-');
  const home = join(root, 'home');
  const put = async (name: string, content: string | Buffer, mode = 0o644) => {
    const path = join(root, name);
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, content);
    await chmod(path, mode);
    await utimes(path, OLD, OLD);
  };
  await put('dotfiles/config.toml', '\uFEFFmodel = "old" # mine\r\n\r\n[tui]\r\nx = 1\r\n', 0o640);
  await mkdir(home);
  await symlink('../dotfiles/config.toml', join(home, 'config.toml'));
  await put('home/state.json', '{\n  "keep": 1,\n  "gone": { "a": [1, 2] }\n}');
  await put('home/broken.toml', 'a = "x\nb = 2\n');
  await put('home/AGENTS.md', 'old text', 0o604);
  await put('home/auth.json', '{"tokens":{}}', 0o666);
  await put('home/owned', 'x');
  await put('home/logs.sqlite', Buffer.alloc(5000, 7));
  await put('home/logs.sqlite-wal', 'wal');
  await put('home/tree/tool', '#!/bin/sh\necho old\n', 0o755);
  await put('home/tree/sub/data', Buffer.from([0, 255, 10, 13]), 0o400);
  await symlink('tool', join(home, 'tree/link'));
  await put('home/sessions/s.jsonl', '{"a":1}\n');
  crashedDatabase(join(home, 'state.sqlite'));
  for (const name of ['state.sqlite', 'state.sqlite-wal']) await utimes(join(home, name), OLD, OLD);
  return { root, home, remove: () => rm(root, { recursive: true, force: true }) };
}

/** A database whose last commit is only in its `-wal`, as a killed Codex leaves it. */
function crashedDatabase(path: string): void {
  const driver = pathToFileURL(createRequire(import.meta.url).resolve('@photostructure/sqlite')).href;
  const script = `import(${JSON.stringify(driver)}).then(({ DatabaseSync }) => {
    const db = new DatabaseSync(${JSON.stringify(path)});
    db.exec("PRAGMA journal_mode = wal; CREATE TABLE t (a); INSERT INTO t VALUES (1), (2)");
    process.kill(process.pid, 'SIGKILL');
  })`;
  spawnSync(process.execPath, ['-e', script]);
}

/** One step of each kind, two on one file, and one that needs a folder made before. `victim`: a process to stop. */
export async function makePlan(home: string, victim: number | null): Promise<RepairPlan> {
  const on = async (name: string) => {
    const path = join(home, name);
    return { path, expect: await fingerprint(path) };
  };
  const script =
    'cd "$TREE" && echo new > tool && rm -f sub/data link && ln -s sub link && mkdir -p more && echo 1 > more/file';
  const process = victim === null ? undefined : readProcess(victim);
  const stop: Step[] =
    victim === null || process === undefined
      ? []
      : [
          {
            kind: 'stop-process',
            pid: victim,
            startTime: process.startTime,
            command: process.command,
            timeoutMs: 5000,
          },
        ];
  return {
    repairId: 'test.everything',
    summary: 'Repair everything',
    requiresStopped: 'all',
    steps: [
      ...stop,
      {
        kind: 'toml-edit',
        edits: [{ op: 'set', key: ['model'], value: 'new' }],
        ...(await on('config.toml')),
      },
      { kind: 'toml-edit', edits: [{ op: 'delete', key: ['tui'] }], ...(await on('config.toml')) },
      { kind: 'json-edit', edits: [{ op: 'delete', path: ['gone'] }], ...(await on('state.json')) },
      {
        kind: 'text-edit',
        splices: [{ start: 6, end: 6, text: '"' }],
        mustParse: 'toml',
        ...(await on('broken.toml')),
      },
      { kind: 'write-file', content: 'new text', mode: 0o600, ...(await on('AGENTS.md')) },
      { kind: 'move-aside', sidecars: ['-wal', '-shm'], ...(await on('logs.sqlite')) },
      { kind: 'write-file', content: 'fresh', mode: 0o600, ...(await on('logs.sqlite')) },
      { kind: 'make-folder', mode: 0o700, ...(await on('log/deep')) },
      { kind: 'write-file', content: 'inside', mode: 0o600, ...(await on('log/deep/file')) },
      { kind: 'set-mode', mode: 0o600, ...(await on('auth.json')) },
      { kind: 'set-owner', uid: 1234, gid: 1234, ...(await on('owned')) },
      {
        kind: 'sqlite',
        statements: [{ sql: 'DELETE FROM t WHERE a = ?', params: [1] }],
        ...(await on('state.sqlite')),
      },
      {
        kind: 'command',
        argv: ['/bin/sh', '-c', script],
        env: { TREE: join(home, 'tree') },
        touches: [join(home, 'tree'), join(home, 'not-there')],
        timeoutMs: 10_000,
      },
    ],
  };
}

/** Everything below the root except steward's own folder: kind, mode, owner, time of files, content. */
export async function snapshot(root: string): Promise<Record<string, string>> {
  const result: Record<string, string> = {};
  const walk = async (path: string) => {
    const stat = await lstat(path);
    const name = path.slice(root.length);
    const base = `${(stat.mode & 0o7777).toString(8)} ${stat.uid}:${stat.gid}`;
    if (stat.isSymbolicLink()) result[name] = `link ${await readlink(path)}`;
    else if (stat.isDirectory()) {
      result[name] = `folder ${base}`;
      for (const child of await readdir(path)) if (child !== 'steward') await walk(join(path, child));
    } else {
      const hash = createHash('sha256')
        .update(await readFile(path))
        .digest('hex');
      // SQLite rebuilds its shared memory; its time says nothing.
      const time = name.endsWith('-shm') ? '' : ` ${Math.trunc(stat.mtimeMs)}`;
      result[name] = `file ${base} ${hash}${time}`;
    }
  };
  await walk(root);
  return result;
}

/** A process of ours that does nothing, to be stopped. */
export function startVictim(): { readonly pid: number; stop(): void } {
  const child = spawn('sleep', ['300'], { stdio: 'ignore' });
  return { pid: child.pid ?? 0, stop: () => void child.kill('SIGKILL') };
}

/** From the process table of Linux; a zombie is gone. */
export function readProcess(pid: number): ProcessIdentity | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    if (fields[0] === 'Z') return undefined;
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim();
    return { startTime: fields[19] ?? '', command };
  } catch {
    return undefined;
  }
}
