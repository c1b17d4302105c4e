/** A scenario: one named failure (or the healthy world), as data. */
import type { FaultInput } from '../fault.ts';
import type { LabSettingsPatch } from '../settings.ts';

/** The throw-away Codex home that goes with a scenario. */
export interface HomePlan {
  /** What `auth.json` holds. */
  readonly login: 'chatgpt' | 'api-key' | 'none';
  /** `expired`: the access token is past its time, so that Codex refreshes first. */
  readonly accessToken: 'good' | 'expired';
  /** Whether the stored session passed a second factor. */
  readonly mfa: boolean;
  /** Where the backend is said to be; `closed`: at a loopback port where nobody listens. */
  readonly backend: 'lab' | 'closed';
  /** The same for the model; `backend`: below the backend's own address, where 0.169 asks for the routing first. */
  readonly model: 'lab' | 'backend' | 'closed';
  /** More lines of `config.toml`, top level; `{url}` becomes the lab's address. */
  readonly config: readonly string[];
}

export interface Scenario {
  /** Short and plain; combined scenarios are joined by `+`. */
  readonly name: string;
  /** Id of the failure catalogue, `null` for worlds without a failure. */
  readonly failureId: string | null;
  /** One line for `steward lab list`. */
  readonly summary: string;
  /** The command that shows it best. */
  readonly shows: string;
  readonly faults: readonly FaultInput[];
  readonly settings: LabSettingsPatch;
  /** Clients on the server that never finished their enrolment. */
  readonly pendingClients: number;
  readonly home: HomePlan;
}

/** A scenario as a family file writes it: what is healthy is left out. */
export interface ScenarioInput {
  readonly name: string;
  readonly failureId: string | null;
  readonly summary: string;
  readonly shows?: string;
  readonly faults?: readonly FaultInput[];
  readonly settings?: LabSettingsPatch;
  readonly pendingClients?: number;
  readonly home?: Partial<HomePlan>;
}

export const HEALTHY_HOME: HomePlan = {
  login: 'chatgpt',
  accessToken: 'good',
  mfa: true,
  backend: 'lab',
  model: 'lab',
  config: [],
};

export const EXEC = 'codex exec --skip-git-repo-check hi';
export const LOGIN = 'codex login --device-auth';
export const REMOTE = 'codex remote-control start';

/** Fills in the healthy rest, and names the faults after their scenario. */
export function scenario(input: ScenarioInput): Scenario {
  return {
    name: input.name,
    failureId: input.failureId,
    summary: input.summary,
    shows: input.shows ?? EXEC,
    faults: (input.faults ?? []).map((fault) => ({ name: input.name, ...fault })),
    settings: input.settings ?? {},
    pendingClients: input.pendingClients ?? 0,
    home: { ...HEALTHY_HOME, ...input.home },
  };
}
