/** `installation_id`: the uuid by which the backend knows this host (Codex 0.133 to 0.169 make it at the first run). */
import { join } from 'node:path';
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
