import { chmod, mkdir, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  installNpm,
  installStandalone,
  nodeFolder,
  platformPackageOf,
  writeProgram,
} from '../../test/support/codex-installs.ts';
import { CODEX_ALIASES, codexBinary, temporaryFolder } from '../../test/support/real-codex.ts';
import { createHost, type Host } from '../host.ts';
import { activeBinary, readCodexBinaries, usableNative } from './binaries.ts';
import { parseProgramHeader, readProgramHeader } from './binaries-header.ts';

const VERSIONS = { 'codex-0.133': '0.133.0', 'codex-newest': '0.169.0' };
let folder: { path: string; remove: () => Promise<void> };
let place: string;
let node: string;
let count = 0;

beforeAll(async () => {
  folder = await temporaryFolder('steward-binaries');
  node = await nodeFolder(join(folder.path, 'node'));
});
afterAll(() => folder.remove());
beforeEach(async () => {
  place = join(folder.path, String(count++));
  await mkdir(join(place, 'user'), { recursive: true });
});

/** A machine that has nothing but what the test put below `place`. */
function hostWith(path: readonly string[], overrides: Partial<Host> = {}): Host {
  return createHost({
    env: { PATH: path.join(':'), HOME: join(place, 'user') },
    userHome: join(place, 'user'),
    root: join(place, 'root'),
    ...overrides,
  });
}
function read(host: Host) {
  const home = { path: join(place, 'user', '.codex'), source: 'default' as const };
  return readCodexBinaries({ host, home, signal: new AbortController().signal });
}
const noRun: Host['run'] = async (file) => {
  throw new Error(`started ${file}`);
};

describe.each(CODEX_ALIASES)('installs of %s', (alias) => {
  it('reads a global npm install without starting it', async () => {
    const bin = await installNpm(join(place, 'prefix'), alias);
    const binaries = await read(hostWith([node, bin], { run: noRun }));
    expect(binaries).toEqual([
      {
        path: join(bin, 'codex'),
        realPath: join(place, 'prefix/lib/node_modules/@openai/codex/bin/codex.js'),
        pathIndex: 1,
        method: 'npm',
        version: VERSIONS[alias],
        packageRoot: join(place, 'prefix/lib/node_modules/@openai/codex'),
        native: expect.stringMatching(/codex-linux-x64\/vendor\/x86_64-unknown-linux-musl\/bin\/codex$/),
        problem: null,
      },
    ]);
    expect(activeBinary(binaries)).toBe(binaries[0]);
    expect(usableNative(binaries)).toBe(binaries[0]);
  });

  it('reads a standalone install, once though it lies at two places', async () => {
    const home = join(place, 'user', '.codex');
    const bin = await installStandalone(home, alias, join(place, 'user', '.local', 'bin'));
    const binaries = await read(hostWith([bin], { run: noRun }));
    expect(binaries).toMatchObject([
      {
        path: join(bin, 'codex'),
        method: 'standalone',
        version: VERSIONS[alias],
        problem: null,
        pathIndex: 0,
      },
    ]);
  });

  it('asks a lone program for its version, and leaves no trace of that', async () => {
    const bin = join(place, 'bin');
    await mkdir(bin, { recursive: true });
    await writeFile(join(bin, 'codex'), await readFile(codexBinary(alias)), { mode: 0o755 });
    const binaries = await read(hostWith([bin]));
    expect(binaries).toMatchObject([{ method: 'unknown', version: VERSIONS[alias], problem: null }]);
    expect(await readdir(join(place, 'user'))).toEqual([]);
    expect(await readdir(bin)).toEqual(['codex']);
    await rm(bin, { recursive: true });
  });
});

it('finds an optional package that npm hoisted', async () => {
  const bin = await installNpm(join(place, 'prefix'), 'codex-newest', { native: false });
  const hoisted = join(place, 'prefix/lib/node_modules/@openai/codex-linux-x64');
  await symlink(platformPackageOf('codex-newest'), hoisted);
  expect(await read(hostWith([node, bin]))).toMatchObject([{ problem: null, native: expect.any(String) }]);
});

