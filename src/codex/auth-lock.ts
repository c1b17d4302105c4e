/**
 * The lock under which Codex 0.169 writes `auth.json` (measured with strace): an exclusive flock on `auth.lock`, waited
 * for, around reading, comparing and replacing, at login, logout and refresh alike; inside it a second one on
 * `auth.json.lock`. Its requests to the issuer are outside of it. Codex 0.133 takes none.
 *
 * Node has no flock. A child that inherits the open file takes it for us: the lock belongs to the open file, so it stays
 * ours when the child has ended, and the kernel frees it when we end.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError } from '../storage/file-error.ts';
import type { CodexScope } from './home.ts';

const WAIT_SECONDS = 10;

/** Programs that take a flock on file descriptor 3 and exit with 0, or with 1 when it took too long. */
const TAKERS: readonly (readonly [string, readonly string[]])[] = [
  ['flock', ['-x', '-w', String(WAIT_SECONDS), '3']],
  // macOS has no flock program.
  [
    'perl',
    [
      '-e',
      `$SIG{ALRM} = sub { exit 1 }; alarm ${WAIT_SECONDS}; open(my $f, "+<&=", 3) or exit 2; exit(flock($f, 2) ? 0 : 2)`,
    ],
  ],
];

/**
 * Runs `body` with Codex kept from writing `auth.json`; `busy` when a Codex holds the lock for 10 s. Where no program can
 * take it (Windows), `body` runs without: its own check of the file just before the change has to do.
 */
export async function withAuthLock<T>(
  scope: CodexScope,
  body: () => Promise<T>,
): Promise<{ readonly kind: 'done'; readonly value: T } | { readonly kind: 'busy' }> {
  if (scope.host.platform === 'win32') return { kind: 'done', value: await body() };
  const path = join(scope.home.path, 'auth.lock');
  const handle = await openLockFile(scope, path);
  try {
    const isOurs = await takeFlock(scope, handle.fd);
    return isOurs ? { kind: 'done', value: await body() } : { kind: 'busy' };
  } finally {
    await handle.close();
  }
}

async function openLockFile(scope: CodexScope, path: string): Promise<FileHandle> {
  try {
    const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDWR } = constants;
    const made = await open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600).catch(() => null);
    if (made === null) return await open(path, O_RDWR);
    // Made by root in somebody's home: Codex must be able to open it.
    const owner = await stat(scope.home.path);
    if (scope.host.uid === 0 && owner.uid !== 0) await made.chown(owner.uid, owner.gid);
    return made;
  } catch (error) {
    throw fileError('open', path, error);
  }
}

/** `false` only when somebody else holds it. */
async function takeFlock(scope: CodexScope, fd: number): Promise<boolean> {
  for (const [program, args] of TAKERS) {
    const code = await new Promise<number | null>((resolve) => {
      const child = spawn(program, args, {
        stdio: ['ignore', 'ignore', 'ignore', fd],
        env: { ...scope.host.env },
      });
      child.once('error', () => resolve(null)); // there is no such program
      child.once('close', (exitCode) => resolve(exitCode));
    });
    if (code === 0) return true;
    if (code === 1) return false;
  }
  return true;
}
