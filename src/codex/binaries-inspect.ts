/** One copy of Codex: what installed it, which version it is, which native program it starts, and what is broken. */
import { lstat, readlink, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import * as v from 'valibot';
import { systemCode } from '../errors.ts';
import { type Host, systemPath } from '../host.ts';
import { isThere } from '../storage/is-there.ts';
import { type ProgramHeader, readProgramHeader } from './binaries-header.ts';
import { type BinaryPlace, pathFolders, programNames } from './binaries-places.ts';
import type { BinaryProblem, CodexBinary, InstallMethod } from './codex-binary.ts';
import { readText } from './reading.ts';

const PackageJson = v.looseObject({ name: v.optional(v.string()), version: v.string() });

/** The copy at that place, or `null` when there is none. */
export async function inspectBinary(host: Host, place: BinaryPlace): Promise<CodexBinary | null> {
  const { path, pathIndex } = place;
  const link = await lstat(path).catch(() => null); // ENOENT mostly; a folder that we may not enter holds none for us
  if (link === null || link.isDirectory()) return null;
  const nothing = { path, pathIndex, realPath: null, version: null, packageRoot: null, native: null };
  let realPath: string;
  try {
    realPath = await realpath(path);
  } catch (error) {
    const target = link.isSymbolicLink() ? resolve(dirname(path), await readlink(path)) : path;
    const problem: BinaryProblem = missing(error)
      ? { kind: 'dangling', target }
      : { kind: 'unreadable', path, code: systemCode(error) ?? 'EUNKNOWN' };
    return { ...nothing, method: methodOf(target, place), problem };
  }
  const header = await readProgramHeader(realPath);
  if ('code' in header) {
    if (header.code === 'NOT_A_FILE') return null;
    const problem: BinaryProblem = { kind: 'unreadable', path: realPath, code: header.code };
    return { ...nothing, realPath, method: methodOf(realPath, place), problem };
  }
  const found = { path, pathIndex, realPath };
  const script = header.format === 'script' || /\.(cmd|ps1|bat)$/i.test(realPath);
  const launcher = script ? await findLauncher(realPath) : null;
  if (launcher !== null) return { ...found, ...(await inspectPackage(host, realPath, launcher, header)) };
  if (script || isManagerShim(realPath)) {
    const problem = await permissionProblem(host, realPath);
    return { ...nothing, ...found, method: 'shim', problem };
  }
  return {
    ...found,
    method: methodOf(realPath, place),
    version: await nativeVersion(realPath),
    packageRoot: null,
    native: realPath,
    problem: (await permissionProblem(host, realPath)) ?? (await programProblem(host, realPath, header)),
  };
}

/** What is wrong with a native program file, by its header and the system's loaders; `null`: nothing visible. */
async function programProblem(
  host: Host,
  path: string,
  header: ProgramHeader,
): Promise<BinaryProblem | null> {
  const wanted = { linux: 'elf', darwin: 'mach-o', win32: 'pe' }[host.platform as string] ?? header.format;
  if (header.format === 'other') {
    const what = 'neither a program nor a script: a damaged or unfinished download';
    return { kind: 'not-a-program', path, what };
  }
  const emulated = host.platform !== 'linux' && host.arch === 'arm64'; // Rosetta, and Windows on ARM
  const fits = header.arches.length === 0 || header.arches.includes(host.arch) || emulated;
  if (header.format !== wanted || !fits) {
    const found = `${header.format} ${header.arches.join('/')}`.trim();
    return { kind: 'wrong-platform', path, found, wanted: `${wanted} ${host.arch}` };
  }
  if (header.interpreter !== null && !(await isThere(systemPath(host, header.interpreter)))) {
    return { kind: 'missing-interpreter', path, interpreter: header.interpreter };
  }
  return null;
}

/** npm's launcher `@openai/codex/bin/codex.js`, and the native program as that launcher looks for it. */
async function inspectPackage(host: Host, realPath: string, packageRoot: string, header: ProgramHeader) {
  const manifest = await readManifest(join(packageRoot, 'package.json'));
  const method = packageMethod(packageRoot);
  const base = { method, version: manifest?.version ?? null, packageRoot };
  const permission = await permissionProblem(host, realPath);
  if (permission !== null) return { ...base, native: null, problem: permission };
  const usesNode = header.format !== 'script' || /\bnode\b/.test(header.text.slice(0, 4096));
  if (method !== 'bun' && usesNode && !(await onPath(host, 'node'))) {
    const problem: BinaryProblem = { kind: 'missing-interpreter', path: realPath, interpreter: 'node' };
    return { ...base, native: null, problem };
  }
  const platformPackage = `@openai/codex-${host.platform}-${host.arch}`;
  const found = await findNative(host, packageRoot, platformPackage);
  if (found.native === null) {
    const problem: BinaryProblem = {
      kind: 'missing-native',
      packageName: platformPackage,
      expected: found.expected,
    };
    return { ...base, native: null, problem };
  }
  const nativeHeader = await readProgramHeader(found.native);
  const problem: BinaryProblem | null =
    'code' in nativeHeader
      ? { kind: 'unreadable', path: found.native, code: nativeHeader.code }
      : ((await permissionProblem(host, found.native)) ??
        (await programProblem(host, found.native, nativeHeader)));
  return { ...base, native: found.native, problem };
}

const TRIPLES: Readonly<Record<string, string>> = {
  'linux-x64': 'x86_64-unknown-linux-musl',
  'linux-arm64': 'aarch64-unknown-linux-musl',
  'darwin-x64': 'x86_64-apple-darwin',
  'darwin-arm64': 'aarch64-apple-darwin',
  'win32-x64': 'x86_64-pc-windows-msvc',
  'win32-arm64': 'aarch64-pc-windows-msvc',
};

/** Node's own search for the platform package, upwards from the launcher; then the package's own `vendor`. */
async function findNative(host: Host, packageRoot: string, platformPackage: string) {
  const triple = TRIPLES[`${host.platform}-${host.arch}`] ?? 'unknown';
  const file = host.platform === 'win32' ? 'codex.exe' : 'codex';
  const roots: string[] = [];
  for (let folder = packageRoot; ; folder = dirname(folder)) {
    if (basename(folder) !== 'node_modules') roots.push(join(folder, 'node_modules', platformPackage));
    if (folder === dirname(folder)) break;
  }
  for (const root of [...roots, packageRoot]) {
    // `bin/` since the layout of 0.12x; `codex/` before.
    for (const below of ['bin', 'codex']) {
      const native = join(root, 'vendor', triple, below, file);
      if (await isThere(native)) return { native, expected: native };
    }
  }
  const nearest = join(dirname(dirname(packageRoot)), platformPackage, 'vendor', triple, 'bin', file);
  return { native: null, expected: nearest };
}

/** The package folder behind a script: it is `bin/codex.js` itself, or names it (npm's and pnpm's shims). */
async function findLauncher(realPath: string): Promise<string | null> {
  if (basename(realPath) === 'codex.js') {
    const root = dirname(dirname(realPath));
    const manifest = await readManifest(join(root, 'package.json'));
    return manifest?.name === '@openai/codex' ? root : null;
  }
  const text = await readText(realPath, 64 * 1024);
  if (text.kind !== 'ok') return null;
  const named =
    /(?:\$basedir|%dp0%|%~dp0)?[\\/]?([^"'\s]*node_modules[\\/]@openai[\\/]codex)[\\/]bin[\\/]codex\.js/.exec(
      text.value,
    )?.[1];
  if (named === undefined) return null;
  const root = resolve(dirname(realPath), named.replaceAll('\\', '/'));
  return realpath(root).catch(() => root); // a shim whose package is gone: found missing by the caller
}

async function nativeVersion(realPath: string): Promise<string | null> {
  for (const folder of [dirname(realPath), dirname(dirname(realPath))]) {
    const manifest = await readManifest(join(folder, 'codex-package.json'));
    if (manifest !== null) return manifest.version;
  }
  const path = realPath.replaceAll('\\', '/');
  return (
    /\/packages\/standalone\/releases\/v?(\d+\.\d+\.\d+(?:-(?:alpha|beta|rc)[.\d]*)?)/.exec(path)?.[1] ??
    /\/(?:Cellar|Caskroom)\/codex\/(\d[^/]*)\//.exec(path)?.[1] ??
    /\/nix\/store\/[^/]*-codex-(\d[^/]*)\//.exec(path)?.[1] ??
    null
  );
}

function methodOf(realPath: string, place: BinaryPlace): InstallMethod {
  const path = realPath.replaceAll('\\', '/');
  if (place.owner !== null) return place.owner;
  if (path.includes('/packages/standalone/')) return 'standalone';
  if (/\/(Cellar|Caskroom)\//.test(path)) return 'brew';
  if (/\/Codex\.app\/|\/OpenAI\.Codex_/.test(path)) return 'app';
  if (/\/extensions\/openai\.chatgpt-/.test(path)) return 'ide';
  if (/\/node_modules\/@openai\/codex/.test(path)) return packageMethod(path);
  return 'unknown';
}

function packageMethod(packageRoot: string): InstallMethod {
  const path = packageRoot.replaceAll('\\', '/');
  if (path.includes('/.bun/')) return 'bun';
  if (/\/\.?pnpm\//.test(path)) return 'pnpm';
  return /\/Cellar\//.test(path) && !path.includes('/lib/node_modules/') ? 'brew' : 'npm';
}

function isManagerShim(realPath: string): boolean {
  return (
    /(^|[\\/])(volta-shim(\.exe)?|mise|asdf|vp)$/.test(realPath) || /[\\/]shims[\\/]codex/.test(realPath)
  );
}

async function readManifest(path: string): Promise<{ name?: string | undefined; version: string } | null> {
  const text = await readText(path, 256 * 1024);
  if (text.kind !== 'ok') return null;
  try {
    const parsed = v.safeParse(PackageJson, JSON.parse(text.value));
    return parsed.success ? parsed.output : null;
  } catch {
    return null; // a damaged manifest tells no version; what else is damaged shows elsewhere
  }
}

/** By its mode bits: root may "execute" nothing that has none, and a check for another user must not ask as root. */
async function permissionProblem(host: Host, path: string): Promise<BinaryProblem | null> {
  if (host.platform === 'win32') return null;
  const stat = await lstat(path);
  return (stat.mode & 0o111) === 0 ? { kind: 'not-executable', path } : null;
}

async function onPath(host: Host, command: string): Promise<boolean> {
  for (const folder of pathFolders(host)) {
    for (const name of programNames(host, command)) if (await isThere(join(folder, name))) return true;
  }
  return false;
}

function missing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'ELOOP'].includes(systemCode(error) ?? '');
}
