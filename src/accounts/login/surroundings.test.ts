import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createHost, type Host } from '../../host.ts';
import { readSurroundings } from './surroundings.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'surroundings-'));
});
afterEach(() => rm(root, { recursive: true }));

const around = (env: Record<string, string>, overrides: Partial<Host> = {}) =>
  readSurroundings({ ...createHost({ env, root, platform: 'linux' }), isWsl: false, ...overrides });

test.each<[Record<string, string>, object]>([
  [{ DISPLAY: ':0' }, { kind: 'browser' }],
  [{ WAYLAND_DISPLAY: 'wayland-0' }, { kind: 'browser' }],
  [{}, { kind: 'headless', reason: 'there is no display' }],
  [
    { DISPLAY: ':10', SSH_CONNECTION: '1 2 3 4' },
    { kind: 'headless', reason: 'this is a session over SSH' },
  ],
  [{ SSH_TTY: '/dev/pts/1' }, { kind: 'headless', reason: 'this is a session over SSH' }],
  [{ CODESPACES: 'true' }, { kind: 'headless', reason: 'this is a codespace' }],
  [
    { DISPLAY: ':0', BROWSER: 'none' },
    { kind: 'no-browser', variable: 'BROWSER' },
  ],
  [
    { DISPLAY: ':0', BROWSER: 'OFF' },
    { kind: 'no-browser', variable: 'BROWSER' },
  ],
  [{ BROWSER: '/usr/bin/helper' }, { kind: 'browser' }],
  [
    { DISPLAY: ':0', CODEX_AUTH_NO_BROWSER: '1' },
    { kind: 'no-browser', variable: 'CODEX_AUTH_NO_BROWSER' },
  ],
  [{ DISPLAY: ':0', CODEX_AUTH_NO_BROWSER: 'false' }, { kind: 'browser' }],
])('with %j it is %j', async (env, expected) => {
  expect(await around(env)).toEqual(expected);
});

test('a container has no browser, unless the person names one', async () => {
  await writeFile(join(root, '.dockerenv'), '');
  const container = { kind: 'headless', reason: 'this is a container' };
  expect(await around({ DISPLAY: ':0' })).toEqual(container);
  expect(await around({ BROWSER: 'helper' })).toEqual({ kind: 'browser' });
  await rm(join(root, '.dockerenv'));
  await mkdir(join(root, 'run'));
  await writeFile(join(root, 'run', '.containerenv'), '');
  expect(await around({})).toEqual(container);
});

test('Windows, macOS, and WSL through Windows, open one without a display variable', async () => {
  expect(await around({}, { platform: 'win32' })).toEqual({ kind: 'browser' });
  expect(await around({}, { platform: 'darwin' })).toEqual({ kind: 'browser' });
  expect(await around({}, { isWsl: true })).toEqual({ kind: 'browser' });
});
