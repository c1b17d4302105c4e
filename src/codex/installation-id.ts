/** `installation_id`: the uuid by which the backend knows this host (Codex 0.133 to 0.169 make it at the first run). */
import { readdir, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type Host, systemPath } from '../host.ts';
import type { CodexReader } from './home.ts';
import { type Reading, readText } from './reading.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The id of this home, without white space around it; `malformed` where the file holds no uuid. */
export const readInstallationId: CodexReader<Reading<string>> = ({ home }) => readInstallationIdOf(home.path);

/** The id of any other home, such as the other side of a Windows/WSL pair. */
export async function readInstallationIdOf(home: string): Promise<Reading<string>> {
  const path = join(home, 'installation_id');
  const text = await readText(path, 4096);
  if (text.kind !== 'ok') return text;
  const id = text.value.trim();
  return UUID.test(id) ? { kind: 'ok', path, value: id } : { kind: 'malformed', path, message: 'not a uuid' };
}

/** When the id file was made on this disk (epoch ms); `null` where the file system does not tell. A copy is made anew. */
export async function installationIdMadeAt(home: string): Promise<number | null> {
  try {
    const { birthtimeMs } = await stat(join(home, 'installation_id'));
    return birthtimeMs > 0 ? birthtimeMs : null;
  } catch {
    return null; // no such file: then nothing was made
  }
}

/** The host name that Codex enrols under. */
export async function hostName(host: Host): Promise<string> {
  if (host.platform !== 'linux') return hostname();
  const text = await readText(systemPath(host, '/proc/sys/kernel/hostname'), 4096);
  return text.kind === 'ok' ? text.value.trim() : hostname();
}

/** Codex homes on the Windows side, as WSL sees them; empty anywhere else. */
export async function windowsHomes(host: Host): Promise<readonly string[]> {
  if (!host.isWsl) return [];
  const users = systemPath(host, '/mnt/c/Users');
  try {
    return (await readdir(users)).map((user) => join(users, user, '.codex'));
  } catch {
    return []; // drive C is not mounted, or not ours to list
  }
}
