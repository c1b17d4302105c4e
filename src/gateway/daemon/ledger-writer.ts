/** Requests into the usage ledger: in batches, off the requests' way. A full disk costs the record, never the traffic. */
import { randomUUID } from 'node:crypto';
import { insertUsage, openLedger, pruneUsage } from '../../accounts/ledger/ledger.ts';
import type { UsageRecord } from '../../accounts/ledger/record.ts';
import type { CodexScope } from '../../codex/home.ts';
import { messageOf } from '../../errors.ts';
import type { DatabaseConnection } from '../../storage/sqlite.ts';
import type { RequestEvent } from '../events.ts';
import type { ThreadProjects } from '../thread-projects.ts';

export interface LedgerWriter {
  add(event: RequestEvent): void;
  /** Writes what is left. */
  close(): Promise<void>;
}

const WRITE_EVERY_MS = 1_000;
/** While the database cannot be written, this many records wait; older ones go. */
const MAX_WAITING = 10_000;
const PRUNE_EVERY = 5_000;

export interface LedgerWriterDeps {
  readonly scope: CodexScope;
  readonly projects: ThreadProjects;
  /** Told once for each kind of failure. */
  onTrouble(message: string): void;
}

/** The ledger is opened with the first request. */
export function createLedgerWriter({ scope, projects, onTrouble }: LedgerWriterDeps): LedgerWriter {
  let db: DatabaseConnection | null = null;
  let waiting: UsageRecord[] = [];
  let written = 0;
  let lastTrouble = '';
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  const write = async () => {
    timer = undefined;
    const batch = waiting;
    waiting = [];
    if (batch.length === 0) return;
    try {
      db ??= await openLedger(scope);
      insertUsage(db, await inProjects(batch, projects));
      written += batch.length;
      if (written >= PRUNE_EVERY) {
        pruneUsage(db, scope.host.now());
        written = 0;
      }
      lastTrouble = '';
    } catch (error) {
      waiting = [...batch, ...waiting].slice(-MAX_WAITING);
      const message = messageOf(error);
      if (message !== lastTrouble) onTrouble(message);
      lastTrouble = message;
    }
  };
  return {
    add: (event) => {
      // Lists of models and the like cost nothing and would only fill it.
      if (!event.path.startsWith('responses')) return;
      waiting.push(recordOf(event));
      timer ??= setTimeout(() => {
        writing = writing.then(write);
      }, WRITE_EVERY_MS);
    },
    close: async () => {
      clearTimeout(timer);
      await writing.then(write);
      await db?.close();
    },
  };
}

/** With the project of each record's thread, which by now Codex has noted. */
async function inProjects(records: readonly UsageRecord[], projects: ThreadProjects) {
  await projects.find(records.flatMap(({ requestId }) => requestId ?? []));
  return records.map((record) =>
    record.requestId === null ? record : { ...record, projectKey: projects.known(record.requestId) ?? null },
  );
}

function recordOf(event: RequestEvent): UsageRecord {
  const { usage } = event;
  const outcome =
    event.end === 'client-gone'
      ? 'cancelled'
      : event.end === 'refused'
        ? 'blocked'
        : event.end === 'whole' && event.status < 400
          ? 'success'
          : 'failure';
  return {
    id: randomUUID(),
    createdAt: event.startedAtMs,
    source: 'gateway',
    operation: event.path,
    outcome,
    model: event.model,
    projectKey: null,
    accountKey: event.account,
    requestId: event.threadId,
    statusCode: event.status,
    errorCode: outcome === 'success' ? null : (event.attempts.at(-1)?.outcome ?? null),
    durationMs: event.tookMs,
    tokens: usage && {
      input: usage.inputTokens,
      cachedInput: usage.cachedInputTokens,
      output: usage.outputTokens,
      reasoning: usage.reasoningTokens,
      total: usage.inputTokens + usage.outputTokens,
    },
    costUsd: null,
  };
}
