/**
 * `$CODEX_HOME/steward/gateway.json` (0600): where the gateway of this home is. The shim reads it with shell built-ins, so
 * each member stands on a line of its own. A stopped gateway leaves port and token behind, without a pid: a session
 * that was pointed at it goes on where it was when the next one takes over.
 */
import { join } from 'node:path';
import * as v from 'valibot';
import { type Reading, readText } from '../codex/reading.ts';
import { ensurePrivateFolder, writeFileAtomic } from '../storage/atomic-file.ts';

const Schema = v.looseObject({
  version: v.literal(1),
  /** Absent: no gateway runs. */
  pid: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  port: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)),
  /** `openai_base_url` for the sessions of this user, with their token in it. */
  baseUrl: v.pipe(v.string(), v.startsWith('http://127.0.0.1:')),
  sessionToken: v.pipe(v.string(), v.minLength(32)),
  controlUrl: v.pipe(v.string(), v.startsWith('http://127.0.0.1:')),
  controlToken: v.pipe(v.string(), v.minLength(32)),
  /** Epoch ms. */
  startedAt: v.number(),
  stewardVersion: v.string(),
});

export type GatewayFile = v.InferOutput<typeof Schema>;

const MAX_BYTES = 64 * 1024;

export function gatewayFilePath(codexHome: string): string {
  return join(codexHome, 'steward', 'gateway.json');
}

/** What the file says; whether that process is still there is another question. */
export async function readGatewayFile(codexHome: string): Promise<Reading<GatewayFile>> {
  const path = gatewayFilePath(codexHome);
  const reading = await readText(path, MAX_BYTES);
  if (reading.kind !== 'ok') return reading;
  try {
    return { kind: 'ok', path, value: v.parse(Schema, JSON.parse(reading.value)) };
  } catch {
    return { kind: 'malformed', path, message: 'it is not what a gateway writes' }; // the reason would quote a token
  }
}

/** Replaces the file. Throws `ERR_STORAGE_FILE`. */
export async function writeGatewayFile(codexHome: string, file: GatewayFile): Promise<void> {
  await ensurePrivateFolder(join(codexHome, 'steward'));
  const path = gatewayFilePath(codexHome);
  await writeFileAtomic(path, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600, force: true });
}
