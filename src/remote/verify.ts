/**
 * Looks whether discarded state stays away. A desktop app that runs where we cannot see it (another user, another container)
 * writes its memory back within moments; one look right after the change would miss it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { readGlobalState } from '../codex/global-state.ts';
import type { CodexScope } from '../codex/home.ts';
import { readEnrollments } from '../codex/state-db.ts';
import type { Verification } from '../storage/journal.ts';
import { staleEdits } from './plans/stale.ts';
import type { StaleLocal } from './reconcile.ts';

/** When it is looked again, in ms after the change. */
const LOOKS_MS = [0, 250, 750];

/** Verified when none of the stale ids is there at any look. */
export async function isStaleGone(scope: CodexScope, stale: StaleLocal): Promise<Verification> {
  let waited = 0;
  for (const at of LOOKS_MS) {
    await sleep(at - waited);
    waited = at;
    const back = await whatIsBack(scope, stale);
    if (back === null) continue;
    return {
      kind: 'not-verified',
      reason: `${back} names it again: a Codex app that runs out of our sight has written its memory back; quit it everywhere first`,
    };
  }
  return { kind: 'verified' };
}

async function whatIsBack(scope: CodexScope, stale: StaleLocal): Promise<string | null> {
  const { main, backup } = await readGlobalState(scope);
  for (const file of [main, backup]) {
    if (file.kind === 'unreadable') return `${file.path} cannot be read (${file.message}) and may be what`;
    if (file.kind === 'ok' && staleEdits(file.value, stale).length > 0) return file.path;
  }
  const rows = await readEnrollments(scope);
  if (rows.kind === 'unreadable' || rows.kind === 'malformed')
    return `${rows.path} cannot be read and may be what`;
  const isBack = (id: string) => rows.kind === 'ok' && rows.value.some(({ serverId }) => serverId === id);
  return stale.rows.some(({ serverId }) => isBack(serverId)) ? rows.path : null;
}
