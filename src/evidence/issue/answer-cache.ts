/**
 * GitHub's answers with their ETags, below `$CODEX_HOME/steward/cache/github`: an answer that has not changed costs
 * nothing of the rate limit. A private issue's text may stand here, so the folder is for its owner alone.
 */
import { createHash } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import type { CodexScope } from '../../codex/home.ts';
import { readText } from '../../codex/reading.ts';
import { messageOf, StewardError, systemCode } from '../../errors.ts';
import { ensurePrivateFolder, writeFileAtomic } from '../../storage/atomic-file.ts';
import { giveToHomeOwner, journalPaths } from '../../storage/journal/folder.ts';

const EntrySchema = v.object({
  url: v.string(),
  etag: v.string(),
  /** Of the pages that follow. */
  link: v.nullable(v.string()),
  data: v.unknown(),
});

export type CachedAnswer = v.InferOutput<typeof EntrySchema>;

export interface AnswerCache {
  read(url: string): Promise<CachedAnswer | null>;
  /** Where it cannot be kept, it is not: see `problem`. */
  write(answer: CachedAnswer): Promise<void>;
  /** Why answers are not kept; `null` while they are. */
  problem(): string | null;
  /** To be called at the end: what root made below somebody's home becomes the owner's. */
  close(): Promise<void>;
}

const MAX_BYTES = 32 * 1024 * 1024;
const MAX_FILES = 600;

/** `identity` keeps what one token may see from another; it is not stored. Entries that cannot be read count as none. */
export function createAnswerCache({ home, host }: CodexScope, identity: string): AnswerCache {
  const folder = join(home.path, 'steward', 'cache', 'github');
  const pathOf = (url: string) =>
    join(folder, `${createHash('sha256').update(`${identity}\n${url}`).digest('hex').slice(0, 40)}.json`);
  let isReady = false;
  let problem: string | null = null;
  return {
    read: async (url) => {
      const reading = await readText(pathOf(url), MAX_BYTES);
      if (reading.kind !== 'ok') return null;
      try {
        const entry = v.parse(EntrySchema, JSON.parse(reading.value));
        return entry.url === url ? entry : null;
      } catch {
        return null; // half written by a crash, or by another version: it is asked for again
      }
    },
    write: async (answer) => {
      if (problem !== null) return;
      try {
        if (!isReady) {
          await makeFolders(folder);
          await prune(folder);
          isReady = true;
        }
        await writeFileAtomic(pathOf(answer.url), JSON.stringify(answer), { mode: 0o600, force: true });
      } catch (error) {
        if (!(error instanceof StewardError) && systemCode(error) === undefined) throw error;
        problem = messageOf(error); // a closed folder, a full disk, no Codex home: the answer itself is there
      }
    },
    problem: () => problem,
    close: async () => {
      if (isReady) await giveToHomeOwner(journalPaths(home.path), host.uid);
    },
  };
}

async function makeFolders(folder: string): Promise<void> {
  const cache = dirname(folder);
  for (const each of [dirname(cache), cache, folder]) await ensurePrivateFolder(each);
}

/** The oldest go. */
async function prune(folder: string): Promise<void> {
  const names = await readdir(folder);
  if (names.length <= MAX_FILES) return;
  const aged = await Promise.all(
    names.map(async (name) => ({ path: join(folder, name), at: (await stat(join(folder, name))).mtimeMs })),
  );
  aged.sort((a, b) => a.at - b.at);
  for (const { path } of aged.slice(0, names.length - MAX_FILES)) await rm(path, { force: true });
}
