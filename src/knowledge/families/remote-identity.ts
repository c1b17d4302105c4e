/** Two programs or two machines claim the same place on the server. */
import type { FailureEntry } from '../types.ts';
import { ABOUT_REMOTE } from './remote-words.ts';

export const REMOTE_IDENTITY: readonly FailureEntry[] = [
  {
    id: 'remote.server_conflict',
    title: 'Another process already holds remote control',
    fixClass: 'C',
    actor: 'steward',
    cause:
      "The server still counts another connection as this computer's one, so it refuses the new one with 409.",
    fix: {
      summary:
        'Stop the second owner (desktop app, daemon or a ghost process), then start one of them; clear the stored row only if 409 stays.',
      steps: [
        'Run `steward doctor --only remote.server_conflict`: it names the processes that may hold the place.',
        'Keep one: quit the desktop app, or run `codex remote-control stop`.',
        'Wait two minutes, then run `codex remote-control start`.',
        'If 409 stays, run `steward doctor --fix --only remote.server_conflict`: it backs up and clears the stored enrolment.',
        'If it still stays, look at `steward doctor --only remote.identity_collision`: another machine may share the identity.',
      ],
    },
    notHelping: [
      'A new login or MFA: the account is accepted.',
      'Starting again and again: each try is refused while the first owner is counted as online.',
    ],
    references: ['openai/codex#24024', 'openai/codex#28862', 'openai/codex#39547', 'openai/codex#36295'],
    check: 'steward.remote-error',
    signals: [
      {
        says: ['remote app server already online', 'app server already online'],
        weight: 0.97,
        of: 'own',
        log: true,
        over: [
          'remote.enrollment_errored',
          'remote.pairing_failed',
          'remote.presence_stale',
          'remote.socket_or_daemon',
          'remote.stale_environment',
        ],
      },
      {
        says: [
          'ensure only one instance',
          'make sure only one (instance|codex|chatgpt)',
          'only one instance of codex',
          '只有一个 codex 实例',
          '只运行一个 codex',
          '一个 codex 实例',
          'nur eine instanz',
          'une seule instance',
          'solo una instancia',
          'apenas uma instância',
        ],
        weight: 0.9,
        of: 'likely',
        over: ['remote.enrollment_errored', 'remote.pairing_failed', 'remote.socket_or_daemon'],
      },
      {
        says: ['409 conflict', 'http 409', '409'],
        with: [[...ABOUT_REMOTE, 'enrollment', 'app-server', 'app server']],
        not: '(no|without|not a) (401, |403, |401 |403 |)*409',
        weight: 0.88,
        of: 'generic',
        over: [
          'remote.enrollment_errored',
          'remote.presence_stale',
          'remote.socket_or_daemon',
          'remote.stale_environment',
          'remote.pairing_failed',
          'remote.client_revoked',
        ],
      },
      {
        says: ['409 conflict', 'http 409', 'returns 409'],
        with: [
          [
            'app_server.status',
            'app_server_transport',
            'app-server',
            'cli daemon',
            're-enroll',
            'reenroll',
            'enrollment',
          ],
        ],
        weight: 0.8,
        of: 'likely',
      },
      {
        says: [
          'ownership collision',
          'ghost (session|connection|process|remote)',
          'second app-server',
          'two app-server',
          'both (claim|own|hold) ',
        ],
        with: [ABOUT_REMOTE],
        weight: 0.62,
        of: 'generic',
      },
    ],
  },
  {
    id: 'remote.identity_collision',
    title: 'Two computers share one Codex identity',
    fixClass: 'C',
    actor: 'steward',
    cause:
      'This computer was cloned, migrated or restored from another, so both carry the same `installation_id` and the server takes them for one.',
    fix: {
      summary:
        'Give the clone an identity of its own: with the app closed, back up, rotate `installation_id` and clear its enrolments, then enrol again.',
      steps: [
        'On both computers compare `cat ~/.codex/installation_id`.',
        'On the clone quit the app and run `codex remote-control stop`.',
        'Run `steward doctor --fix --only remote.identity_collision` there: it backs up, rotates the identity and clears the enrolments that belong to it.',
        'Start remote control on both and pair the clone anew.',
      ],
      platformSteps: {
        windows: ['Compare with `Get-Content $env:USERPROFILE\\.codex\\installation_id`.'],
      },
    },
    notHelping: [
      'Clearing the client enrolments, the auto-connect entries or `remote_control_enrollments` alone: the shared identity stays.',
      'Renaming the computer: the host name is not the identity.',
    ],
    references: ['openai/codex#35774', 'openai/codex#33830', 'openai/codex#36295', 'openai/codex#28862'],
    check: 'steward.remote-identity',
    signals: [
      {
        says: ['installation_id', 'installation id', 'installation identity', 'installation-id'],
        with: [
          [
            'clone',
            'cloning',
            'migrat',
            'restored',
            '(same|identical|duplicate|duplicated|shared|copied) * installation',
            'installation * (same|identical|duplicate|duplicated|shared|copied|equals)',
            'two (mac|machine|computer|host|device)',
            'both (mac|machine|computer|host|device)',
            '克隆',
            '迁移',
          ],
        ],
        weight: 0.92,
        of: 'generic',
        over: [
          'remote.client_revoked',
          'remote.server_conflict',
          'remote.pairing_failed',
          'remote.stale_environment',
          'remote.enrollment_errored',
        ],
      },
      {
        says: [
          'migration assistant',
          '迁移助理',
          '(cloned|cloning|migrated|migrating) * (mac|machine|computer|disk|system|vm|image|host)',
          '(mac|machine|computer|disk|system|vm|host) * (cloned|migrated)',
          'same * (instance|device|host) identity',
          'same (app/device|device|app) instance',
        ],
        with: [[...ABOUT_REMOTE, 'codex app', 'pairing']],
        weight: 0.74,
        of: 'generic',
      },
      {
        says: [
          '(connects|connect|connected|connecting|reconnects|routes) to the wrong (mac|host|computer|machine|device|pc)',
          'wrong (mac|host|computer|machine|device|pc)',
          '(steals|overwrites|replaces|takes over) * (host|connection|mac|device)',
          '(shows|show|lists) only one (host|mac|device|of)',
          'host identity',
        ],
        with: [ABOUT_REMOTE],
        weight: 0.62,
        of: 'generic',
      },
    ],
  },
];
