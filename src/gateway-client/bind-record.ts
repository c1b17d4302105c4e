/**
 * `$CODEX_HOME/steward/app-bind.json` (0600): what the binding of the packaged app changed, so that it can be taken back to
 * the byte, by us or by an uninstall, whatever happened to the gateway meanwhile.
 */
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import type { CodexReader } from '../codex/home.ts';
import { type Reading, readText } from '../codex/reading.ts';
import { ensurePrivateFolder, writeFileAtomic } from '../storage/atomic-file.ts';

const Schema = v.object({
  version: v.literal(1),
  /** Epoch ms. */
  boundAt: v.number(),
  /** Whether there was a `config.toml` before. */
  existed: v.boolean(),
  /** Its bytes before, base64; empty when there was none. */
  before: v.string(),
  /** Its mode before. */
  mode: v.number(),
  /** SHA-256 of the bytes that the binding left; empty where that is not known, or somebody edited in between. */
  boundSha256: v.string(),
  /** The user's own upstream before; the gateway goes on using it. */
  formerBaseUrl: v.nullable(v.string()),
  /** What the key was set to. */
  baseUrl: v.string(),
  service: v.picklist(['systemd', 'launchd', 'task-scheduler']),
  /** The file that describes the service to the system. */
  serviceFile: v.string(),
  /** What the service starts: without it, nothing keeps the gateway there. */
  program: v.object({ node: v.string(), steward: v.string() }),
});

export type BindRecord = v.InferOutput<typeof Schema>;

const MAX_BYTES = 16 * 1024 * 1024;

export function bindRecordPath(codexHome: string): string {
  return join(codexHome, 'steward', 'app-bind.json');
}

/** The record; `missing` when the app is not bound. */
export const readBindRecord: CodexReader<Reading<BindRecord>> = async ({ home }) => {
  const path = bindRecordPath(home.path);
  const reading = await readText(path, MAX_BYTES);
  if (reading.kind !== 'ok') return reading;
  try {
    return { kind: 'ok', path, value: v.parse(Schema, JSON.parse(reading.value)) };
  } catch {
    return { kind: 'malformed', path, message: 'it is not a record of a binding' }; // the reason would quote a token
  }
};

/** Replaces the record. Throws `ERR_STORAGE_FILE`. */
export async function writeBindRecord(codexHome: string, record: BindRecord): Promise<void> {
  await ensurePrivateFolder(join(codexHome, 'steward'));
  const path = bindRecordPath(codexHome);
  await writeFileAtomic(path, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600, force: true });
}

/** The app is bound no longer. */
export async function removeBindRecord(codexHome: string): Promise<void> {
  await rm(bindRecordPath(codexHome), { force: true });
}

/** As `boundSha256` has it. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
