/**
 * A simulated OpenAI on loopback: the login issuer, the ChatGPT backend, the model over SSE and WebSocket, and remote
 * control, with every failure that a server can cause at the turn of a switch.
 */
import { createServer } from 'node:http';
import { Socket } from 'node:net';
import type { LabAccount } from './accounts.ts';
import { applyScenario, executeControl, labState } from './control/execute.ts';
import { answerControl, type ControlHttpDeps, isControlRequest } from './control/http.ts';
import type { ControlCommand, LabState } from './control/protocol.ts';
import { createDispatcher, ownFault } from './dispatch.ts';
import { createFaultBook } from './fault-book.ts';
import { listenOnLoopback } from './loopback.ts';
import { createRequestLog, type LabRequest } from './request-log.ts';
import { findScenario } from './scenarios/find.ts';
import type { Scenario } from './scenarios/scenario.ts';
import { sendAnswer } from './send.ts';
import { refuseTunnel } from './tunnel.ts';
import { createUpgradeHandler } from './upgrade.ts';
import { codexConfig, labEnvironment } from './wiring.ts';
import { createWorld, type LabWorld } from './world.ts';

export interface LabOptions {
  /** `127.0.0.1` (default) or `::1`. */
  readonly host?: string;
  /** 0 (default) takes a free port. */
  readonly port?: number;
  /** A scenario, or several joined by `+`; `ok` without it. */
  readonly scenario?: string;
  /** The same seed invents the same accounts and ids. */
  readonly seed?: string;
  /** The clock below the lab's own, epoch ms. */
  readonly now?: () => number;
  readonly onRequest?: (request: LabRequest) => void;
}

export interface Lab {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly port: number;
  /** Bearer token of the control endpoint, for `createLabControl(url, controlToken)` in another process. */
  readonly controlToken: string;
  readonly accounts: readonly LabAccount[];
  /** For those who make homes and logins for this lab in the same process. */
  readonly world: LabWorld;
  /** The scenario in force. */
  scenario(): Scenario;
  /** Lines of `config.toml` that point a Codex at this lab. */
  codexConfig(): readonly string[];
  /** Environment variables that do the same for logins and refreshes; `undefined` means: must not be set. */
  environment(): Readonly<Record<string, string | undefined>>;
  /** The same as the control endpoint, in this process. Throws `StewardError` for an unknown scenario. */
  control(command: ControlCommand): Promise<unknown>;
  state(): LabState;
  requests(): readonly LabRequest[];
  /** Ends every connection and frees the port. */
  stop(): Promise<void>;
}

/** Starts a lab. Throws `ERR_LAB_HOST`, `ERR_LAB_LISTEN` or `ERR_LAB_SCENARIO`. */
export async function startLab(options: LabOptions = {}): Promise<Lab> {
  let scenario = findScenario(options.scenario ?? 'ok');
  const server = createServer({ keepAlive: true });
  const listener = await listenOnLoopback(server, options.host ?? '127.0.0.1', options.port ?? 0);
  const url = `http://${listener.host.includes(':') ? `[${listener.host}]` : listener.host}:${listener.port}`;

  const world = createWorld({ baseUrl: url, seed: options.seed ?? 'lab', now: options.now ?? Date.now });
  const faults = createFaultBook();
  const log = createRequestLog(options.onRequest ?? (() => {}));
  const deps = { world, faults, log };
  const dispatch = createDispatcher(deps);
  const upgrades = createUpgradeHandler(deps);
  const control: ControlHttpDeps = {
    ...deps,
    token: world.ids.hex(32),
    scenario: () => scenario,
    setScenario: (next) => {
      scenario = next;
    },
    refuse: (ms) => listener.refuse(ms),
    dropSockets: () => upgrades.closeAll(),
  };
  applyScenario(scenario, deps);

  server.on('request', (request, response) => {
    const handled = isControlRequest(request)
      ? answerControl(request, response, control)
      : dispatch(request, response);
    handled.catch((error) => {
      if (response.headersSent) response.destroy();
      else sendAnswer(response, ownFault(error), undefined, world.clock);
    });
  });
  server.on('upgrade', (request, stream, head) => {
    upgrades.handle(request, stream, head).catch(() => stream.destroy()); // the client sees a broken handshake
  });
  server.on('connect', (request, stream) => {
    log.add({
      time: world.clock.iso(),
      method: 'CONNECT',
      path: request.url ?? '',
      account: null,
      status: 403,
      ms: 0,
      note: 'the lab lets nothing out',
    });
    if (stream instanceof Socket) refuseTunnel(stream);
  });

  return {
    url,
    port: listener.port,
    controlToken: control.token,
    accounts: world.accounts,
    world,
    scenario: () => scenario,
    codexConfig: () => codexConfig(url, scenario.home),
    environment: () => labEnvironment(url),
    control: (command) => executeControl(command, control),
    state: () => labState(control),
    requests: () => log.all(),
    stop: async () => {
      upgrades.closeAll();
      await listener.stop();
    },
  };
}
