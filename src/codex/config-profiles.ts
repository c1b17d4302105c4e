/** Profiles as files: `<name>.config.toml`, chosen by `codex --profile <name>` (0.169; 0.133 does not read them). */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type ConfigReading, readConfigFile } from './config-file.ts';
import type { CodexReader } from './home.ts';

export interface ProfileFile {
  readonly kind: 'profile';
  readonly name: string;
  readonly path: string;
  readonly reading: ConfigReading;
}

const SUFFIX = '.config.toml';
/** More than a person has; a folder full of other things must not cost time. */
const MAX_PROFILES = 50;

/** Every profile file of this home. */
export const readProfileFiles: CodexReader<readonly ProfileFile[]> = async ({ home }) => {
  let names: readonly string[];
  try {
    names = await readdir(home.path);
  } catch {
    return []; // no such home, or not ours to list: other readings say so
  }
  const found = names
    .filter((name) => name.endsWith(SUFFIX) && name.length > SUFFIX.length)
    .slice(0, MAX_PROFILES);
  return Promise.all(
    found.map(async (file) => {
      const path = join(home.path, file);
      return {
        kind: 'profile' as const,
        name: file.slice(0, -SUFFIX.length),
        path,
        reading: await readConfigFile(path),
      };
    }),
  );
};
