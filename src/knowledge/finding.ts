/**
 * A finding: one problem, as data. `doctor`, `explain`, `remote`, the report and every renderer speak it.
 * What is general (title, fix, who acts) comes from the catalogue; what is particular (evidence, the sentence that
 * names this machine's file or pid) from whoever found it.
 */
import { failureEntry } from './catalogue.ts';
import type { FailureId } from './ids.ts';
import type { Actor, FixClass } from './types.ts';

export type Severity = 'fail' | 'warn' | 'info';

export interface Evidence {
  readonly source: 'file' | 'db' | 'log' | 'http' | 'process' | 'env' | 'config' | 'command';
  /** Path with line, table, URL, pid or variable name. */
  readonly where: string;
  /** What was seen there, redacted. */
  readonly what: string;
}

export interface Fix {
  readonly summary: string;
  /** The command that applies it, or the first one the person runs; `null` where no command helps. */
  readonly command: string | null;
  /** Part of a bare `--fix`. */
  readonly automatic: boolean;
  readonly steps: readonly string[];
  /** Which repair `--fix` (class A) or `--fix --yes` (class C) applies; `null` where there is none. */
  readonly repairId: string | null;
}

export interface Finding {
  readonly id: FailureId;
  /** What it is about on this machine (a path, a key, a server name): tells two findings of one id apart. */
  readonly subject: string;
  readonly severity: Severity;
  readonly title: string;
  /** One sentence. */
  readonly cause: string;
  readonly evidence: readonly Evidence[];
  /** 0..1: how sure the evidence makes us. */
  readonly confidence: number;
  readonly fixClass: FixClass;
  readonly actor: Actor;
  readonly fix: Fix;
  readonly references: readonly string[];
}

export interface FindingInput {
  readonly subject: string;
  readonly evidence: readonly Evidence[];
  readonly severity?: Severity;
  /** Overrides the catalogue's title, sentence and steps with ones that name this machine's facts. */
  readonly title?: string;
  readonly cause?: string;
  readonly summary?: string;
  readonly steps?: readonly string[];
  /** Overrides the command; by default `steward doctor --fix --only ID` where a repair exists. */
  readonly command?: string | null;
  readonly confidence?: number;
  readonly actor?: Actor;
  readonly repairId?: string;
}

/** A finding of that failure, completed from the catalogue. */
export function finding(id: FailureId, input: FindingInput): Finding {
  const entry = failureEntry(id);
  const repairId = input.repairId ?? null;
  const automatic = repairId !== null && entry.fixClass === 'A';
  return {
    id,
    subject: input.subject,
    severity: input.severity ?? 'fail',
    title: input.title ?? entry.title,
    cause: input.cause ?? entry.cause,
    evidence: input.evidence,
    confidence: input.confidence ?? 1,
    fixClass: entry.fixClass,
    actor: input.actor ?? (repairId !== null ? 'steward' : entry.actor),
    fix: {
      summary: input.summary ?? entry.fix.summary,
      command:
        input.command !== undefined
          ? input.command
          : repairId === null
            ? null
            : `steward doctor --fix --only ${id}`,
      automatic,
      steps: input.steps ?? entry.fix.steps,
      repairId,
    },
    references: entry.references,
  };
}
