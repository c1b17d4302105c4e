/** Files that `config.toml` names and Codex reads while it loads: a missing one keeps Codex from starting. */
import { stat } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import type { ConfigFault } from './config-fault.ts';
import type { ConfigFile } from './config-file.ts';
import type { CodexScope } from './home.ts';

/** Of 0.133 and 0.169: "failed to read model instructions file …: No such file or directory". */
const NAMED_FILES = [
  'model_instructions_file',
  'experimental_compact_prompt_file',
  'model_catalog_json',
] as const;

/** One fault for each named file that is not there. `path` is the file that names them. */
export async function judgeNamedFiles(
  scope: CodexScope,
  path: string,
  file: ConfigFile,
): Promise<readonly ConfigFault[]> {
  const faults: ConfigFault[] = [];
  for (const key of NAMED_FILES) {
    const named = file.value[key];
    if (typeof named !== 'string') continue;
    const target = resolveNamed(named, dirname(path), scope.host.userHome);
    if (await isFile(target)) continue;
    faults.push({
      key: [key],
      kind: 'value',
      era: 'all',
      expected: 'a file that exists',
      found: named === '' ? 'nothing' : `${target}, which is not a file`,
      correction: { kind: 'comment-out', key: [key], what: 'the file does not exist' },
    });
  }
  return faults;
}

function resolveNamed(named: string, folder: string, userHome: string): string {
  if (named === '~' || named.startsWith('~/')) return join(userHome, named.slice(1));
  return isAbsolute(named) ? named : join(folder, named);
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false; // absent or out of reach: Codex cannot read it either
  }
}
