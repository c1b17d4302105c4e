/** `steward shim`: a `codex` with steward in front, put on PATH, taken off, or looked at. */
import { type CodexScope, resolveCodexHome } from '../../codex/home.ts';
import { EXIT } from '../../errors.ts';
import { createHost } from '../../host.ts';
import { type Shell, shellsInUse } from '../../shim/shell-files.ts';
import { planShimInstall, planShimUninstall } from '../../shim/shim-plan.ts';
import { findOfficial, readShimState, type ShimState, shimFiles } from '../../shim/shim-state.ts';
import { isThere } from '../../storage/is-there.ts';
import type { ApplyOutcome } from '../../storage/journal.ts';
import type { RepairPlan } from '../../storage/steps.ts';
import { openJournal } from '../journal.ts';
import type { CommandDeps } from '../main.ts';
import { ownProgram } from '../own-program.ts';
import { hang, tildeText } from '../render/layout.ts';
import { redacted } from '../render/redacted.ts';
import { describeStep } from '../render/steps.ts';

export interface ShimInstallOptions {
  readonly shell?: readonly Shell[];
  /** False: `--no-path`. */
  readonly path?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export interface ShimOptions {
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** Puts it in place; 1 when the journal refused. Throws `ERR_SHIM_NO_CODEX` without an official copy. */
export async function runShimInstall(options: ShimInstallOptions, deps: CommandDeps): Promise<number> {
  const scope = openScope(deps);
  const program = ownProgram();
  const files = await shimFiles(scope.host, await findOfficial(scope), program);
  const shells = options.path === false ? [] : (options.shell ?? (await shellsInUse(scope.host, isThere)));
  const plan = await planShimInstall(scope.host, files, shells);
  const outcome = await applied(scope, plan, options, async () => {
    const state = await readShimState(scope, program);
    return state.files.every((file) => file.state === 'current') ? null : 'the files are not as written';
  });
  const code = tell('install', plan, outcome, options, deps, scope);
  if (options.json || options.dryRun || code !== EXIT.ok) return code;
  const state = await readShimState(scope, program);
  if (state.first?.isShim !== true) {
    const how =
      options.path === false
        ? `put ${state.folder} first on PATH`
        : 'open a new terminal, or run `exec $SHELL`: it is not in this one yet';
    deps.terminal.out(
      `  ${deps.terminal.paint('cyan', '→')} ${hang(tildeText(how, scope.host.userHome), deps.terminal.width, 4)}\n`,
    );
  }
  return code;
}

/** Takes it off again, whatever is left of it. */
export async function runShimUninstall(options: ShimOptions, deps: CommandDeps): Promise<number> {
  const scope = openScope(deps);
  const state = await readShimState(scope, ownProgram());
  const plan = await planShimUninstall(
    scope.host,
    state.files.map(({ path }) => path),
  );
  const outcome = await applied(scope, plan, options, async () => {
    const after = await readShimState(scope, ownProgram());
    const left = [...after.inShells, ...after.files.filter((file) => file.state !== 'missing')];
    return left.length === 0 ? null : `still there: ${left.map(({ path }) => path).join(', ')}`;
  });
  return tell('uninstall', plan, outcome, options, deps, scope);
}

/** What a shell starts for `codex`, and whether the shim is whole; 1 when it is installed and not in effect. */
export async function runShimStatus(options: ShimOptions, deps: CommandDeps): Promise<number> {
  const scope = openScope(deps);
  const state = await readShimState(scope, ownProgram());
  const judged = judge(state);
  if (options.json) {
    const { official, ...rest } = state;
    const shown = {
      ...rest,
      official: official && { path: official.path, native: official.native, version: official.version },
    };
    deps.terminal.out(
      `${JSON.stringify({ schemaVersion: 1, command: 'shim status', state: judged.state, ...shown }, null, 2)}\n`,
    );
    return judged.isTrouble ? EXIT.problems : EXIT.ok;
  }
  const { paint, out, width } = deps.terminal;
  const mark = judged.isTrouble
    ? paint('yellow', '▲')
    : judged.state === 'active'
      ? paint('green', '✔')
      : paint('dim', '·');
  out(`${mark} ${hang(tildeText(judged.sentence, scope.host.userHome), width, 2)}\n`);
  for (const [name, value] of rowsOf(state))
    out(`  ${paint('dim', name.padEnd(10))} ${tildeText(value, scope.host.userHome)}\n`);
  if (judged.next !== null) out(`  ${paint('cyan', '→')} ${judged.next}\n`);
  return judged.isTrouble ? EXIT.problems : EXIT.ok;
}

interface Judged {
  readonly state: 'active' | 'not-installed' | 'shadowed' | 'not-on-path' | 'outdated';
  readonly sentence: string;
  readonly isTrouble: boolean;
  readonly next: string | null;
}

function judge({ files, first, official, inShells, folder }: ShimState): Judged {
  if (files.every((file) => file.state === 'missing')) {
    return {
      state: 'not-installed',
      sentence: 'The shim is not installed: `codex` is the official program alone.',
      isTrouble: inShells.length > 0,
      next:
        inShells.length > 0
          ? 'steward shim uninstall (start-up files still name it)'
          : 'steward shim install',
    };
  }
  if (files.some((file) => file.state !== 'current')) {
    const why =
      official === null ? 'no official codex is left for it to start' : 'Codex or steward was moved since';
    return {
      state: 'outdated',
      sentence: `The shim is out of date: ${why}.`,
      isTrouble: true,
      next: official === null ? 'steward doctor' : 'steward shim install',
    };
  }
  if (first?.isShim === true)
    return { state: 'active', sentence: '`codex` goes through steward.', isTrouble: false, next: null };
  if (first === null || inShells.length === 0)
    return {
      state: 'not-on-path',
      sentence: `The shim is there, but ${folder} is not on PATH.`,
      isTrouble: true,
      next: 'open a new terminal; if it stays so: steward shim install',
    };
  return {
    state: 'shadowed',
    sentence: `The shim is there, but ${first.path} comes first on PATH.`,
    isTrouble: true,
    next: 'open a new terminal; if it stays so, a later line of your start-up file puts that folder first: move it above the codex-steward block',
  };
}

function rowsOf({ first, official, inShells, folder }: ShimState): readonly (readonly [string, string])[] {
  return [
    ['codex', first?.path ?? 'none on PATH'],
    [
      'official',
      official === null ? 'none found' : `${official.native} (${official.version ?? 'version unknown'})`,
    ],
    ['folder', folder],
    ['PATH in', inShells.length === 0 ? 'no start-up file' : inShells.map(({ path }) => path).join(', ')],
  ];
}

type Applied = ApplyOutcome | { readonly kind: 'nothing-to-do' } | { readonly kind: 'dry-run' };

async function applied(
  scope: CodexScope,
  plan: RepairPlan | null,
  options: ShimOptions,
  problemAfter: () => Promise<string | null>,
): Promise<Applied> {
  if (plan === null) return { kind: 'nothing-to-do' };
  if (options.dryRun) return { kind: 'dry-run' };
  return await openJournal(scope).apply(plan, {
    verify: async () => {
      const reason = await problemAfter();
      return reason === null ? { kind: 'verified' } : { kind: 'not-verified', reason };
    },
  });
}

function tell(
  what: 'install' | 'uninstall',
  plan: RepairPlan | null,
  outcome: Applied,
  options: ShimOptions,
  { terminal }: CommandDeps,
  { host }: CodexScope,
): number {
  const failed = outcome.kind === 'refused' || outcome.kind === 'rolled-back';
  const steps = plan?.steps.map((step) => describeStep(step)) ?? [];
  if (options.json) {
    const answer = {
      schemaVersion: 1,
      command: `shim ${what}`,
      dryRun: options.dryRun === true,
      outcome: redacted(outcome),
      steps,
    };
    terminal.out(`${JSON.stringify(answer, null, 2)}\n`);
    return failed ? EXIT.problems : EXIT.ok;
  }
  const line = (mark: string, text: string) =>
    terminal.out(`${mark} ${hang(tildeText(text, host.userHome), terminal.width, 2)}\n`);
  if (outcome.kind === 'nothing-to-do')
    line(
      terminal.paint('dim', '·'),
      what === 'install' ? 'The shim is in place already.' : 'There is no shim to remove.',
    );
  else if (outcome.kind === 'dry-run') line(terminal.paint('cyan', '·'), `Would: ${plan?.summary ?? ''}`);
  else if (outcome.kind === 'repaired')
    line(terminal.paint('green', '✔'), `${plan?.summary ?? ''} Undo: steward undo ${outcome.id}`);
  else line(terminal.paint('red', '✖'), `Nothing was changed: ${outcome.reason}`);
  for (const step of steps) line(' ', `  · ${step}`);
  return failed ? EXIT.problems : EXIT.ok;
}

function openScope({ signal }: CommandDeps): CodexScope {
  const host = createHost();
  return { host, home: resolveCodexHome(host), signal };
}
