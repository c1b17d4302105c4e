/** Bringing the gateway up from a command: one for a home, of this version, however many ask at once. */
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CodexScope } from '../../codex/home.ts';
import { StewardError } from '../../errors.ts';
import { askGateway, type FoundGateway, findGateway, isAlive } from '../../gateway-client/control-client.ts';
import type { GatewayFile } from '../../gateway-client/gateway-file.ts';
import { redact } from '../../storage/redact.ts';
import { guarded } from './guard.ts';

export interface DaemonProgram {
  readonly node: string;
  readonly steward: string;
  readonly stewardVersion: string;
}

export interface RunningGateway {
  readonly file: GatewayFile;
  readonly how: 'was-running' | 'started' | 'replaced';
}

const START_MS = 15_000;

/** The gateway, started if need be; one of another version is replaced. Throws `ERR_GATEWAY_START`. */
export async function ensureGateway(scope: CodexScope, program: DaemonProgram): Promise<RunningGateway> {
  const found = await findGateway(scope);
  if (found.kind === 'running' && found.file.stewardVersion === program.stewardVersion)
    return { file: found.file, how: 'was-running' };
  if (found.kind === 'mute') throw cannotStart(`process ${found.pid} holds it and ${found.reason}`);
  const isUpgrade = found.kind === 'running';
  if (isUpgrade) await askGateway(found.file, 'POST', '/replace');
  const deadline = performance.now() + START_MS;
  // The former one gives the lock away within a moment; another command may start one in the same instant.
  for (let tries = 0; ; tries += 1) {
    const started = await spawnDaemon(scope, program);
    if (started.kind === 'failed') throw cannotStart(started.message);
    const now = await waitForGateway(scope, program, started.kind === 'held' ? 1_000 : START_MS);
    if (now !== null) return { file: now.file, how: isUpgrade ? 'replaced' : 'started' };
    if (performance.now() > deadline)
      throw cannotStart(`it did not answer within ${START_MS / 1000} seconds (${tries + 1} tries)`);
  }
}

/** Asks the running one to end and waits until it is gone. */
export async function stopGateway(scope: CodexScope): Promise<FoundGateway['kind'] | 'stopped'> {
  const found = await findGateway(scope);
  if (found.kind !== 'running') return found.kind;
  await askGateway(found.file, 'POST', '/stop');
  const deadline = performance.now() + START_MS;
  while (performance.now() < deadline) {
    if (!isAlive(found.status.pid)) return 'stopped';
    await sleep(30);
  }
  throw new StewardError(
    'ERR_GATEWAY_STOP',
    'environment',
    `the gateway (pid ${found.file.pid}) does not end`,
    {
      hint: 'Streams under way are given ten seconds; run `steward gateway status` again.',
    },
  );
}

/** Waits for a gateway of this version to answer; `null` when none does in that time. */
export async function waitForGateway(
  scope: CodexScope,
  program: DaemonProgram,
  timeoutMs: number,
): Promise<Extract<FoundGateway, { kind: 'running' }> | null> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await findGateway(scope);
    if (found.kind === 'running' && found.file.stewardVersion === program.stewardVersion) return found;
    if (performance.now() > deadline) return null;
    await sleep(30);
  }
}

type Spawned = { readonly kind: 'ready' | 'held' } | { readonly kind: 'failed'; readonly message: string };

/** Starts the process in a session of its own and waits for its one line. */
function spawnDaemon({ host }: CodexScope, { node, steward }: DaemonProgram): Promise<Spawned> {
  return new Promise((resolve) => {
    const [file, ...args] = guarded([node, steward, 'gateway', 'serve'], host.platform);
    const child = spawn(file, args, {
      cwd: host.userHome,
      env: host.env as NodeJS.ProcessEnv,
      detached: true,
      windowsHide: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    let complaint = '';
    const finish = (spawned: Spawned) => {
      clearTimeout(timer);
      child.stdout.destroy();
      child.stderr.destroy();
      child.unref();
      resolve(spawned);
    };
    const timer = setTimeout(
      () => finish({ kind: 'failed', message: `it said nothing within ${START_MS / 1000} seconds` }),
      START_MS,
    );
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes('"ready"')) finish({ kind: 'ready' });
      else if (said.includes('"held"')) finish({ kind: 'held' });
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-2_000);
    });
    child.on('error', (error) => finish({ kind: 'failed', message: error.message }));
    child.on('close', (code) =>
      finish({
        kind: 'failed',
        message: redact(complaint.trim().split('\n')[0] ?? '') || `it ended with code ${code}`,
      }),
    );
  });
}

function cannotStart(reason: string): StewardError {
  return new StewardError('ERR_GATEWAY_START', 'environment', `the gateway cannot be started: ${reason}`, {
    hint: 'steward gateway logs; Codex works without it: CODEX_MULTI_AUTH_BYPASS=1 codex …',
  });
}
