/** Whether the tool whose pool format this is, or the scoped package it once was, is still installed beside steward. */
import { readdir, readFile, realpath } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import * as v from 'valibot';
import type { CodexScope } from '../../../codex/home.ts';
import { ok, type PoolCheck, warn } from './pool-check.ts';

const COMMANDS = ['codex-multi-auth', 'codex-multi-auth-codex'] as const;
const PACKAGE = 'codex-multi-auth';
const MAX_LEVELS = 6;

const Manifest = v.looseObject({ name: v.string(), version: v.optional(v.string(), '?') });

export interface CompanionInstall {
  /** `codex-multi-auth`, or a scoped name of former times. */
  readonly name: string;
  readonly version: string;
  /** The package's folder. */
  readonly path: string;
}

/** Installs that this PATH leads to, and scoped ones in the same package folders. */
export async function findCompanionInstalls({ host }: CodexScope): Promise<readonly CompanionInstall[]> {
  const folders = (host.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const found = new Map<string, CompanionInstall>();
  for (const folder of new Set(folders)) {
    for (const install of [...(await byCommand(folder)), ...(await scoped(folder))])
      found.set(install.path, install);
  }
  return [...found.values()];
}

async function byCommand(folder: string): Promise<readonly CompanionInstall[]> {
  const installs: CompanionInstall[] = [];
  for (const command of COMMANDS) {
    const target = await realpath(join(folder, command)).catch(() => null); // not there
    let path = target === null ? null : dirname(target);
    for (let level = 0; path !== null && level < MAX_LEVELS; level++) {
      const install = await readManifest(path);
      if (install !== null && isCompanion(install.name)) installs.push(install);
      if (install !== null) break;
      path = dirname(path) === path ? null : dirname(path);
    }
  }
  return installs;
}

/** npm keeps global packages in `lib/node_modules` beside `bin`, on Windows in `node_modules` below it. */
async function scoped(folder: string): Promise<readonly CompanionInstall[]> {
  const installs: CompanionInstall[] = [];
  for (const modules of [join(dirname(folder), 'lib', 'node_modules'), join(folder, 'node_modules')]) {
    const names = await readdir(modules).catch(() => []); // no global packages there
    for (const scope of names.filter((name) => name.startsWith('@'))) {
      const install = await readManifest(join(modules, scope, PACKAGE));
      if (install !== null && isCompanion(install.name)) installs.push(install);
    }
  }
  return installs;
}

function isCompanion(name: string): boolean {
  return name === PACKAGE || (name.startsWith('@') && name.endsWith(`/${PACKAGE}`));
}

async function readManifest(path: string): Promise<CompanionInstall | null> {
  try {
    const manifest = v.parse(Manifest, JSON.parse(await readFile(join(path, 'package.json'), 'utf8')));
    return { name: manifest.name, version: manifest.version, path };
  } catch {
    return null; // no package there, or none that npm would load
  }
}

/** One check a kind: the present package is a neighbour to know of, the scoped one is to go. */
export function checkCompanions(installs: readonly CompanionInstall[]): readonly PoolCheck[] {
  const former = installs.filter(({ name }) => name.startsWith('@'));
  const present = installs.filter(({ name }) => name === PACKAGE);
  return [
    former.length === 0
      ? ok('scoped-package', 'no former scoped package')
      : warn(
          'scoped-package',
          'a former package is still installed and may answer instead of steward',
          former
            .map(({ name, version, path }) => `${name} ${version} in ${path}: npm uninstall -g ${name}`)
            .join('; '),
        ),
    present.length === 0
      ? ok('companion-tool', 'no other tool works on this pool')
      : warn(
          'companion-tool',
          'another tool works on the same pool',
          present
            .map(
              ({ name, version }) =>
                `${name} ${version}: its leases are honoured, but it rewrites the pool without a lock; to remove it: npm uninstall -g ${name}`,
            )
            .join('; '),
        ),
  ];
}
