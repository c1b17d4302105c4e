/** Can Codex open its databases: whole files, and migrations it accepts. */
import { type DatabaseFile, readSqliteHome } from '../../codex/database-files.ts';
import { type DatabaseExam, readDatabaseHealth } from '../../codex/database-health.ts';
import { type MigrationFault, migrationFaults } from '../../codex/state-db-migrations.ts';
import { readWslPair, type WslPair } from '../../codex/windows-wsl.ts';
import { type Evidence, finding } from '../../knowledge/finding.ts';
import type { Check, CheckContext, FoundProblem } from '../check.ts';
import { lossOf, planSetAside } from '../repairs/state-databases.ts';

/** What both kinds of fault cost, as observed with 0.133 and 0.169. */
const CONSEQUENCE =
  'app-server, TUI and daemon do not start on it, and "codex exec" goes on without saying that it keeps no history list';

export const stateDatabasesCheck: Check = {
  id: 'steward.state-databases',
  category: 'state',
  title: 'databases',
  finds: ['state.sqlite_corrupt', 'state.sqlite_migration', 'config.home_invalid'],
  timeoutMs: 10_000,
  async run(context) {
    const health = await context.read(readDatabaseHealth);
    if (health.kind === 'missing') {
      return {
        status: 'skipped',
        summary: 'no databases yet',
        details: { folder: health.path },
        problems: [],
      };
    }
    if (health.kind !== 'ok') {
      const why = `${health.path} cannot be listed: ${health.message}`;
      const details = { folder: health.path };
      if (health.kind !== 'unreadable' || health.code !== 'ENOTDIR') {
        return { status: 'skipped', summary: why, details, problems: [] };
      }
      return { status: 'problems', summary: why, details, problems: [await notAFolder(context)] };
    }
    const pair = await context.read(readWslPair);
    const problems: FoundProblem[] = [];
    const details: Record<string, string> = { folder: health.path };
    for (const exam of health.value) {
      details[nameOf(exam.file)] = describe(exam);
      problems.push(...problemsOf(exam, context, pair));
    }
    const partly = health.value.filter(({ reading }) => reading.kind === 'ok' && !reading.value.checkedWhole);
    return {
      status: problems.length > 0 ? 'problems' : health.value.length === 0 ? 'skipped' : 'ok',
      summary: summarise(health.value.length, problems.length, partly.length),
      details,
      problems,
    };
  },
};

/** 0.133 does not start then; 0.169 moves the file away and starts afresh. */
async function notAFolder(context: CheckContext): Promise<FoundProblem> {
  const { path, source } = await context.read(readSqliteHome);
  const setting = source === 'env' ? 'CODEX_SQLITE_HOME' : 'sqlite_home';
  return {
    finding: finding('config.home_invalid', {
      subject: setting,
      cause: `${setting} names ${path}, which is a file, and Codex needs a folder for its databases.`,
      evidence: [{ source: source === 'env' ? 'env' : 'config', where: setting, what: `${path} is a file` }],
      steps: [
        `Set ${setting} to a folder of your own, or remove it to keep the databases in the Codex home.`,
      ],
    }),
  };
}

function summarise(count: number, bad: number, partly: number): string {
  if (count === 0) return 'no databases yet';
  const part = partly > 0 ? `; ${partly} too large to be read whole` : '';
  return bad > 0
    ? `${bad} of ${count} databases cannot be used${part}`
    : `${count} databases readable${part}`;
}

function describe({ file, reading }: DatabaseExam): string {
  if (file.bytes === null) return 'only its -wal is there';
  if (reading.kind !== 'ok') return reading.kind === 'missing' ? 'missing' : reading.message;
  const { faults, checkedWhole, migrations } = reading.value;
  if (faults.length > 0) return faults.join('; ');
  const last = migrations.at(-1);
  return `${checkedWhole ? 'quick_check ok' : 'header and schema ok, not read whole'}${last ? `, migration ${last.version}` : ''}`;
}

function problemsOf(
  exam: DatabaseExam,
  context: CheckContext,
  pair: WslPair | null,
): readonly FoundProblem[] {
  const { file, reading } = exam;
  if (file.bytes === null) return [walWithoutMain(file)];
  if (reading.kind === 'missing') return []; // a Codex that runs has just replaced it
  if (reading.kind === 'unreadable') {
    if (reading.code === 'EACCES' || reading.code === 'EPERM') return []; // state.permission looks at it
    return [damaged(file, [reading.message], reading.code === 'EISDIR')];
  }
  if (reading.kind === 'malformed') return [damaged(file, [reading.message])];
  if (reading.value.faults.length > 0) return [damaged(file, reading.value.faults)];
  const faults = migrationFaults(`${file.topic}_${file.generation}`, reading.value.migrations);
  return faults.length === 0 ? [] : migration(file, faults, reading.value.migrations.length, context, pair);
}

