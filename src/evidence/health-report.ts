/**
 * The health report: one object with all that a maintainer asks for. What other rooms know (doctor, gateway, remote
 * control, accounts) is handed in as data; the rest is read here. It comes out scrubbed.
 */
import type { CodexScope } from '../codex/home.ts';
import { type InstallFacts, readInstalls } from './installs.ts';
import { type RecentFailure, type RecentFailures, readRecentFailures } from './recent-failures.ts';
import type { Scrubber } from './scrubber.ts';
import { readSurroundings, type Surroundings } from './surroundings.ts';

/** A part that could not be had, and why. */
export interface Unavailable {
  readonly unavailable: { readonly code: string; readonly message: string };
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** What the other rooms say, as plain data. */
export interface HandedIn<Doctor> {
  readonly stewardVersion: string;
  readonly live: boolean;
  readonly doctor: Doctor;
  /** As `auth report --json` gives it. */
  readonly accounts: JsonObject | Unavailable;
  /** As `remote status --json` gives it. */
  readonly remote: JsonObject | Unavailable;
  readonly gateway: JsonObject | Unavailable;
  readonly shim: JsonObject | Unavailable;
  readonly signals: JsonObject | Unavailable;
}

export interface HealthReport<Doctor> extends HandedIn<Doctor> {
  readonly schemaVersion: 1;
  readonly command: 'report';
  /** ISO 8601. */
  readonly generatedAt: string;
  readonly codexHome: { readonly path: string; readonly source: string };
  readonly installs: InstallFacts;
  readonly environment: Surroundings;
  readonly recentFailures: readonly RecentFailure[];
}

export interface CollectedReport<Doctor> {
  readonly report: HealthReport<Doctor>;
  /** The lines behind `recentFailures`; not scrubbed. */
  readonly recent: RecentFailures;
}

/** Reads what is missing and puts the report together. Changes nothing. */
export async function collectReport<Doctor>(
  scope: CodexScope,
  handedIn: HandedIn<Doctor>,
  scrubber: Scrubber,
): Promise<CollectedReport<Doctor>> {
  const [installs, environment, recent] = await Promise.all([
    readInstalls(scope),
    readSurroundings(scope),
    readRecentFailures(scope),
  ]);
  const report: HealthReport<Doctor> = {
    schemaVersion: 1,
    command: 'report',
    generatedAt: new Date(scope.host.now()).toISOString(),
    ...handedIn,
    codexHome: scope.home,
    installs,
    environment,
    recentFailures: recent.failures,
  };
  return { report: scrubber.data(report), recent };
}
