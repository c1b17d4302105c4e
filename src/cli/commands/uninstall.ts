/** `steward uninstall`: takes everything off this machine that steward put in Codex's way, after saying what that is. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { resolveAccountPaths } from '../../accounts/store/paths.ts';
import { type CodexScope, resolveCodexHome } from '../../codex/home.ts';
import { EXIT, StewardError } from '../../errors.ts';
import { unbindApp } from '../../gateway/bind/unbind-app.ts';
import { stopGateway } from '../../gateway/daemon/start-daemon.ts';
import { readBinding } from '../../gateway-client/binding.ts';
import { findGateway } from '../../gateway-client/control-client.ts';
import { readSessionsAt } from '../../gateway-client/sessions.ts';
import { createHost } from '../../host.ts';
import { planShimUninstall } from '../../shim/shim-plan.ts';
import { readShimState } from '../../shim/shim-state.ts';
import type { RepairPlan } from '../../storage/steps.ts';
import { openJournal } from '../journal.ts';
import type { CommandDeps } from '../main.ts';
import { ownProgram } from '../own-program.ts';
import { count, hang, tildeText } from '../render/layout.ts';
import { redacted } from '../render/redacted.ts';
import { describeStep } from '../render/steps.ts';

export interface UninstallOptions {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** One thing to take away. `do` tells why it was refused, or `null`. */
interface Part {
  readonly id: 'app' | 'shim' | 'gateway' | 'traces';
  readonly summary: string;
  readonly steps: readonly string[];
  readonly back: string | null;
  take(): Promise<string | null>;
}

type PartResult = 'removed' | 'refused' | 'not-tried' | 'planned' | 'declined';

/** Files that only a running gateway needs; of no use without it, and made anew by the next one. */
const TRACES = ['gateway.json', 'gateway.lock', 'gateway.log', 'gateway.log.1', 'rotation-notice'];

/** Tells, asks, and takes away; 1 when something was refused. Throws `ERR_UNINSTALL_CONSENT` where nobody can be asked. */
export async function runUninstall(options: UninstallOptions, deps: CommandDeps): Promise<number> {
  const host = createHost();
  const scope: CodexScope = { host, home: resolveCodexHome(host), signal: deps.signal };
  const parts = [
    await appPart(scope),
    await shimPart(scope),
    await gatewayPart(scope),
    await tracesPart(scope),
  ].filter((part) => part !== null);
  const left = await whatStays(scope);
  const say = (text: string, indent = 2) => {
    if (!options.json)
      deps.terminal.out(`${hang(tildeText(text, host.userHome), deps.terminal.width, indent)}\n`);
  };
  const { paint } = deps.terminal;
  for (const { summary, steps } of parts) {
    say(`${paint('cyan', '·')} ${summary}`);
    for (const step of steps) say(`    ${step}`, 6);
  }
  if (parts.length === 0) say(`${paint('dim', '·')} There is nothing of steward in Codex's way here.`);
  const results = new Map<Part['id'], { result: PartResult; reason: string | null }>();
  const isWanted = parts.length > 0 && !options.dryRun && (await consent(options, deps));
  let isRefused = false;
  for (const part of parts) {
    if (!isWanted || isRefused) {
      const result = options.dryRun ? 'planned' : isRefused ? 'not-tried' : 'declined';
      results.set(part.id, { result, reason: null });
      continue;
    }
    const reason = await part.take();
    isRefused = reason !== null;
    results.set(part.id, { result: isRefused ? 'refused' : 'removed', reason });
    if (isRefused) say(`${paint('red', '✖')} ${part.summary} Refused: ${reason}`);
    else say(`${paint('green', '✔')} ${part.summary}${part.back === null ? '' : ` Back: ${part.back}`}`);
  }
  say(`${paint('bold', 'What stays')}, because it is yours:`, 2);
  for (const { what, command } of left) say(`  ${what}: ${command}`, 4);
  if (options.json) {
    const answer = {
      schemaVersion: 1,
      command: 'uninstall',
      dryRun: options.dryRun === true,
      parts: parts.map(({ id, summary, steps, back }) => ({ id, summary, steps, back, ...results.get(id) })),
      left,
    };
    deps.terminal.out(`${JSON.stringify(redacted(answer), null, 2)}\n`);
  }
  return isRefused ? EXIT.problems : EXIT.ok;
}

