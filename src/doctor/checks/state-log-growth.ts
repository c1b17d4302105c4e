/** Has the log database grown so large that opening and pruning it slows every start. */
import { type DatabaseFile, readDatabaseFiles } from '../../codex/database-files.ts';
import { finding } from '../../knowledge/finding.ts';
import type { Check, FoundProblem } from '../check.ts';
import { planSetAside } from '../repairs/state-databases.ts';
import { sizeText } from './state-text.ts';

const MAIN_LIMIT_BYTES = 500 * 1024 * 1024;
const WAL_LIMIT_BYTES = 256 * 1024 * 1024;

export const stateLogGrowthCheck: Check = {
  id: 'steward.state-log-growth',
  category: 'state',
  title: 'size of the log database',
  finds: ['state.log_growth'],
  timeoutMs: 5_000,
  async run(context) {
    const folder = await context.read(readDatabaseFiles);
    const logs = folder.kind === 'ok' ? folder.value.files.filter((file) => file.topic === 'logs') : [];
    if (logs.length === 0) {
      return { status: 'skipped', summary: 'no log database yet', details: {}, problems: [] };
    }
    const large = logs.filter(
      (file) => (file.bytes ?? 0) > MAIN_LIMIT_BYTES || (file.walBytes ?? 0) > WAL_LIMIT_BYTES,
    );
    return {
      status: large.length > 0 ? 'problems' : 'ok',
      summary: large.length > 0 ? 'the log database has grown too large' : logs.map(sizes).join('; '),
      details: Object.fromEntries(logs.map((file) => [file.path, sizes(file)])),
      problems: large.map(problemOf),
    };
  },
};

function sizes(file: DatabaseFile): string {
  const wal = (file.walBytes ?? 0) > 0 ? ` and ${sizeText(file.walBytes ?? 0)} in its -wal` : '';
  return `${sizeText(file.bytes ?? 0)}${wal}`;
}

function problemOf(file: DatabaseFile): FoundProblem {
  const repairId = 'state.log_growth.set_aside';
  return {
    finding: finding('state.log_growth', {
      subject: file.path,
      severity: 'warn',
      cause: `${file.path} holds ${sizes(file)} of diagnostics, which every Codex opens and prunes when it starts.`,
      evidence: [{ source: 'file', where: file.path, what: sizes(file) }],
      summary:
        'With all Codex closed, set the log database aside; Codex starts an empty one. It holds diagnostics only.',
      repairId,
    }),
    plan: () => planSetAside(file, repairId),
  };
}
