/**
 * The people of the lab: one invented ChatGPT account for each kind of plan. The addresses are of example.com, which
 * belongs to nobody.
 */
import type { LabIds } from './ids.ts';

export const LAB_ACCOUNT_NAMES = ['plus', 'second', 'pro', 'free', 'team', 'enterprise'] as const;

export type LabAccountName = (typeof LAB_ACCOUNT_NAMES)[number];

/** Whether the lab has an account of that name. */
export function isAccountName(text: string): text is LabAccountName {
  return LAB_ACCOUNT_NAMES.some((name) => name === text);
}

export interface LabAccount {
  /** How scenarios, the log and the control endpoint call it. */
  readonly name: LabAccountName;
  readonly email: string;
  /** `chatgpt_plan_type` as the token carries it. */
  readonly plan: string;
  readonly accountId: string;
  readonly userId: string;
  readonly workspaceName: string;
  readonly structure: 'personal' | 'workspace';
  /** An API key of that account, accepted by the model endpoints. */
  readonly apiKey: string;
}

const PLANS: Readonly<Record<LabAccountName, string>> = {
  plus: 'plus',
  second: 'plus',
  pro: 'pro',
  free: 'free',
  team: 'team',
  enterprise: 'enterprise',
};

/** All accounts, in a fixed order, with ids drawn from the seed. */
export function createAccounts(ids: LabIds): readonly LabAccount[] {
  return LAB_ACCOUNT_NAMES.map((name) => {
    const plan = PLANS[name];
    const structure = plan === 'team' || plan === 'enterprise' ? 'workspace' : 'personal';
    return {
      name,
      email: `${name}@example.com`,
      plan,
      accountId: ids.uuid(),
      userId: `user-${ids.hex(24)}`,
      workspaceName: structure === 'workspace' ? `Example ${name}` : 'Personal',
      structure,
      apiKey: `sk-lab-${name}-${ids.hex(32)}`,
    };
  });
}