it('names the optional package that is missing, as the launcher would', async () => {
  const bin = await installNpm(join(place, 'prefix'), 'codex-newest', { native: false });
  expect(await read(hostWith([node, bin]))).toMatchObject([
    {
      version: '0.169.0',
      native: null,
      problem: { kind: 'missing-native', packageName: '@openai/codex-linux-x64' },
    },
  ]);
});

it('sees that the launcher has no node to run it', async () => {
  const bin = await installNpm(join(place, 'prefix'), 'codex-newest');
  expect(await read(hostWith([bin]))).toMatchObject([
    { problem: { kind: 'missing-interpreter', interpreter: 'node' } },
  ]);
});

it('sees an install for another processor', async () => {
  const bin = await installStandalone(join(place, 'user', '.codex'), 'codex-newest', join(place, 'bin'));
  expect(await read(hostWith([bin], { arch: 'arm64' }))).toMatchObject([
    { problem: { kind: 'wrong-platform', found: 'elf x64', wanted: 'elf arm64' } },
  ]);
});

it('sees a program whose loader this system does not have', async () => {
  const bin = join(place, 'bin');
  await mkdir(bin);
  await writeFile(join(bin, 'codex'), (await readFile('/usr/bin/true')).subarray(), { mode: 0o755 });
  expect(await read(hostWith([bin]))).toMatchObject([
    { problem: { kind: 'missing-interpreter', interpreter: '/lib64/ld-linux-x86-64.so.2' } },
  ]);
});

it.each([
  ['empty', ''],
  ['garbage', '\u0000\u0001\u0002'],
  ['a web page', '<!DOCTYPE html><html></html>'],
])('calls a file that is %s no program', async (_what, text) => {
  await writeProgram(join(place, 'bin', 'codex'), text);
  expect(await read(hostWith([join(place, 'bin')]))).toMatchObject([{ problem: { kind: 'not-a-program' } }]);
});

it('reports a truncated program as one that does not start', async () => {
  await writeProgram(join(place, 'bin', 'codex'), '');
  await writeFile(
    join(place, 'bin', 'codex'),
    (await readFile(codexBinary('codex-newest'))).subarray(0, 5000),
  );
  await truncate(join(place, 'bin', 'codex'), 5000);
  expect(await read(hostWith([join(place, 'bin')]))).toMatchObject([{ problem: { kind: 'fails-to-start' } }]);
});

it('goes past what a shell goes past: a dangling link, a folder, a file that may not be executed', async () => {
  const folders = ['dangling', 'loop', 'folder', 'plain', 'good'].map((name) => join(place, name));
  const [dangling = '', loop = '', directory = '', plain = '', good = ''] = folders;
  for (const each of folders) await mkdir(each);
  await symlink('/nowhere/codex', join(dangling, 'codex'));
  await symlink('codex', join(loop, 'codex'));
  await mkdir(join(directory, 'codex'));
  await writeProgram(join(plain, 'codex'), 'x', 0o644);
  await rm(good, { recursive: true });
  await installStandalone(join(place, 'user', '.codex'), 'codex-newest', good);
  const binaries = await read(hostWith(folders));
  expect(binaries.map((binary) => binary.problem?.kind ?? 'fine')).toEqual([
    'dangling',
    'dangling',
    'not-executable',
    'fine',
  ]);
  expect(binaries[0]?.problem).toEqual({ kind: 'dangling', target: '/nowhere/codex' });
  expect(activeBinary(binaries)?.path).toBe(join(good, 'codex'));
});

it('follows the shims of pnpm and cmd-shim to the package', async () => {
  await installNpm(join(place, 'prefix'), 'codex-newest');
  const shim =
    '#!/bin/sh\nbasedir=$(dirname "$0")\nexec node "$basedir/../lib/node_modules/@openai/codex/bin/codex.js" "$@"\n';
  await writeProgram(join(place, 'prefix', 'shims', 'codex'), shim);
  expect(await read(hostWith([node, join(place, 'prefix', 'shims')]))).toMatchObject([
    { method: 'npm', version: '0.169.0', problem: null },
  ]);
});

