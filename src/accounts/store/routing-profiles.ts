/** What a project prefers among the accounts: `routing-profiles.json`. Only read here. */
import * as v from 'valibot';
import type { CodexScope } from '../../codex/home.ts';
import { readJson } from './json-file.ts';
import { type AccountPaths, resolveAccountPaths } from './paths.ts';
import { findProject } from './project.ts';
import { isRow, type Row, RowSchema, takeFrom } from './row.ts';

export interface RoutingProfile {
  readonly projectKey: string;
  readonly projectName: string;
  readonly preferredTags: readonly string[];
  readonly avoidTags: readonly string[];
  readonly modelAllowlist: readonly string[];
  readonly modelDenylist: readonly string[];
  /** By the documented policy key (`policyKey`); 0 to 10. */
  readonly accountWeightByKey: Readonly<Record<string, number>>;
  readonly budgetKey: string | null;
}

const Name = v.pipe(v.string(), v.trim(), v.nonEmpty());
const List = v.array(v.unknown());

/**
 * The profile of the project that `scope.host.cwd` is in; `null` without one, or without a file that can be read.
 * `known`: the paths, where they are at hand.
 */
export async function readRoutingProfile(
  scope: CodexScope,
  known?: AccountPaths,
): Promise<RoutingProfile | null> {
  const profiles = await readRoutingProfiles(scope, known);
  if (profiles.size === 0) return null;
  const project = await findProject(scope.host.cwd, scope.host.platform);
  return (project === null ? undefined : profiles.get(project.key)) ?? null;
}

/** The profiles of all projects, by project key; empty without a file that can be read. */
export async function readRoutingProfiles(
  scope: CodexScope,
  known?: AccountPaths,
): Promise<ReadonlyMap<string, RoutingProfile>> {
  const { routingProfilesFile } = known ?? (await resolveAccountPaths(scope));
  const reading = await readJson(routingProfilesFile);
  if (reading.kind !== 'ok' || reading.value.version !== 1) return new Map();
  const { profiles } = reading.value;
  if (!isRow(profiles)) return new Map();
  return new Map(
    Object.entries(profiles).flatMap(([key, row]) => (isRow(row) ? [[key, profileOf(key, row)]] : [])),
  );
}

function profileOf(projectKey: string, row: Row): RoutingProfile {
  const { take } = takeFrom(row);
  const words = (name: string) => {
    const all = (take(name, List) ?? []).filter((word) => typeof word === 'string');
    return [...new Set(all.map((word) => word.trim().toLowerCase()).filter((word) => word !== ''))].sort();
  };
  const weights = Object.entries(take('accountWeightByKey', RowSchema) ?? {});
  return {
    projectKey,
    projectName: take('projectName', Name) ?? 'project',
    preferredTags: words('preferredTags'),
    avoidTags: words('avoidTags'),
    modelAllowlist: words('modelAllowlist'),
    modelDenylist: words('modelDenylist'),
    accountWeightByKey: Object.fromEntries(
      weights.flatMap(([key, weight]) =>
        typeof weight === 'number' ? [[key, Math.max(0, Math.min(10, weight))] as const] : [],
      ),
    ),
    budgetKey: take('budgetKey', Name),
  };
}
