/** A database that is whole, but not this Codex's or not ready yet. "Damaged" on the screen is seldom damage. */
import type { FailureEntry } from '../types.ts';
import { OWN_DATABASES } from './state-words.ts';

export const STATE_DATABASE: readonly FailureEntry[] = [
  {
    id: 'state.sqlite_migration',
    title: 'The database belongs to another build of Codex',
    fixClass: 'C',
    actor: 'you',
    cause:
      'The state database was set up by another build of Codex (often the one of Windows, opened from WSL), and this one does not recognise its migrations; the data is whole.',
    fix: {
      summary:
        'Give each build its own database folder with `CODEX_SQLITE_HOME`, and bring both to the same version.',
      steps: [
        'Decline "Repair Codex local data now?" and "Back Up and Rebuild" while another Codex uses that database.',
        'Run `steward doctor --only state.sqlite_migration`: it names the database and its migrations.',
        'Update every copy of Codex that uses this home to the same version.',
        'If only one Codex uses it and the error stays: close all Codex, then `steward doctor --fix --only state.sqlite_migration` sets the database aside; Codex rebuilds it from the session files.',
      ],
      platformSteps: {
        wsl: [
          'mkdir -p ~/.codex-sqlite',
          "echo 'export CODEX_SQLITE_HOME=~/.codex-sqlite' >> ~/.profile, then open a new shell",
        ],
        windows: ['In the desktop app set the agent environment back to Windows, or give WSL its own home.'],
      },
    },
    notHelping: [
      'Editing `_sqlx_migrations` by hand: the next start of the other build fails instead.',
      'Reinstalling Codex: the database stays.',
    ],
    references: ['openai/codex#23251', 'openai/codex#23913'],
    check: 'steward.state-databases',
    signals: [
      {
        says: 'was previously applied but (has been modified|is missing in the resolved migrations)',
        weight: 0.95,
        of: 'generic',
        over: ['state.sqlite_corrupt', 'state.wsl_shared_home', 'state.sqlite_locked', 'install.ide_process'],
        log: true,
      },
      {
        says: 'was previously applied but (has been modified|is missing in the resolved migrations)',
        with: [['state db', 'log db', 'state runtime', 'state_5', 'logs_2', 'goals_1']],
        weight: 0.9,
        of: 'likely',
      },
      {
        says: ['migration * is partially applied', 'is partially applied; fix and remove row from'],
        weight: 0.85,
        of: 'generic',
        over: ['state.sqlite_corrupt'],
      },
      {
        says: ['while executing migration', 'migration * failed', 'failed to run migration', 'migrate error'],
        with: [OWN_DATABASES],
        weight: 0.7,
        of: 'generic',
        over: ['state.sqlite_corrupt'],
      },
      {
        says: [
          'versionmismatch',
          'migration checksum',
          'checksum mismatch',
          'migration mismatch',
          'checksum drift',
          'sqlx checksum',
          '_sqlx_migrations * checksum',
          'checksum * line-ending',
        ],
        with: [['sqlite', 'migration', 'state_5', 'logs_2']],
        weight: 0.75,
        of: 'generic',
        over: ['state.sqlite_corrupt', 'state.wsl_shared_home'],
      },
      {
        says: ['no such column', 'no such table', 'has no column named', 'table * already exists'],
        with: [OWN_DATABASES],
        weight: 0.6,
        of: 'generic',
      },
      {
        says: ['newer version of codex', 'older version of codex', 'downgrad'],
        with: [
          ['state_5', 'sqlite', 'database'],
          ['migration', 'schema'],
        ],
        weight: 0.6,
        of: 'generic',
      },
    ],
  },
  {
    id: 'state.wsl_shared_home',
    title: 'Windows and WSL mix up their Codex homes',
    fixClass: 'C',
    actor: 'you',
    cause:
      'Codex on Windows and Codex in WSL share one home on the Windows drive, or each reads another one than you think, so databases clash and settings disagree.',
    fix: {
      summary: 'Decide on one home for each side and say it in `CODEX_HOME` and `CODEX_SQLITE_HOME`.',
      steps: [
        'Run `steward doctor --only state.wsl_shared_home` on each side: it prints which home and databases are read there.',
        'Compare the two `config.toml` and keep each side’s settings in its own home.',
        'Restart the desktop app or the IDE after the change.',
      ],
      platformSteps: {
        wsl: [
          'echo \'export CODEX_HOME="$HOME/.codex"\' >> ~/.profile',
          'echo \'export CODEX_SQLITE_HOME="$HOME/.codex-sqlite"\' >> ~/.profile && mkdir -p ~/.codex-sqlite',
        ],
        windows: [
          'Check `echo $env:CODEX_HOME` in PowerShell and the setting "run Codex in WSL" of the app.',
        ],
      },
    },
    notHelping: [
      'Linking ~/.codex to /mnt/c: file locks and shared memory do not work across that border.',
      'Rebuilding the database: the other side breaks it again.',
    ],
    references: ['openai/codex#22759', 'openai/codex#23251', 'openai/codex#23913'],
    check: 'steward.state-wsl',
    signals: [
      {
        says: ['code: 4618', 'code: 522', 'code: 1546', 'code: 3850', 'disk i/o error', 'locking protocol'],
        with: [['/mnt/', 'wsl.localhost', 'wsl$', '¦wsl', 'drvfs', '9p']],
        weight: 0.85,
        of: 'generic',
        over: ['state.sqlite_corrupt'],
      },
      {
        says: ['/mnt/c/users/', '/mnt/d/', 'wsl.localhost', 'wsl$'],
        with: [
          ['.codex', 'codex_home'],
          ['sqlite', 'state runtime', 'database', 'config.toml', 'auth.json', 'sessions', 'history'],
        ],
        weight: 0.62,
        of: 'generic',
      },
      {
        says: [
          'codex_home',
          'codex home',
          '~/.codex',
          '.codex directory',
          '.codex folder',
          'config.toml',
          '.codex',
        ],
        with: [
          ['¦wsl', 'wsl2', 'windows subsystem for linux', 'runcodexinwindowssubsystemforlinux'],
          [
            'windows-side',
            'windows side',
            'split-brain',
            'share',
            'shared',
            'sharing',
            'both windows and wsl',
            'two different',
            'two homes',
            'two codex home',
            'two .codex',
            'linux cli config',
            'different codex_home',
            'wrong codex_home',
            'wrong home',
            'wrong config',
            'wrong .codex',
            'windows home',
            'windows codex home',
            'windows config',
            'reads the windows',
            'uses the windows',
            'instead of the wsl',
            'not the wsl',
            'out of sync',
            '共用',
            '共享',
            '不一致',
          ],
        ],
        not: ['bwrap', 'bubblewrap'],
        weight: 0.72,
        of: 'generic',
      },
      {
        says: [
          'runcodexinwindowssubsystemforlinux',
          'run codex in wsl',
          'wsl mode',
          'agent environment * wsl',
        ],
        with: [['sqlite', 'codex_home', '.codex', 'config.toml', 'session', 'history', 'login', 'auth']],
        weight: 0.55,
        of: 'generic',
      },
    ],
  },
  {
    id: 'state.backfill_timeout',
    title: 'The first index of the sessions is not done yet',
    fixClass: 'A',
    actor: 'steward',
    cause:
      'Codex is still reading all old sessions into its new database, and a second Codex did not want to wait so long; nothing is damaged.',
    fix: {
      summary: 'Let one Codex finish the index, then start the others.',
      steps: [
        'Decline any offer to rebuild or repair the database.',
        'Close all Codex but one and leave that one open until its disk work ends (minutes for thousands of sessions).',
        'If no Codex is at work and the index still says "running": `steward doctor --fix --only state.backfill_timeout` lets the next start take it up again.',
      ],
    },
    notHelping: [
      'Marking the index as complete by hand: sessions not read yet stay invisible.',
      'Rebuilding the database: the index starts from zero.',
    ],
    references: ['stablyai/orca#11828'],
    check: 'steward.state-backfill',
    signals: [
      {
        says: [
          'timed out waiting for state db backfill',
          'state db backfill is running',
          'state db backfill already running',
          'state db backfill not complete',
          'state db backfill is pending',
          'failed to claim backfill worker',
          'backfill_incomplete',
          'before retrying startup initialization',
        ],
        weight: 0.95,
        of: 'own',
        over: [
          'state.sqlite_corrupt',
          'state.sqlite_locked',
          'state.sqlite_migration',
          'remote.socket_or_daemon',
        ],
        log: true,
      },
      {
        says: [
          'backfill_state',
          'state db backfill',
          'startup backfill',
          'rollout backfill',
          'session backfill',
        ],
        with: [
          [
            'running',
            'stuck',
            'timed out',
            'timeout',
            'waiting',
            'never completes',
            'not complete',
            '超时',
            '卡住',
          ],
        ],
        weight: 0.85,
        of: 'likely',
        over: ['state.sqlite_corrupt', 'state.sqlite_locked'],
      },
      {
        says: 'backfill',
        with: [
          ['sqlite', 'state_5', 'rollout', 'sessions'],
          ['stuck', 'timed out', 'timeout', 'waiting', 'hang', 'hangs', 'slow', 'blocks'],
        ],
        weight: 0.65,
        of: 'generic',
        over: ['state.sqlite_corrupt'],
      },
    ],
  },
];
