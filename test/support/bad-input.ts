/** Every way in which a file of a Codex home can be bad, done to a copy of a real home that belongs to an ordinary user. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  chown,
  cp,
  lchown,
  mkdir,
  readdir,
  readFile,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DatabaseSync } from '@photostructure/sqlite';
import { alter } from '../faults/local-state.ts';
import type { FaultWorld } from './fault-world.ts';
import { type Place, STEWARD } from './steward.ts';

/** Who runs steward: somebody who is stopped by modes, also where the tests run as root. */
export const USER = process.getuid?.() === 0 ? { uid: 1000, gid: 1000 } : {};

const run = promisify(execFile);
const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

export type Damage = (path: string) => Promise<void>;

/** Text of the right format and the wrong types, by the end of the file's name. */
function wrongTypes(path: string): string {
  if (path.endsWith('.toml'))
    return 'model = 5\nmodel_provider = []\nmcp_servers = "none"\nprofiles = 1\nprojects = [1]\nfeatures = "x"\n';
  if (path.endsWith('.jsonl'))
    return '5\n[]\n"text"\n{"timestamp":5,"type":[],"payload":"x"}\n{"payload":{"id":{}}}\n';
  if (path.endsWith('.json') || path.endsWith('.bak') || path.endsWith('.pid'))
    return '{"tokens":"x","OPENAI_API_KEY":{},"last_refresh":[],"auth_mode":5,"pid":"x","version":[],"models":5,"electron-persisted-atom-state":[],"remote-connection-auto-connect-by-host-id":3}';
  return '[]\n=\n\u0000\n';
}

/** The kinds of damage, by the words that stand in a test's title. */
export const DAMAGES: Readonly<Record<string, Damage>> = {
  'cut in half': async (path) => {
    const content = await readFile(path);
    await truncate(path, Math.floor(content.length / 2));
  },
  empty: (path) => truncate(path, 0),
  'of 200 MB': (path) => truncate(path, 200 * 1024 * 1024),
  'of the wrong types': async (path) => {
    if (!path.endsWith('.sqlite')) return await writeFile(path, wrongTypes(path));
    await rm(path);
    const db = new DatabaseSync(path);
    db.exec('CREATE TABLE threads (id BLOB); CREATE TABLE logs (x); CREATE TABLE _sqlx_migrations (y)');
    db.exec(
      "INSERT INTO threads VALUES (x'00ff'); INSERT INTO logs VALUES (1); CREATE VIEW backfill_state AS SELECT 1",
    );
    db.close();
  },
  'full of garbage': (path) =>
    writeFile(path, Buffer.from(Array.from({ length: 9000 }, (_, n) => (n * n * 31) & 255))),
  'a loop of links': async (path) => {
    await rm(path);
    await symlink(path, path);
  },
  'a pipe that nobody writes to': async (path) => {
    await rm(path);
    await run('mkfifo', [path]);
  },
  'an endless device': async (path) => {
    await rm(path);
    await symlink('/dev/zero', path);
  },
  'a folder': async (path) => {
    await rm(path);
    await mkdir(join(path, 'inside'), { recursive: true });
  },
  'closed to everybody': (path) => chmod(path, 0o000),
};

export interface BadHome extends Place {
  readonly root: string;
  readonly codexHome: string;
}

/** A copy of the world's Codex home with a user of its own; the installed Codex is shared. */
export async function copyHome(world: FaultWorld, name: string): Promise<BadHome> {
  const root = join(world.root, 'copies', name.replaceAll(/[^a-z0-9]+/gi, '-'));
  const codexHome = join(root, '.codex');
  const project = join(root, 'work');
  await mkdir(project, { recursive: true });
  await cp(world.codexHome, codexHome, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  // Codex writes absolute paths into its database. (No prepared statement: it would keep the file open until it is collected.)
  await alter(
    join(codexHome, 'state_5.sqlite'),
    `UPDATE threads SET rollout_path = replace(rollout_path, '${world.codexHome}', '${codexHome}')`,
  );
  return { root, codexHome, project, env: { ...world.env, HOME: root, CODEX_HOME: codexHome } };
}

/** Gives everything below to that user. */
export async function giveToUser(root: string): Promise<void> {
  if (USER.uid === undefined) return;
  await chown(root, USER.uid, USER.gid);
  for (const name of await readdir(root, { recursive: true })) {
    await lchown(join(root, name), USER.uid, USER.gid);
  }
}

/** Makes sure that the file is there, as Codex would have made it. */
export async function ensureFile(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const there = await readFile(path).then(
    () => true,
    () => false, // some files come only with a feature that this home has not used
  );
  if (!there)
    await writeFile(path, DEFAULTS.find(([end]) => path.endsWith(end))?.[1] ?? 'some text\n', {
      mode: 0o600,
    });
}

const DEFAULTS: readonly (readonly [string, string])[] = [
  ['.pid', '{"pid":4194000,"processStartTime":"1"}\n'],
  ['settings.json', '{"remoteControlEnabled":true}\n'],
  ['.codex-global-state.json', '{"electron-persisted-atom-state":{},"selected-remote-host-id":"env_1"}'],
  ['.bak', '{"electron-persisted-atom-state":{}}'],
  [
    'version.json',
    '{"latest_version":"0.169.0","last_checked_at":"2026-01-01T00:00:00Z","dismissed_version":null}',
  ],
  ['.env', 'EDITOR=vi\n'],
  ['history.jsonl', '{"session_id":"x","ts":1,"text":"hi"}\n'],
];

/** A copy of the built program that every user may read, with the packages it needs. */
export async function installForUser(folder: string): Promise<string> {
  await cp(join(PROJECT, 'dist'), join(folder, 'dist'), { recursive: true });
  await cp(join(PROJECT, 'package.json'), join(folder, 'package.json'));
  for (const name of ['@photostructure/sqlite', 'node-gyp-build', 'ps-list']) {
    await cp(join(PROJECT, 'node_modules', name), join(folder, 'node_modules', name), { recursive: true });
  }
  return join(folder, 'dist', basename(STEWARD));
}

const HOLD = `const { DatabaseSync } = require(process.argv[1]); const db = new DatabaseSync(process.argv[2]);
  db.exec(process.argv[3]); console.log('held'); setTimeout(() => {}, 60000);`;

/** Another program that has the database locked; ended by the returned function. */
export async function holdLocked(path: string, sql: string): Promise<() => Promise<void>> {
  const driver = createRequire(import.meta.url).resolve('@photostructure/sqlite');
  const child = spawn(process.execPath, ['-e', HOLD, driver, path, sql], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return async () => {
    child.kill('SIGKILL');
    await once(child, 'close');
  };
}