async function appPart(scope: CodexScope): Promise<Part | null> {
  const binding = await readBinding(scope);
  if (binding.kind === 'none' || binding.kind === 'rival') return null;
  const steps =
    binding.kind === 'unreadable'
      ? [`${binding.path}: ${binding.reason}`]
      : [
          `${binding.configPath}: openai_base_url as it was before`,
          `${binding.record.serviceFile}: the ${binding.record.service} service, ended and removed`,
        ];
  return {
    id: 'app',
    summary: 'Free the packaged app from the gateway.',
    steps,
    back: 'steward auth rotation bind-app',
    take: async () => {
      const outcome = await unbindApp({ scope, journal: openJournal(scope), program: ownProgram() });
      return outcome.kind === 'refused' ? outcome.reason : null;
    },
  };
}

async function shimPart(scope: CodexScope): Promise<Part | null> {
  const state = await readShimState(scope, ownProgram());
  const plan: RepairPlan | null = await planShimUninstall(
    scope.host,
    state.files.map(({ path }) => path),
  );
  if (plan === null) return null;
  return {
    id: 'shim',
    summary: plan.summary,
    steps: plan.steps.map((step) => describeStep(step)),
    back: 'steward shim install',
    take: async () => {
      const outcome = await openJournal(scope).apply(plan, { verify: async () => ({ kind: 'verified' }) });
      return outcome.kind === 'repaired' ? null : outcome.reason;
    },
  };
}

async function gatewayPart(scope: CodexScope): Promise<Part | null> {
  const found = await findGateway(scope);
  if (found.kind === 'absent' || found.kind === 'unreadable') return null;
  const pid = found.kind === 'running' ? found.status.pid : found.pid;
  const sessions = found.kind === 'running' ? (await readSessionsAt(scope, found.file.port)).length : 0;
  return {
    id: 'gateway',
    summary: `Stop the gateway (pid ${pid}).`,
    steps:
      sessions === 0
        ? []
        : [
            `${count(sessions, 'running codex', 'running codex sessions')} cannot reach the model after it: end them first, or start them anew`,
          ],
    back: null,
    take: async () => {
      const ended = await stopGateway(scope);
      return ended === 'mute' ? `process ${pid} does not answer; end it with: kill ${pid}` : null;
    },
  };
}

async function tracesPart({ home }: CodexScope): Promise<Part | null> {
  const folder = join(home.path, 'steward');
  const { existsSync } = await import('node:fs');
  const paths = TRACES.map((name) => join(folder, name)).filter((path) => existsSync(path));
  if (paths.length === 0) return null;
  return {
    id: 'traces',
    summary: 'Remove what only a running gateway needs.',
    steps: paths,
    back: null,
    take: async () => {
      await Promise.all(paths.map((path) => rm(path, { force: true })));
      return null;
    },
  };
}

async function whatStays(
  scope: CodexScope,
): Promise<readonly { readonly what: string; readonly command: string }[]> {
  const { root } = await resolveAccountPaths(scope);
  const word = (path: string) =>
    /^[\w@%+=:,./~-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
  return [
    { what: 'accounts and settings (codex-multi-auth reads them too)', command: `rm -r ${word(root)}` },
    {
      what: 'the journal of changes with its backups, and the usage record',
      command: `rm -r ${word(join(scope.home.path, 'steward'))}`,
    },
    { what: 'steward itself', command: 'npm uninstall -g codex-steward' },
  ];
}

async function consent(options: UninstallOptions, { terminal }: CommandDeps): Promise<boolean> {
  if (options.yes) return true;
  if (!terminal.interactive || options.json)
    throw new StewardError('ERR_UNINSTALL_CONSENT', 'user', 'nothing was removed: nobody can be asked here', {
      hint: 'steward uninstall --yes; --dry-run shows what it would do',
      exitCode: EXIT.usage,
    });
  const { confirm, isCancel } = await import('@clack/prompts');
  const answer = await confirm({
    message: 'Take all this away?',
    initialValue: false,
    output: process.stderr,
  });
  return !isCancel(answer) && answer;
}
