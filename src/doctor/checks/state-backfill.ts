/** Is the build of the session index stuck: claimed by a Codex that is gone, while every new one waits 30 s for it. */
import { type CodexProcess, processesOfHome, readCodexProcesses } from '../../codex/processes.ts';
import { type Backfill, readStateDatabase } from '../../codex/state-db.ts';
import { finding } from '../../knowledge/finding.ts';
import type { Check, CheckResult } from '../check.ts';
import { planReleaseBackfill } from '../repairs/state-backfill.ts';

/** A claim not renewed for this long is taken over by the next Codex (0.133 and 0.169: not at 850 s, at 920 s yes). */
const LEASE_MS = 900_000;
/** A living builder renews its claim with every batch of files. */
const SLOW_MS = 120_000;
const BUILDERS: ReadonlySet<CodexProcess['kind']> = new Set([
  'cli',
  'app-server',
  'daemon',
  'mcp-server',
  'desktop',
]);

export const stateBackfillCheck: Check = {
  id: 'steward.state-backfill',
  category: 'state',
  title: 'session index',
  finds: ['state.backfill_timeout'],
  timeoutMs: 5_000,
  async run(context) {
    const state = await context.read(readStateDatabase);
    if (state.kind !== 'ok' || state.value.backfill === null) {
      const why = state.kind === 'missing' ? 'no state database yet' : 'the state database cannot be read';
      return state.kind === 'ok' ? quiet('no index state recorded', null) : skipped(why);
    }
    const { backfill, file } = state.value;
    if (backfill.status !== 'running') return quiet(`index ${backfill.status}`, backfill);
    const ageMs = Math.max(0, context.host.now() - backfill.updatedAtMs);
    const where = `${file.path}, table backfill_state`;
    const what = `status running, last progress ${Math.round(ageMs / 1000)} s ago${backfill.watermark ? ` at ${backfill.watermark}` : ''}`;
    const evidence = [{ source: 'db' as const, where, what }];
    const all = await context.read(readCodexProcesses);
    const builders = processesOfHome(all, context.home.path).filter(({ kind }) => BUILDERS.has(kind));
    if (builders.length > 0) {
      if (ageMs < SLOW_MS) return quiet('a running Codex is building the index', backfill);
      const pids = builders.map(({ pid }) => pid).join(', ');
      const problem = finding('state.backfill_timeout', {
        subject: file.path,
        severity: 'warn',
        actor: 'wait',
        command: null,
        cause: `A running Codex (pid ${pids}) may still be building the session index; others that start meanwhile give up after 30 s and show no history.`,
        evidence,
        confidence: 0.7,
        summary: `Let it finish; without progress the claim lapses at ${timeText(backfill.updatedAtMs + LEASE_MS)}.`,
        steps: ['Leave that Codex open until its history is there', 'Then start the others again'],
      });
      return {
        status: 'problems',
        summary: 'index build in progress',
        details: details(backfill),
        problems: [{ finding: problem }],
      };
    }
    if (ageMs >= LEASE_MS) return quiet('index left unfinished; the next Codex takes it over', backfill);
    const repairId = 'state.backfill_timeout.release';
    const problem = finding('state.backfill_timeout', {
      subject: file.path,
      cause: `The Codex that was building the session index is gone; until ${timeText(backfill.updatedAtMs + LEASE_MS)} every Codex that starts waits 30 s for it and then shows no history.`,
      evidence,
      summary: 'Release the claim of the Codex that is gone; the next Codex finishes the index.',
      repairId,
    });
    return {
      status: 'problems',
      summary: 'index build left behind',
      details: details(backfill),
      problems: [{ finding: problem, plan: () => planReleaseBackfill(state.value, repairId) }],
    };
  },
};

function details(backfill: Backfill): Readonly<Record<string, string>> {
  return { status: backfill.status, 'last progress': timeText(backfill.updatedAtMs) };
}

function quiet(summary: string, backfill: Backfill | null): CheckResult {
  return { status: 'ok', summary, details: backfill ? details(backfill) : {}, problems: [] };
}

function skipped(summary: string): CheckResult {
  return { status: 'skipped', summary, details: {}, problems: [] };
}

function timeText(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
