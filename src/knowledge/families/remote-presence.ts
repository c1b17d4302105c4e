/** What the apps show of a host is not what is true. */
import type { FailureEntry } from '../types.ts';
import { ABOUT_REMOTE, ON_THE_PHONE } from './remote-words.ts';

/** The controller's own saved state, in the desktop's global-state file. */
const SAVED_HOSTS = [
  'selected-remote-host-id',
  'added-remote-control-env-ids',
  'remote-connection-auto-connect-by-host-id',
];

export const REMOTE_PRESENCE: readonly FailureEntry[] = [
  {
    id: 'remote.stale_environment',
    title: 'A saved host no longer exists',
    fixClass: 'C',
    actor: 'steward',
    cause:
      'The app still holds a host that has gone or was enrolled anew under another id, so it shows or selects a dead entry.',
    fix: {
      summary:
        'With the app closed, drop the saved host entries and connect again; an entry that lives in the account may need OpenAI.',
      steps: [
        'Quit the desktop app completely.',
        'Run `steward doctor --fix --only remote.stale_environment`: it backs up and removes the entries of hosts that are gone.',
        'Open the app, refresh the list and add the host again.',
        'If only the phone still lists it, use Disconnect there; an account-side row that stays goes to OpenAI support with its environment id.',
      ],
    },
    notHelping: [
      'Reinstalling the phone app: the row lives in the account.',
      'Editing the global-state file while the app runs.',
    ],
    references: ['openai/codex#23078', 'openai/codex#23361', 'openai/codex#22700', 'openai/codex#26559'],
    check: 'steward.remote-pairing',
    signals: [
      { says: SAVED_HOSTS, weight: 0.64, of: 'own' },
      {
        says: [
          '(old|stale|ghost|dead|orphaned|outdated|duplicate) (codex host|host|device|environment|connection|remote|desktop|mac|entry|entries|disabled host|offline|codex|remote-control|cli)',
          '(deleted|removed|disabled|offline) (host|device|environment|entry|entries|cli|server)',
          '旧(设备|主机|连接|电脑)',
          '过期的',
          '古い(ホスト|デバイス)',
          '오래된 (기기|호스트)',
        ],
        with: [
          ABOUT_REMOTE,
          [
            'cannot be (removed|deleted)',
            'cant be (removed|deleted)',
            '(cannot|cant|unable to|no way to|no option to|not possible to|impossible to|way to|nor) (remove|delete|manually remove|clear|forget)',
            'without a way to',
            'no delete',
            'no remove',
            'delete/remove',
            '(still|screen) (shows|show|appears|appear|listed|visible|displays|displayed|remains)',
            '(keeps|keep) (showing|listing|restoring)',
            'remains (visible|listed|in|stuck)',
            'remain (visible|listed|in|on)',
            'stays (visible|listed|in)',
            'restores',
            '无法删除',
            '仍然显示',
            '还显示',
            '削除できない',
          ],
        ],
        weight: 0.7,
        of: 'generic',
        over: ['remote.presence_stale', 'remote.pairing_failed'],
      },
      {
        says: [
          'still (shows|showing|show|displays|lists) the old',
          '(keeps|keep) showing only the old',
          'older remote-control:env',
          'rotated to a newer environment',
          'stale (remote-control|remote control) environment',
          'no longer exists * environment',
          'environment not found',
          'unknown environment',
          'connection for host id * not found',
        ],
        with: [[...ABOUT_REMOTE, 'env_', 'host id']],
        weight: 0.66,
        of: 'generic',
      },
    ],
  },
  {
    id: 'remote.presence_stale',
    title: 'The host is healthy and shown as offline',
    fixClass: 'C',
    actor: 'you',
    cause:
      "The host's connection is up, and the service or the phone still shows it as offline, mostly after idle time, sleep or a change of network.",
    fix: {
      summary:
        'Register the host again by a stop and a start, and keep the computer awake; nothing needs to be paired anew.',
      steps: [
        'Run `codex remote-control stop`, then `codex remote-control start`; with the desktop app: quit it and open it again.',
        'Run `steward doctor --only remote.presence_stale` to see that enrolment and connection are well on this side.',
        'Pull to refresh on the phone and wait a minute.',
        'Keep the computer from sleeping while you are away.',
      ],
      platformSteps: {
        macos: [
          'Run `caffeinate -dims` in a terminal, or turn on "Prevent automatic sleeping" in the energy settings.',
        ],
        windows: ['Set sleep to "Never" when plugged in: `powercfg /change standby-timeout-ac 0`.'],
        linux: ['Hold sleep off while you need it: `systemd-inhibit --what=sleep sleep infinity`.'],
      },
    },
    notHelping: [
      'Revoking and pairing anew, or clearing enrolments: they are intact, and it costs a new pairing.',
      '`codex doctor`: it says nothing about remote control.',
    ],
    references: ['openai/codex#25984', 'openai/codex#26559'],
    check: 'steward.remote-error',
    signals: [
      {
        says: [
          'offline',
          'last seen',
          'last_seen',
          'disconnected',
          'unavailable',
          'unreachable',
          'does not appear',
          'not appear in',
          'not listed',
          '离线',
          '掉线',
          'オフライン',
          '오프라인',
          'desconectad',
          'не в сети',
          'hors ligne',
        ],
        with: [
          [...ABOUT_REMOTE, 'phone app'],
          ON_THE_PHONE,
          [
            'idle',
            'sleep',
            'wakes',
            'waking',
            'network change',
            'network transition',
            'network loss',
            'locked',
            'lock screen',
            'after a (period|while|few)',
            'for a while',
            'some time',
            'hours',
            'minutes',
            'overnight',
            'later',
            'eventually',
            'intermittent',
            'periodically',
            'randomly',
            'running and healthy',
            'is healthy',
            'still (running|alive|active|online|connected|open)',
            '(remains|stays|remain|stay) (alive|active|running|connected|open|online)',
            'alreadyrunning',
            'status:connected',
            '空闲',
            '休眠',
            '一段时间',
          ],
        ],
        weight: 0.68,
        of: 'generic',
      },
      {
        says: [
          'silently (disconnects|disconnected|drops|goes)',
          '(disappears|disappear|vanishes|vanished|disappeared|missing|drops) from * (phone|mobile|app|list|chatgpt)',
          '(shows|shown|show|showing|appears|marked|listed|displayed|reports|goes|becomes) * (mac|host|machine|computer|pc|desktop|device) * offline',
          '(mac|host|machine|computer|pc|desktop|device) * (as|is|goes|went|becomes|stays|appears|remains) offline',
          '(tapping|tap|clicking|click|pressing|press) reconnect',
          'reconnect * (ineffective|does nothing|not work|does not)',
          'permanently stuck in reconnecting',
          'intermittently unavailable',
          'presence',
        ],
        with: [[...ABOUT_REMOTE, ...ON_THE_PHONE]],
        weight: 0.6,
        of: 'generic',
      },
      {
        // As the phone writes it beside the machine's name.
        says: ['offline · last seen', 'offline - last seen', 'offline, last seen', '离线 · 上次'],
        weight: 0.66,
        of: 'likely',
      },
      {
        says: [
          'looking for chatgpt desktop',
          'failed to connect to chatgpt desktop',
          'make sure the chatgpt desktop app is open',
        ],
        weight: 0.66,
        of: 'likely',
        over: ['remote.pairing_failed'],
      },
      {
        says: [
          'remote control websocket (writer|reader) was stopped',
          'remote control websocket (writer|reader) disconnected',
          'remote control connection closed',
          'silently closes the websocket',
          'dropping message for disconnected connection',
        ],
        weight: 0.6,
        of: 'own',
      },
    ],
  },
];
