/**
 * Whether this Codex home was made by copying another machine's: its enrolments carry another name, and the id file is younger on
 * this disk than they are. The name alone proves no more than a rename.
 */
import type { CodexReader } from '../codex/home.ts';
import { hostName, installationIdMadeAt } from '../codex/installation-id.ts';
import { readEnrollments } from '../codex/state-db.ts';

export interface CloneSigns {
  readonly kind: 'copied' | 'renamed';
  /** Under which names it was enrolled. */
  readonly names: string;
  /** The name of this machine. */
  readonly hostName: string;
  /** Epoch ms: when the enrolment was written, and the id file made on this disk. */
  readonly writtenAt: number;
  readonly madeAt: number | null;
}

const MARGIN_MS = 60_000;

/** The signs; `null` where an enrolment carries this machine's own name, or there is none. */
export const readCloneSigns: CodexReader<CloneSigns | null> = async (scope) => {
  const read = await readEnrollments(scope);
  const rows = read.kind === 'ok' ? read.value : [];
  const [name, madeAt] = await Promise.all([hostName(scope.host), installationIdMadeAt(scope.home.path)]);
  const foreign = rows.filter((row) => row.serverName !== '' && row.serverName !== name);
  const [first] = foreign;
  if (first === undefined || foreign.length < rows.length) return null;
  const isYounger = madeAt !== null && foreign.every((row) => madeAt > row.updatedAtMs + MARGIN_MS);
  return {
    kind: isYounger ? 'copied' : 'renamed',
    names: [...new Set(foreign.map((row) => row.serverName))].join(', '),
    hostName: name,
    writtenAt: first.updatedAtMs,
    madeAt,
  };
};
