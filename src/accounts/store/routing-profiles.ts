/** What a project prefers among the accounts: `routing-profiles.json`. Only read here. */
import * as v from 'valibot';
import type { CodexScope } from '../../codex/home.ts';
import { readJson } from './json-file.ts';
import { type AccountPaths, resolveAccountPaths } from './paths.ts';
import { findProject } from './project.ts';
import { isRow, RowSchema, takeFrom } from './row.ts';

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
  const { routingProfilesFile } = known ?? (await resolveAccountPaths(scope));
  const reading = await readJson(routingProfilesFile);
  if (reading.kind !== 'ok' || reading.value.version !== 1) return null;
  const project = findProject(scope.host.cwd, scope.host.platform);
  if (project === null) return null;
  const { profiles } = reading.value;
  const row = isRow(profiles) ? profiles[project.key] : undefined;
  if (!isRow(row)) return null;
  const { take } = takeFrom(row);
  const words = (name: string) => {
    const all = (take(name, List) ?? []).filter((word) => typeof word === 'string');
    return [...new Set(all.map((word) => word.trim().toLowerCase()).filter((word) => word !== ''))].sort();
  };
  const weights = Object.entries(take('accountWeightByKey', RowSchema) ?? {});
  return {
    projectKey: project.key,
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
