/** What a person is told once, the first time that the gateway serves their sessions. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { CodexScope } from '../codex/home.ts';
import { systemCode } from '../errors.ts';
import { ensurePrivateFolder } from '../storage/atomic-file.ts';
import type { Terminal } from './render/terminal.ts';

const NOTICE = `codex now goes through steward's gateway on this machine, because you have more than one account: when one is at
its limit, another of yours answers. It is unofficial and not connected with OpenAI; it is meant for accounts that are
yours, on your own machine, and not for sharing. It keeps no account from limits or from enforcement, and never works
around a safety decision. Your provider's terms are yours to keep.
Off: steward auth rotation disable · for one run: CODEX_MULTI_AUTH_BYPASS=1 codex … · everything else works without it.
`;

/** Prints the notice on standard error, once in the life of this Codex home. */
export async function tellRotationNotice({ home }: CodexScope, terminal: Terminal): Promise<void> {
  const folder = join(home.path, 'steward');
  await ensurePrivateFolder(folder);
  try {
    await (await open(join(folder, 'rotation-notice'), 'wx', 0o600)).close();
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return;
    throw error;
  }
  terminal.err(terminal.paint('dim', NOTICE));
}
