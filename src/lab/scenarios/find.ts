/** All scenarios, and the one (or the combination) behind a name. */
import { EXIT, StewardError } from '../../errors.ts';
import { nearestNames } from '../../nearest.ts';
import { AUTH_SCENARIOS } from './auth.ts';
import { HEALTHY_SCENARIOS } from './healthy.ts';
import { LIMIT_SCENARIOS } from './limits.ts';
import { MCP_SCENARIOS } from './mcp.ts';
import { MODEL_SCENARIOS } from './model.ts';
import { NETWORK_SCENARIOS } from './network.ts';
import { REMOTE_SCENARIOS } from './remote.ts';
import { HEALTHY_HOME, type HomePlan, type Scenario } from './scenario.ts';
import { STREAM_SCENARIOS } from './stream.ts';

const ALL: readonly Scenario[] = [
  ...HEALTHY_SCENARIOS,
  ...AUTH_SCENARIOS,
  ...REMOTE_SCENARIOS,
  ...LIMIT_SCENARIOS,
  ...MODEL_SCENARIOS,
  ...STREAM_SCENARIOS,
  ...NETWORK_SCENARIOS,
  ...MCP_SCENARIOS,
];

export interface ScenarioLine {
  readonly name: string;
  readonly failureId: string | null;
  readonly summary: string;
  /** The command that shows it best. */
  readonly shows: string;
}

/** Every scenario with its one line, in a fixed order; `ok` first. */
export function listScenarios(): readonly ScenarioLine[] {
  return ALL.map(({ name, failureId, summary, shows }) => ({ name, failureId, summary, shows }));
}

/**
 * The scenario of that name, or of several joined by `+`; a catalogue id (`remote.mfa_required`) means the first
 * scenario that shows it. Throws `ERR_LAB_SCENARIO` when there is none.
 */
export function findScenario(name: string): Scenario {
  const parts = name.split('+').map((part) => single(part.trim()));
  const [first, ...rest] = parts;
  return rest.reduce(combine, first ?? single(''));
}

function single(name: string): Scenario {
  const found =
    ALL.find((candidate) => candidate.name === name) ?? ALL.find((candidate) => candidate.failureId === name);
  if (found !== undefined) return found;
  const near = nearestNames(
    name,
    ALL.flatMap((candidate) => [candidate.name, candidate.failureId ?? []].flat()),
  );
  const meant = near.length === 0 ? '' : `Did you mean ${near.join(' or ')}? `;
  throw new StewardError('ERR_LAB_SCENARIO', 'user', `There is no scenario called "${name}".`, {
    hint: `${meant}"steward lab list" shows all of them.`,
    exitCode: EXIT.usage,
  });
}

/** Both failures at once; where they disagree about a switch, the later one wins. */
function combine(left: Scenario, right: Scenario): Scenario {
  return {
    name: `${left.name}+${right.name}`,
    failureId: left.failureId ?? right.failureId,
    summary: `${left.summary} ${right.summary}`,
    shows: left.failureId === null ? right.shows : left.shows,
    faults: [...left.faults, ...right.faults],
    settings: { ...left.settings, ...right.settings },
    pendingClients: left.pendingClients + right.pendingClients,
    home: combineHomes(left.home, right.home),
  };
}

/** Only what differs from the healthy home speaks. */
function combineHomes(left: HomePlan, right: HomePlan): HomePlan {
  return {
    login: right.login === HEALTHY_HOME.login ? left.login : right.login,
    accessToken: right.accessToken === HEALTHY_HOME.accessToken ? left.accessToken : right.accessToken,
    mfa: left.mfa && right.mfa,
    backend: right.backend === HEALTHY_HOME.backend ? left.backend : right.backend,
    model: right.model === HEALTHY_HOME.model ? left.model : right.model,
    config: [...left.config, ...right.config],
  };
}
