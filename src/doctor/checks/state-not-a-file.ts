/**
 * A pipe, a device, a socket or a loop of links where Codex opens a file: it waits for ever on a pipe, and fails on the
 * rest. Folders are looked at elsewhere; `auth.json`, `config.toml`, the databases and the global state have checks that say more.
 */
import { stat } from 'node:fs/promises';
import { relative } from 'node:path';
import type { HomeTree, TreeEntry } from '../../codex/home-tree.ts';
import { systemCode } from '../../errors.ts';
import { finding } from '../../knowledge/finding.ts';
import type { FoundProblem } from '../check.ts';
import { shellWord } from './state-text.ts';

const FILES =
  /^(\.env|installation_id|history\.jsonl|version\.json|models_cache\.json|app-server-daemon\/[\w.-]+\.(pid|json))$/;

/** One problem for each; nothing is said of names that this Codex home uses otherwise. */
export async function notFiles(tree: HomeTree): Promise<readonly FoundProblem[]> {
  const named = tree.entries.filter(({ path }) =>
    FILES.test(relative(tree.root.path, path).replaceAll('\\', '/')),
  );
  const kinds = await Promise.all(named.map(async (entry) => ({ entry, what: await strangeKind(entry) })));
  return kinds.flatMap(({ entry, what }) => (what === null ? [] : [problemOf(entry, what)]));
}

async function strangeKind(entry: TreeEntry): Promise<string | null> {
  if (entry.kind === 'other') return 'a pipe, socket or device';
  if (entry.kind === 'folder')
    return entry.path.endsWith('.pid') || entry.path.endsWith('settings.json') ? 'a folder' : null;
  if (entry.kind === 'file') return null;
  try {
    const target = await stat(entry.path);
    return target.isFile() ? null : 'a link to something that is not a file';
  } catch (error) {
    return systemCode(error) === 'ELOOP' ? 'a link that leads back to itself' : null; // a target that is not there yet is made
  }
}

function problemOf({ path }: TreeEntry, what: string): FoundProblem {
  const command = `mv ${shellWord(path, 'linux')} ${shellWord(`${path}.aside`, 'linux')}`;
  return {
    finding: finding('state.permission', {
      subject: path,
      title: 'Not a file',
      cause: `${path} is ${what}, where Codex opens a file: it waits for ever, or stops.`,
      evidence: [{ source: 'file', where: path, what }],
      summary: 'Set it aside; Codex makes the file where it needs one.',
      actor: 'you',
      command,
      steps: [command],
    }),
  };
}
