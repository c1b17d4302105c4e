/** Does what a control command says, to the world, the faults and the listener. */
import type { FaultBook } from '../fault-book.ts';
import { findScenario } from '../scenarios/find.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { HEALTHY_SETTINGS } from '../settings.ts';
import type { LabWorld } from '../world.ts';
import type { ControlCommand, LabState } from './protocol.ts';

const CALL_TIMEOUT_MS = 10_000;

export interface ControlDeps {
  readonly world: LabWorld;
  readonly faults: FaultBook;
  scenario(): Scenario;
  setScenario(scenario: Scenario): void;
  refuse(ms: number): void;
  dropSockets(): void;
}

/** Puts a scenario in force, in the place of whatever was. */
export function applyScenario(
  scenario: Scenario,
  { world, faults }: Pick<ControlDeps, 'world' | 'faults'>,
): void {
  faults.clear();
  faults.add(scenario.faults);
  world.change({ ...HEALTHY_SETTINGS, ...scenario.settings });
  const { pendingClients } = scenario;
  for (let made = 0; made < pendingClients; made += 1) {
    world.remote.addClient(world.account(world.settings().account), {
      displayName: `Example phone ${made + 1}`,
    });
  }
}

/** Gives the command's result, `null` when there is none, or `{ failed }` with the reason. */
export async function executeControl(command: ControlCommand, deps: ControlDeps): Promise<unknown> {
  const { world, faults } = deps;
  switch (command.do) {
    case 'scenario': {
      const scenario = findScenario(command.name);
      deps.setScenario(scenario);
      applyScenario(scenario, deps);
      return null;
    }
    case 'fault':
      faults.add(command.faults);
      return null;
    case 'clear-faults':
      faults.clear();
      return null;
    case 'settings':
      world.change(command.patch);
      return null;
    case 'move-clock':
      world.clock.move(command.ms);
      return null;
    case 'refuse':
      deps.refuse(command.ms);
      return null;
    case 'drop-sockets':
      deps.dropSockets();
      return null;
    case 'device':
      return world.devices.decide(command.userCode, command.decision);
    case 'revoke-sessions':
      world.sessions.revokeAll(command.account);
      return null;
    case 'add-clients':
      return Array.from(
        { length: command.count },
        () => world.remote.addClient(world.account(command.account)).clientId,
      );
    case 'revoke-client': {
      const client = world.remote.client(command.clientId);
      if (client !== undefined) client.status = 'revoked';
      return client !== undefined;
    }
    case 'forget-servers':
      for (const server of world.remote.servers()) world.remote.forget(server);
      return null;
    case 'end-ghosts':
      for (const server of world.remote.servers()) server.ghost = false;
      world.change({ ghost: 'none' });
      return null;
    case 'call-host': {
      const link = world.remote.environment(command.environmentId)?.link;
      if (link === undefined) return { failed: 'the machine is not connected' };
      return link.call('cli_lab_control', command.method, command.params, CALL_TIMEOUT_MS);
    }
  }
}

/** What the lab is up to. */
export function labState({ world, scenario }: Pick<ControlDeps, 'world' | 'scenario'>): LabState {
  return {
    scenario: scenario().name,
    settings: { ...world.settings() },
    clockOffsetMs: world.clock.offsetMs(),
    servers: world.remote.servers().map((server) => ({
      serverId: server.serverId,
      environmentId: server.environmentId,
      installationId: server.installationId,
      account: server.account.name,
      name: server.name,
      online: server.link !== undefined,
      ghost: server.ghost,
    })),
    clients: world.remote.clients().map((client) => ({
      clientId: client.clientId,
      account: client.account.name,
      status: client.status,
      environments: [...client.environments],
    })),
  };
}
