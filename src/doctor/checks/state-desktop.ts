/** Does the desktop app's global state parse; a damaged file costs its settings at the next start, and blocks repairs. */
import { readGlobalState } from '../../codex/global-state.ts';
import { processesOfHome, readCodexProcesses } from '../../codex/processes.ts';
import type { Reading } from '../../codex/reading.ts';
import { finding } from '../../knowledge/finding.ts';
import type { Check, CheckContext, CheckResult, FoundProblem } from '../check.ts';
import { planGlobalState } from '../repairs/state-desktop.ts';
import { shellWord } from './state-text.ts';

export const stateDesktopCheck: Check = {
  id: 'steward.state-desktop',
  category: 'state',
  title: 'global state of the desktop app',
  finds: ['state.global_state_corrupt'],
  timeoutMs: 5_000,
  async run(context): Promise<CheckResult> {
    const { main, backup } = await context.read(readGlobalState);
    const details = { file: describe(main), backup: describe(backup) };
    if (main.kind === 'missing' && backup.kind === 'missing') {
      return { status: 'skipped', summary: 'no desktop app here', details, problems: [] };
    }
    const problems: FoundProblem[] = [];
    for (const reading of [main, backup]) {
      if (isDamaged(reading)) problems.push(await problemOf(reading, main, backup, context));
    }
    if (problems.length > 0) {
      return { status: 'problems', summary: 'the global state is damaged', details, problems };
    }
    const closed = [main, backup].find((reading) => reading.kind === 'unreadable');
    if (closed?.kind === 'unreadable') {
      const summary = `${closed.path} cannot be read: ${closed.message}`;
      return { status: 'skipped', summary, details, problems };
    }
    return { status: 'ok', summary: 'both files parse', details, problems };
  },
};

/** Codes of what is no file at all: a folder, a pipe or device, a loop of links. */
const NO_FILE: ReadonlySet<string> = new Set(['EISDIR', 'NOT_A_FILE', 'ELOOP']);

type Damaged = Extract<Reading<unknown>, { kind: 'malformed' | 'unreadable' }>;

/** A file that is there and only not permitted is a matter of permissions. */
function isDamaged(reading: Reading<unknown>): reading is Damaged {
  return reading.kind === 'malformed' || (reading.kind === 'unreadable' && NO_FILE.has(reading.code));
}

/** A pipe or a loop of links has no content to keep: it is left to the person. */
function isRepairable(reading: Damaged): boolean {
  return reading.kind === 'malformed' || reading.code === 'EISDIR';
}

function describe(reading: Reading<unknown>): string {
  return reading.kind === 'ok' || reading.kind === 'missing' ? reading.kind : reading.message;
}

async function problemOf(
  reading: Damaged,
  main: Reading<unknown>,
  backup: Reading<unknown>,
  context: CheckContext,
): Promise<FoundProblem> {
  const line = reading.kind === 'malformed' && reading.line !== undefined ? `:${reading.line}` : '';
  const isMain = reading.path === main.path;
  const restorable = isMain && backup.kind === 'ok';
  const processes = processesOfHome(await context.read(readCodexProcesses), context.home.path);
  const app = processes.find(({ kind }) => kind === 'desktop');
  const common = {
    subject: reading.path,
    cause: `${reading.path} does not parse (${reading.message})${isMain ? ': the desktop app starts without its settings, projects and pairing' : ', so it cannot stand in for the file it backs up'}.`,
    evidence: [{ source: 'file' as const, where: `${reading.path}${line}`, what: reading.message }],
    summary: restorable
      ? 'With the app closed, put the content of its .bak back; the damaged file is kept aside.'
      : 'With the app closed, set the damaged file aside; the app writes a new one.',
  };
  if (app !== undefined) {
    const steps = ['Quit the Codex desktop app: it writes this file when it ends', 'steward doctor'];
    return {
      finding: finding('state.global_state_corrupt', {
        ...common,
        severity: 'warn',
        actor: 'you',
        command: null,
        steps,
      }),
    };
  }
  if (!isRepairable(reading)) {
    const steps = [
      `mv ${shellWord(reading.path, context.host.platform)} ${shellWord(`${reading.path}.aside`, context.host.platform)}`,
    ];
    return {
      finding: finding('state.global_state_corrupt', { ...common, actor: 'you', command: null, steps }),
    };
  }
  const repairId = restorable ? 'state.global_state_corrupt.restore' : 'state.global_state_corrupt.set_aside';
  return {
    finding: finding('state.global_state_corrupt', {
      ...common,
      severity: isMain ? 'fail' : 'warn',
      repairId,
    }),
    plan: () => planGlobalState(reading.path, restorable ? backup.path : null, repairId),
  };
}
