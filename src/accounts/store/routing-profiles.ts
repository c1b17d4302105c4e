/** What a project prefers among the accounts: `routing-profiles.json`. Only read here. */
import type { CodexScope } from '../../codex/home.ts';

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

/** The profile of the project that `scope.host.cwd` is in; `null` without one. */
export async function readRoutingProfile(_scope: CodexScope): Promise<RoutingProfile | null> {
  throw new Error('under construction');
}
