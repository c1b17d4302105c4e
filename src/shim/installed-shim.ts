/** The shim as it stands on disk, told by itself: what it starts, and whether that is still there. For who cannot make one. */
import { constants } from 'node:fs/promises';
import { join } from 'node:path';
import type { CodexReader } from '../codex/home.ts';
import { readText } from '../codex/reading.ts';
import { isThere } from '../storage/is-there.ts';
import { findOfficial, firstOnPath, shimFolder } from './shim-state.ts';

export interface InstalledShim {
  readonly path: string;
  /** The official native program that it starts, and the one that it would be made for now; `null`: none. */
  readonly native: string | null;
  readonly wantedNative: string | null;
  /** Of `node`, steward's entry and the native program: those that are not there. */
  readonly missing: readonly string[];
  /** What `codex` starts instead of it in this shell; `null`: it comes first, or nothing does. */
  readonly shadowedBy: string | null;
}

const MAX_BYTES = 1024 * 1024;

/** `null` when no shim is installed. */
export const readInstalledShim: CodexReader<InstalledShim | null> = async (scope) => {
  const { host } = scope;
  const path = join(shimFolder(host), host.platform === 'win32' ? 'codex.ps1' : 'codex');
  const reading = await readText(path, MAX_BYTES);
  if (reading.kind !== 'ok') return null;
  const named = ['native', 'node', 'steward'].map((name) => wordAfter(reading.value, name));
  const missing: string[] = [];
  for (const file of named) if (file !== null && !(await isThere(file, constants.R_OK))) missing.push(file);
  const first = await firstOnPath(host);
  return {
    path,
    native: named[0] ?? null,
    wantedNative: (await findOfficial(scope))?.native ?? null,
    missing,
    shadowedBy: first === null || first.isShim ? null : first.path,
  };
};

/** In single quotes, as both scripts write it. */
function wordAfter(script: string, name: string): string | null {
  const quoted = new RegExp(`^\\$?${name} ?= ?'((?:[^']|'\\\\''|'')*)'$`, 'm').exec(script)?.[1];
  return quoted === undefined ? null : quoted.replaceAll(`'\\''`, "'").replaceAll("''", "'");
}
