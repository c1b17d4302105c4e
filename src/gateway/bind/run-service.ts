/** Handing the gateway's place to the service, and taking it back. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CodexScope } from '../../codex/home.ts';
import { askGateway, type FoundGateway, findGateway } from '../../gateway-client/control-client.ts';
import type { DaemonProgram } from '../daemon/start-daemon.ts';
import type { Service } from './service.ts';

const COMMAND_MS = 20_000;
const START_MS = 15_000;

/** Whether this system can have that service for this user now: `null`, or why not. */
export async function whyNoService({ host }: CodexScope, service: Service): Promise<string | null> {
  return await complaintOf(host.run, service.probe);
}

/**
 * The service's own process takes over from the one that runs; a stream that is under way there goes on. `null`, or why the
 * service did not come up.
 */
export async function startService(
  scope: CodexScope,
  program: DaemonProgram,
  service: Service,
  port: number,
): Promise<string | null> {
  await stopService(scope, service); // bound anew: the former one would be kept
  const former = await findGateway(scope);
  if (former.kind === 'running') await askGateway(former.file, 'POST', '/replace');
  for (const command of service.enable) {
    const complaint = await complaintOf(scope.host.run, command);
    if (complaint !== null) return `${command.join(' ')}: ${complaint}`;
  }
  const running = await awaitSuccessor(scope, program, former);
  if (running === null) return 'no gateway answers';
  return running.file.port === port ? null : `it listens on port ${running.file.port} instead of ${port}`;
}

/** Ends it, and tells what was in the way of that. */
export async function stopService({ host }: CodexScope, service: Service): Promise<readonly string[]> {
  return await complaints(host.run, service.disable);
}

/** After its file is gone. */
export async function forgetService({ host }: CodexScope, service: Service): Promise<readonly string[]> {
  return await complaints(host.run, service.forget);
}

type Run = CodexScope['host']['run'];

async function complaints(run: Run, commands: readonly (readonly string[])[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const command of commands) {
    const complaint = await complaintOf(run, command);
    if (complaint !== null) found.push(`${command.join(' ')}: ${complaint}`);
  }
  return found;
}

async function complaintOf(run: Run, [file = '', ...args]: readonly string[]): Promise<string | null> {
  const ran = await run(file, args, { timeoutMs: COMMAND_MS });
  switch (ran.kind) {
    case 'exited':
      return ran.code === 0 ? null : (ran.stderr.trim().split('\n')[0] ?? '') || `it ended with ${ran.code}`;
    case 'unstartable':
      return ran.message;
    case 'timeout':
      return 'it does not answer';
    case 'signalled':
      return `it was ended by ${ran.signal}`;
  }
}

/** The former process answers for a moment after it was told to give way. */
async function awaitSuccessor(
  scope: CodexScope,
  { stewardVersion }: DaemonProgram,
  former: FoundGateway,
): Promise<Extract<FoundGateway, { kind: 'running' }> | null> {
  const formerPid = former.kind === 'running' ? former.file.pid : null;
  const deadline = performance.now() + START_MS;
  for (;;) {
    const now = await findGateway(scope);
    if (now.kind === 'running' && now.file.pid !== formerPid && now.file.stewardVersion === stewardVersion)
      return now;
    if (performance.now() > deadline) return null;
    await sleep(50);
  }
}