function damaged(file: DatabaseFile, faults: readonly string[], repairable = true): FoundProblem {
  const repairId = 'state.sqlite_corrupt.set_aside';
  return {
    finding: finding('state.sqlite_corrupt', {
      subject: nameOf(file),
      cause: `${file.path} is damaged: ${faults[0]}; ${CONSEQUENCE}.`,
      evidence: faults.map((what): Evidence => ({ source: 'db', where: file.path, what })),
      summary: `With all Codex closed, set the database aside with its -wal and -shm; ${lossOf(file.topic)}.`,
      ...(repairable ? { repairId } : {}),
    }),
    ...(repairable ? { plan: () => planSetAside(file, repairId) } : {}),
  };
}

function walWithoutMain(file: DatabaseFile): FoundProblem {
  const repairId = 'state.sqlite_corrupt.set_wal_aside';
  return {
    finding: finding('state.sqlite_corrupt', {
      subject: nameOf(file),
      severity: 'warn',
      cause: `${file.path} is gone and its -wal was left behind: at its next start Codex makes a new database and throws the -wal away.`,
      evidence: [
        {
          source: 'file',
          where: `${file.path}-wal`,
          what: `${file.walBytes ?? 0} bytes without their database`,
        },
      ],
      summary: `Put the database back if you have it; else set the -wal aside: ${lossOf(file.topic)}.`,
      repairId,
    }),
    plan: () => planSetAside(file, repairId),
  };
}

function migration(
  file: DatabaseFile,
  faults: readonly MigrationFault[],
  applied: number,
  context: CheckContext,
  pair: WslPair | null,
): readonly FoundProblem[] {
  const modified = faults.filter((fault) => fault.kind === 'modified').length;
  // A build with other line endings in its SQL has other checksums throughout; on Windows that is the normal build.
  const allModified = modified === faults.length && modified >= Math.min(applied, 2);
  if (allModified && context.host.platform === 'win32') return [];
  const evidence = faults.slice(0, 5).map(
    (fault): Evidence => ({
      source: 'db',
      where: `${file.path}, table _sqlx_migrations`,
      what: faultText(fault),
    }),
  );
  const first = faults[0];
  const cause = allModified
    ? `${nameOf(file)} was made by another build of Codex, such as the one for Windows: none of its migrations is the one this system's Codex has; ${CONSEQUENCE}.`
    : `${nameOf(file)}: ${first ? faultText(first) : ''}; ${CONSEQUENCE}.`;
  const common = { subject: nameOf(file), cause, evidence };
  if (pair?.databaseDrive) {
    const own = `${context.host.userHome}/.codex-sqlite`;
    return [
      {
        finding: finding('state.sqlite_migration', {
          ...common,
          actor: 'you',
          summary:
            'Give WSL its own databases; the ones on the Windows drive stay with the Codex of Windows.',
          steps: [
            `mkdir -p ${own}`,
            `echo 'export CODEX_SQLITE_HOME=${own}' >> ~/.profile, then open a new shell`,
            'Update Codex on both sides to the same version',
            'Decline "Repair Codex local data now?" while the Codex of Windows runs',
          ],
        }),
      },
    ];
  }
  const repairId = 'state.sqlite_migration.set_aside';
  return [
    {
      finding: finding('state.sqlite_migration', {
        ...common,
        summary: `With all Codex closed, set the database aside with its -wal and -shm; ${lossOf(file.topic)}.`,
        repairId,
      }),
      plan: () => planSetAside(file, repairId),
    },
  ];
}

/** In Codex's own words, where it has words for it. */
function faultText(fault: MigrationFault): string {
  switch (fault.kind) {
    case 'modified':
      return `migration ${fault.migration.version} was previously applied but has been modified`;
    case 'unfinished':
      return `migration ${fault.migration.version} is partially applied`;
    case 'missing':
      return `migration ${fault.version} was never applied, and later ones were`;
  }
}

function nameOf(file: DatabaseFile): string {
  return `${file.topic}_${file.generation}.sqlite`;
}
