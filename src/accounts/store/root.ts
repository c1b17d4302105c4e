/** The folder that accounts, settings and caches live in, as codex-multi-auth 2.8 looks for it. */
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { CodexScope } from '../../codex/home.ts';

export const POOL_NAME = 'openai-codex-accounts.json';
const OTHER_SIGNS = ['settings.json', 'config.json', 'dashboard-settings.json', 'projects'];

/** Absolute; need not exist. A Codex home of its own never falls back to the default home's accounts. */
export function resolveRoot({ host, home }: CodexScope): string {
  const named = host.env.CODEX_MULTI_AUTH_DIR?.trim() ?? '';
  if (named !== '') return resolve(host.cwd, named);
  const ofHome = join(resolve(host.cwd, home.path), 'multi-auth');
  const defaultHome = join(host.userHome, '.codex');
  if (join(defaultHome, 'multi-auth') !== ofHome) return ofHome;
  const places = [ofHome, join(host.userHome, 'DevTools', 'config', 'codex', 'multi-auth'), defaultHome];
  for (const place of places) if (hasPool(place)) return place;
  for (const place of places) if (hasSettings(place, place === defaultHome)) return place;
  return ofHome;
}

/** A pool, or what recovery can make one from. */
function hasPool(folder: string): boolean {
  if (existsSync(join(folder, POOL_NAME))) return true;
  return namesIn(folder).some(
    (name) => name.startsWith(`${POOL_NAME}.`) && !name.endsWith('.tmp') && !name.includes('.rotate.'),
  );
}

/** Codex's own home may have a `config.json` for other reasons; there only the accounts' own names count. */
function hasSettings(folder: string, isCodexHome: boolean): boolean {
  const signs = isCodexHome ? ['settings.json', 'projects'] : OTHER_SIGNS;
  return signs.some((name) => existsSync(join(folder, name)));
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // no folder, no pool
  }
}
