/** `version.json`: what Codex's update check last learned (0.133 to 0.169). */
import { join } from 'node:path';
import * as v from 'valibot';
import type { CodexReader } from './home.ts';
import { type Reading, readText } from './reading.ts';

export interface VersionFile {
  readonly latestVersion: string | null;
  /** Epoch ms. */
  readonly lastCheckedAtMs: number | null;
  readonly dismissedVersion: string | null;
}

const Schema = v.looseObject({
  latest_version: v.nullish(v.string()),
  last_checked_at: v.nullish(v.string()),
  dismissed_version: v.nullish(v.string()),
});

/** `missing` is normal: the file is made by the first update check. */
export const readVersionFile: CodexReader<Reading<VersionFile>> = async ({ home }) => {
  const path = join(home.path, 'version.json');
  const text = await readText(path, 64 * 1024);
  if (text.kind !== 'ok') return text;
  let document: unknown;
  try {
    document = JSON.parse(text.value);
  } catch {
    return { kind: 'malformed', path, message: 'not JSON' };
  }
  const parsed = v.safeParse(Schema, document);
  if (!parsed.success) return { kind: 'malformed', path, message: 'not the members that Codex writes' };
  const checkedAt = Date.parse(parsed.output.last_checked_at ?? '');
  return {
    kind: 'ok',
    path,
    value: {
      latestVersion: parsed.output.latest_version ?? null,
      lastCheckedAtMs: Number.isNaN(checkedAt) ? null : checkedAt,
      dismissedVersion: parsed.output.dismissed_version ?? null,
    },
  };
};
