/** The local half of remote control: daemon, pid file and control socket. */
import type { FailureEntry } from '../types.ts';

export const REMOTE_DAEMON: readonly FailureEntry[] = [
  {
    id: 'remote.socket_or_daemon',
    title: 'The local app-server daemon is stale or stuck',
    fixClass: 'C',
    actor: 'steward',
    cause:
      'A leftover pid file, a dead socket, an app-server that nobody manages or a daemon of an older version stands in the way of a new one.',
    fix: {
      summary:
        'Make sure what the recorded process is, end only that one, move stale files aside and start again.',
      steps: [
        'Run `steward doctor --only remote.socket_or_daemon`: it tells whether the recorded process lives and what it is.',
        'Run `codex remote-control stop` (or `codex app-server daemon stop`).',
        'Run `steward doctor --fix --only remote.socket_or_daemon`: it moves a stale pid file or socket aside, with a backup.',
        'Run `codex remote-control start`.',
      ],
      platformSteps: {
        linux: [
          'With a systemd user unit, add `ExecStop=codex app-server daemon stop`, so that a logout leaves no stale pid file.',
        ],
      },
    },
    notHelping: [
      'Killing by name (`pkill codex`): it ends other sessions and the desktop app as well.',
      'A new login or a new pairing: neither touches the daemon.',
    ],
    references: ['openai/codex#47206', 'openai/codex#23954', 'openai/codex#29186', 'openai/codex#39547'],
    check: 'steward.remote-daemon',
    signals: [
      {
        says: [
          'app server did not become ready',
          'app-server did not become ready',
          'failed to read start time for pid-managed',
          'failed to record pid-managed',
          'failed to terminate pid-managed',
          'timed out waiting for pid-managed',
          'cannot verify pid-managed process',
          'not managed by codex app-server daemon',
          'foreground app-server exited before remote control became ready',
          'app-server task failed before remote control became ready',
          'daemon migrated but',
          'local daemon connection failed',
        ],
        weight: 0.95,
        of: 'own',
        log: true,
        over: [
          'remote.presence_stale',
          'remote.enrollment_errored',
          'network.stream_disconnected',
          'install.binary_missing',
        ],
      },
      {
        says: [
          'remote app server at unix:',
          'remote app server at * (transport failed|disconnected|websocket protocol error)',
          'app-server event stream disconnected',
          'failed to connect to * app-server-control',
          'timed out probing default app-server daemon socket',
          '(failed|timed out) * (upgrade|upgrading|connect|connecting) * remote app server at',
        ],
        weight: 0.9,
        of: 'own',
        log: true,
        over: ['network.stream_disconnected', 'remote.presence_stale', 'remote.enrollment_errored'],
      },
      {
        says: ['app-server-control.sock', 'app-server-startup.lock', 'app-server-control'],
        with: [
          [
            'no such file',
            'os error',
            'refused',
            'failed',
            'stale',
            'permission denied',
            'address already in use',
            'already in use',
            'timed out',
            'reset',
            'missing',
            'locked',
          ],
        ],
        weight: 0.84,
        of: 'own',
      },
      {
        says: [
          'app-server.pid',
          'daemon.pid',
          'app-server-updater.pid',
          'pid-update-loop',
          'app-server-daemon/',
          'app-server-daemon\\',
        ],
        with: [
          [
            'stale',
            'no longer exists',
            'dead',
            'failed',
            'error',
            'old version',
            'zombie',
            'stuck',
            'missing',
            'restart',
            'unmanaged',
            'os error',
            'killed',
            'reset',
          ],
        ],
        weight: 0.82,
        of: 'own',
      },
      {
        says: 'codex on this environment is out of date',
        weight: 0.6,
        of: 'own',
      },
      {
        says: ['managed standalone codex install not found', 'standalone codex install not found'],
        weight: 0.72,
        of: 'own',
        over: ['remote.enrollment_errored'],
      },
      {
        says: [
          'unknown (variant|method) remotecontrol/',
          'method not found * remotecontrol/',
          'remotecontrol/* requires experimentalapi',
        ],
        weight: 0.74,
        of: 'own',
        over: ['config.invalid_value', 'remote.enrollment_errored', 'remote.pairing_failed'],
      },
      {
        says: [
          '(stale|dead|orphaned|leftover|unmanaged) (pid|socket|control socket|app-server|app server|daemon|updater)',
          'unmanaged app-server',
          '(daemon|app-server|app server) * (old version|older version|previous version|stale|zombie|defunct|crash|exits immediately)',
          '(daemon|app-server) (start|bootstrap|restart) * (fails|failed|refuses|error)',
          'codex app-server daemon',
          'background server',
        ],
        with: [['codex', 'remote-control', 'remote control', 'app-server']],
        not: ['local database', 'sqlite', 'state db'],
        weight: 0.56,
        of: 'generic',
      },
    ],
  },
];