it('calls any other script a shim and does not run it', async () => {
  await writeProgram(join(place, 'bin', 'codex'), '#!/bin/sh\ntouch ran\n');
  expect(await read(hostWith([join(place, 'bin')], { run: noRun }))).toMatchObject([
    { method: 'shim', version: null, native: null, problem: null },
  ]);
});

it('finds copies that no shell finds: another Node of nvm, an editor extension', async () => {
  const user = join(place, 'user');
  await installNpm(join(user, '.nvm', 'versions', 'node', 'v22.1.0'), 'codex-0.133');
  const extension = join(user, '.vscode', 'extensions', 'openai.chatgpt-0.5.10-linux-x64');
  await mkdir(join(user, '.vscode', 'extensions', 'openai.chatgpt-0.5.9-linux-x64'), {
    recursive: true,
  });
  await mkdir(join(extension, 'bin', 'linux-x86_64'), { recursive: true });
  await symlink(codexBinary('codex-newest'), join(extension, 'bin', 'linux-x86_64', 'codex'));
  expect(await read(hostWith([node]))).toMatchObject([
    { method: 'npm', version: '0.133.0', pathIndex: null },
    { method: 'ide', version: '0.169.0', pathIndex: null, path: expect.stringContaining('0.5.10') },
  ]);
});

it('survives a PATH of nonsense', async () => {
  await writeFile(join(place, 'file'), '');
  const path = ['', '.', 'relative', join(place, 'file'), join(place, 'missing'), join(place, 'missing')];
  expect(await read(hostWith(path))).toEqual([]);
  expect(await read(hostWith([], { env: {} }))).toEqual([]);
});

describe('headers', () => {
  it('reads the real programs', async () => {
    expect(await readProgramHeader(codexBinary('codex-newest'))).toMatchObject({
      format: 'elf',
      arches: ['x64'],
      interpreter: null,
    });
    expect(await readProgramHeader('/nowhere')).toEqual({ code: 'ENOENT' });
    expect(await readProgramHeader('/')).toEqual({ code: 'NOT_A_FILE' });
  });

  it('reads Mach-O, universal Mach-O and PE', () => {
    const mach = Buffer.from('cffaedfe0c000001', 'hex');
    expect(parseProgramHeader(mach)).toMatchObject({ format: 'mach-o', arches: ['arm64'] });
    const fat = Buffer.concat([
      Buffer.from('cafebabe00000002', 'hex'),
      Buffer.from(`01000007${'0'.repeat(32)}0100000c${'0'.repeat(32)}`, 'hex'),
    ]);
    expect(parseProgramHeader(fat)).toMatchObject({ format: 'mach-o', arches: ['x64', 'arm64'] });
    const pe = Buffer.alloc(80);
    pe.write('MZ');
    pe.writeUInt32LE(64, 60);
    pe.writeUInt16LE(0x8664, 68);
    expect(parseProgramHeader(pe)).toMatchObject({ format: 'pe', arches: ['x64'] });
  });

  it('never fails on a cut one', async () => {
    const whole = (await readFile('/usr/bin/true')).subarray(0, 900);
    for (let length = 0; length < whole.length; length += 1) parseProgramHeader(whole.subarray(0, length));
  });
});

it('tells the rights of a copy by its mode, not by ours', async () => {
  const bin = await installNpm(join(place, 'prefix'), 'codex-newest');
  await chmod(join(place, 'prefix/lib/node_modules/@openai/codex/bin/codex.js'), 0o644);
  const binaries = await read(hostWith([node, bin]));
  expect(binaries).toMatchObject([{ problem: { kind: 'not-executable' } }]);
  expect(activeBinary(binaries)).toBeNull();
});
