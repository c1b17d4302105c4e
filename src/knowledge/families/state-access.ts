/** A database that is held by another process, or really damaged. */
import type { FailureEntry } from '../types.ts';
import { OWN_DATABASES } from './state-words.ts';

export const STATE_ACCESS: readonly FailureEntry[] = [
  {
    id: 'state.sqlite_locked',
    title: 'Another process holds the database',
    fixClass: 'C',
    actor: 'you',
    cause:
      'Another process, mostly a Codex that was left behind or a database tool, has locked a database that Codex needs at its start.',
    fix: {
      summary: 'End the process that holds it, and start Codex again; the data is whole.',
      steps: [
        'Run `steward doctor --only state.sqlite_locked`: it names the processes that hold the databases.',
        'Quit the other Codex windows, IDE panels, daemons and database tools in the usual way.',
        'End a process left behind by its number only, after looking what it is: `ps -p PID -o args`, then `kill PID`.',
        'Start Codex again.',
      ],
      platformSteps: {
        windows: [
          'Find a process left behind in the Task Manager, or: `Get-Process codex* | Select-Object Id,Path`.',
        ],
        macos: ['lsof ~/.codex/state_5.sqlite ~/.codex/logs_2.sqlite'],
        linux: ['lsof ~/.codex/state_5.sqlite ~/.codex/logs_2.sqlite'],
      },
    },
    notHelping: [
      'Deleting the -wal and -shm files: what is not yet in the database is lost.',
      'Back Up and Rebuild: the lock stays as long as its owner lives.',
    ],
    references: ['openai/codex#46269', 'openai/codex#35555', 'openai/codex#28666'],
    check: 'steward.state-locks',
    signals: [
      {
        says: [
          'another codex process is using its local data',
          'quit any other copies of codex that may still be running',
        ],
        weight: 0.95,
        of: 'own',
        over: ['state.sqlite_corrupt'],
        log: true,
      },
      {
        says: [
          'database is locked',
          'database table is locked',
          'database schema is locked',
          'sqlite_busy',
          '数据库被锁',
          '数据库已锁定',
        ],
        with: [OWN_DATABASES],
        weight: 0.93,
        of: 'generic',
        over: ['state.sqlite_corrupt', 'state.wsl_shared_home', 'state.log_growth'],
      },
      {
        says: [
          'code: 5 database is locked',
          'code: 517 database is locked',
          'code: 261 database is locked',
          'code: 773 database is locked',
          'code: 6 database table is locked',
          'pool timed out while waiting for an open connection',
          'another process has the codex local data',
        ],
        weight: 0.88,
        of: 'likely',
        over: ['state.sqlite_corrupt'],
        log: true,
      },
      {
        says: ['database is locked', 'sqlite_busy', 'database lock', 'lock contention', 'sqlite lock'],
        with: ['¦codex¦'],
        weight: 0.66,
        of: 'generic',
      },
      {
        says: ['pooltimedout', 'pool_timeout', 'busy_timeout'],
        with: [OWN_DATABASES],
        weight: 0.75,
        of: 'generic',
      },
      {
        says: ['codex cannot access its local database', 'close other codex applications, then click retry'],
        weight: 0.4,
        of: 'own',
      },
      {
        says: [
          'used by another process',
          'being used by another process',
          'os error 32',
          'os error 33',
          '另一个程序正在使用',
        ],
        with: [['.sqlite', 'state_5', 'logs_2']],
        weight: 0.85,
        of: 'generic',
        over: ['state.sqlite_corrupt', 'state.permission'],
      },
    ],
  },
  {
    id: 'state.sqlite_corrupt',
    title: 'A database is damaged',
    fixClass: 'C',
    actor: 'steward',
    cause:
      'SQLite cannot read one of the databases in the Codex home; the sessions themselves are separate files.',
    fix: {
      summary:
        'With all Codex closed, set the database aside with its -wal and -shm; Codex rebuilds it from the sessions.',
      steps: [
        'Read the "Cause:" line first: locked, migration and backfill are other failures with the same headline.',
        'Run `steward doctor --only state.sqlite_corrupt`: it tests every database and names the damaged one.',
        'Close the app, IDE panels, daemons and terminals that run Codex.',
        'Run `steward doctor --fix --only state.sqlite_corrupt`: it moves the file aside, with a way back.',
        'Start Codex and let it read the sessions again.',
      ],
    },
    notHelping: ['Deleting the sessions folder: that is the data the database is rebuilt from.'],
    references: ['openai/codex#24006'],
    check: 'steward.state-databases',
    signals: [
      {
        says: [
          'database disk image is malformed',
          'malformed database schema',
          'file is not a database',
          'file is encrypted or is not a database',
          'sqlite_corrupt',
          'sqlite_notadb',
          '数据库损坏',
          '数据库文件损坏',
        ],
        with: [[...OWN_DATABASES, '¦codex¦']],
        weight: 0.93,
        of: 'generic',
        over: ['state.sqlite_locked', 'state.wsl_shared_home'],
      },
      {
        says: [
          'code: 11 database disk image is malformed',
          'code: 26 file is not a database',
          'code: 267 database disk image is malformed',
        ],
        with: [OWN_DATABASES],
        weight: 0.96,
        of: 'likely',
        over: ['state.sqlite_locked'],
        log: true,
      },
      {
        says: [
          'codex detected a damaged local database',
          'moved damaged codex local database',
          'codex rebuilt its local database',
          'moving the damaged local database aside',
          'failed to move damaged codex local database files',
          'failed to repair codex local data automatically',
        ],
        weight: 0.85,
        of: 'own',
        log: true,
      },
      { says: 'its local database appears to be damaged', weight: 0.58, of: 'own' },
      {
        says: ['integrity_check', 'quick_check', 'integrity check'],
        with: [
          OWN_DATABASES,
          [
            'fail',
            'fails',
            'failed',
            'failing',
            'failure',
            'failed',
            'malformed',
            'corrupt',
            'rowid',
            'missing from index',
            'wrong # of entries',
          ],
        ],
        weight: 0.8,
        of: 'generic',
      },
      {
        says: ['codex cannot access its local database', 'its sqlite database is accessible'],
        weight: 0.38,
        of: 'own',
      },
      {
        says: [
          'corrupt',
          'damaged',
          'malformed',
          '损坏',
          'dañada',
          'corrompid',
          'beschädigt',
          'поврежден',
          '破損',
          '손상',
        ],
        with: [
          [
            'state_5',
            'logs_2',
            'state db',
            'goals_1',
            'thread_history',
            'sqlite',
            'local database',
            '本地数据库',
          ],
        ],
        weight: 0.6,
        of: 'generic',
      },
      {
        says: ['disk i/o error', 'sqlite_ioerr'],
        with: [OWN_DATABASES],
        weight: 0.5,
        of: 'generic',
      },
    ],
  },
];
