/** What the screen of the accounts is given, made of invented accounts in memory. */
import type { Account, Pool } from '../../src/accounts/account.ts';
import { forecastPool } from '../../src/accounts/forecast/forecast.ts';
import type { Usage } from '../../src/accounts/quota/usage-facts.ts';
import { prepareCandidates } from '../../src/accounts/selection/candidate.ts';
import {
  DEFAULT_SELECTION_SETTINGS,
  NO_PREFERENCES,
  NO_RUNTIME,
} from '../../src/accounts/selection/facts.ts';
import type { Snapshot } from '../../src/cli/auth-screen/model.ts';
import { inventedPool } from './invented-accounts.ts';

/** Monday 2026-09-21, 12:00 of the machine's own time. */
export const SCREEN_NOW = new Date(2026, 8, 21, 12).getTime();
const HOUR = 3_600_000;

/** A reading of a `plus` account: 5h and weekly limits, so much of each used. */
export function inventedUsage(usedShort: number, usedWeekly: number, members: Partial<Usage> = {}): Usage {
  return {
    planType: 'plus',
    windows: [
      { name: '5h', usedPercent: usedShort, windowMinutes: 300, resetsAt: SCREEN_NOW + 2 * HOUR },
      { name: 'weekly', usedPercent: usedWeekly, windowMinutes: 10_080, resetsAt: SCREEN_NOW + 50 * HOUR },
    ],
    additional: [],
    limitReached: false,
    reachedType: null,
    credits: null,
    hasCredits: false,
    fetchedAt: SCREEN_NOW - 600_000,
    ...members,
  };
}

/** `usages`: the reading of each account, in the same order; `null` or missing: never asked. */
export function inventedSnapshot(
  accounts: readonly Account[],
  usages: readonly (Usage | null)[] = [],
  members: Partial<Pool> = {},
): Snapshot {
  const pool = inventedPool(accounts, members);
  const demand = { model: null, settings: DEFAULT_SELECTION_SETTINGS, profile: null };
  const facts = accounts.map((account, index) => ({
    account,
    quota: usages[index] ?? null,
    preferences: NO_PREFERENCES,
    runtime: NO_RUNTIME,
  }));
  const input = {
    candidates: prepareCandidates(facts, demand),
    model: null,
    strategy: demand.settings.strategy,
    now: SCREEN_NOW,
    pinnedIndex: pool.pinnedIndex,
    currentIndex: pool.activeIndex,
  };
  const paths = {
    root: '',
    poolFile: '',
    extrasFile: '',
    flaggedFile: '',
    settingsFile: '',
    quotaCacheFile: '',
    policiesFile: '',
    budgetsFile: '',
    routingProfilesFile: '',
    leasesFolder: '',
    lockFile: '',
    projectKey: null,
  };
  return {
    view: {
      reading: { kind: 'ok', pool, health: 'healthy', recoveredFrom: null, paths },
      loaded: { facts, demand, projectName: null, warnings: [] },
      input,
      forecast: forecastPool(input),
      now: SCREEN_NOW,
    },
    codexLogin: { text: 'Codex itself is logged in with Account 1', isSplit: false },
  };
}
