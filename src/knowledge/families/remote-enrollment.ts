/** The host cannot enrol, or its enrolment is gone. */
import type { FailureEntry } from '../types.ts';
import { ABOUT_REMOTE } from './remote-words.ts';

export const REMOTE_ENROLLMENT: readonly FailureEntry[] = [
  {
    id: 'remote.enrollment_errored',
    title: 'Remote control stays errored or connecting',
    fixClass: 'C',
    actor: 'steward',
    cause:
      'This computer could not enrol for remote control or reach the service, so no phone can find it; the real reason stands in its last enrolment error.',
    fix: {
      summary: "Read the host's last enrolment error, repair that cause, and only then pair.",
      steps: [
        'Run `steward doctor --only remote.enrollment_errored` to see the status and the answer that Codex got.',
        'On Codex 0.169 or newer `codex remote-control pair` prints the reason too.',
        'Put right what it names (MFA, login, workspace, 409, network), then run `codex remote-control stop` and `codex remote-control start`.',
        'Pair the phone only when the host says "available for remote control".',
      ],
    },
    notHelping: [
      'Scanning new QR codes: the phone waits for a host that is not enrolled.',
      'The exit code of `codex remote-control start`: 0.169 can say "still connecting" and exit 0 after a refusal.',
    ],
    references: [
      'openai/codex#24046',
      'openai/codex#25424',
      'openai/codex#41549',
      'openai/codex#44313',
      'openai/codex#44316',
    ],
    check: 'steward.remote-error',
    signals: [
      {
        says: [
          'remote control is enabled on * but the connection is errored',
          'remote control is enabled on * still connecting',
          'remote control enrollment is waiting for a chatgpt account id',
          'remote control pairing is unavailable until enrollment completes',
          'pairing is unavailable until enrollment',
          'timed out waiting for remote control to connect',
          'failed to parse remote control * response',
          'failed to enroll remote control server',
        ],
        weight: 0.8,
        of: 'own',
        log: true,
        over: ['remote.pairing_failed'],
      },
      {
        says: [
          'remote control server enrollment failed',
          'remote control server refresh failed',
          'failed to connect app-server remote control websocket',
          'failed to connect to app-server remote control websocket',
          'remote control websocket auth failed',
          'timed out connecting to remote control websocket',
          'remote control pairing failed at',
        ],
        weight: 0.68,
        of: 'own',
        log: true,
        over: ['remote.pairing_failed'],
      },
      {
        says: [
          'not a codex pairing code',
          'connection is errored',
          'status:connecting',
          'environmentid:null',
          'environmentid null',
          'desired_state=unknown',
        ],
        with: [[...ABOUT_REMOTE, 'pairing']],
        weight: 0.72,
        of: 'generic',
        over: ['remote.pairing_failed'],
      },
      {
        says: [
          'update remote control availability',
          'remote control enrollment never completes',
          'could not enable remote control',
          'couldnt enable remote control',
          'unable to enable remote control',
          'cannot enable remote control',
          'failed to enable remote control',
          'remote control cannot be enabled',
          'remote control cannot be started',
          'remote control (cant|cannot|doesnt|does not|wont) start',
          '无法启用远程控制',
          '无法更新远程控制',
          'リモートコントロールを有効にできません',
          '원격 제어를 사용하도록 설정할 수 없',
          'fernsteuerung konnte nicht aktiviert werden',
        ],
        weight: 0.7,
        of: 'likely',
      },
      {
        says: [
          'waiting for (desktop|computer|mac|pc)',
          'waiting for your (desktop|computer|mac|pc)',
          'looking for (desktop|computer)',
          '正在等待桌面',
          '等待桌面',
          '等待电脑',
          'デスクトップを待って',
          '데스크톱을 기다리는',
          'esperando (al|el|o) (escritorio|desktop|computador)',
          'warten auf (desktop|computer)',
        ],
        weight: 0.66,
        of: 'generic',
        over: ['remote.pairing_failed'],
      },
      {
        says: [
          '(remote control|remote-control) * (stuck|stays|remains|keeps|stuck in) * (connecting|errored|enrolling)',
          '(no|without|missing) qr code',
          'qr code * (never|not) (appear|appears|shown|show|load|loads|generated)',
          'pairing code unavailable',
        ],
        with: [[...ABOUT_REMOTE, 'pairing']],
        weight: 0.6,
        of: 'generic',
      },
    ],
  },
  {
    id: 'remote.server_unknown',
    title: "This computer's enrolment is gone on the server",
    fixClass: 'A',
    actor: 'steward',
    cause: 'The stored enrolment names a server record that OpenAI no longer has.',
    fix: {
      summary:
        'Codex enrols anew by itself; restart remote control, and drop the stored row only if it does not.',
      steps: [
        'Run `codex remote-control stop`, then `codex remote-control start`: Codex 0.169 drops the row and enrols anew.',
        'If it stays so, run `steward doctor --fix --only remote.server_unknown`: it backs the row up and removes it.',
        'Pair the phone again if the computer appears as a new one.',
      ],
    },
    notHelping: ['A new login: the account is not at fault.'],
    references: ['openai/codex#24046'],
    check: 'steward.remote-error',
    signals: [
      {
        says: [
          'remote app server not found',
          'http 404; replacing stale enrollment',
          'unrecognized http 404; preserving enrollment',
        ],
        weight: 0.95,
        of: 'own',
        log: true,
        over: ['remote.enrollment_errored', 'remote.pairing_failed', 'remote.presence_stale', 'server.error'],
      },
      {
        says: [
          'remote control server refresh failed * 404',
          'remote control websocket * http error: 404',
          'remote/control/server * 404 not found',
        ],
        weight: 0.82,
        of: 'own',
        over: ['remote.enrollment_errored', 'server.error'],
      },
    ],
  },
];
