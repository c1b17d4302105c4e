/** The login changed under a Codex that runs. */
import type { FailureEntry } from '../types.ts';
import { TOKEN_ECHOES } from './wrappers.ts';

export const AUTH_ACCOUNT: readonly FailureEntry[] = [
  {
    id: 'auth.account_mismatch',
    title: 'Running Codex still uses the former account',
    fixClass: 'C',
    actor: 'you',
    cause:
      'The login on disk was changed to another account while this Codex kept running with the former one.',
    fix: {
      summary: 'Restart every Codex process with the wanted account; sign in if the stored one is another.',
      steps: [
        'Look which account is stored: `codex login status`, and `/status` inside Codex.',
        'Close every Codex: terminals, the IDE extension, the app, and `codex app-server daemon stop`.',
        'If the stored account is not the wanted one: `codex logout`, then `codex login`.',
        'Start Codex again; switch accounts from now on only while no Codex runs.',
      ],
    },
    notHelping: [
      'Switching the account once more while Codex runs: a running process does not take it over.',
    ],
    references: [
      'jlcodes99/cockpit-tools#902',
      'jlcodes99/cockpit-tools#1020',
      'zhishile/codex-auth-helper#76',
    ],
    check: 'steward.auth-conflict',
    signals: [
      {
        says: [
          'have since logged out or signed in to another account',
          'logged out or signed in to another account',
          'sign-in returned a different user or workspace',
          'skipping auth reload due to account id mismatch',
        ],
        weight: 0.96,
        of: 'own',
        over: [...TOKEN_ECHOES, 'auth.token_expired'],
        log: true,
      },
      {
        says: [
          '(已登出或登录了其他|已注销或登录|已退出或登录了其他|登录到其他账户|登录了另一个)',
          '(ログアウトしたか|別のアカウントにサインイン)',
          '(로그아웃했거나|다른 계정에 로그인)',
        ],
        weight: 0.85,
        of: 'generic',
        over: ['auth.token_expired'],
      },
      {
        says: ['(switch|switching|switched|changing|changed|change) * account', 'account switch'],
        with: [
          [
            'running',
            'restart',
            'reopen',
            'relaunch',
            'quit and',
            'kill',
            'does not pick up',
            'do not pick up',
            'not take effect',
            'takes effect',
            'still (uses|using|shows|logged|the old|on the old)',
            'old account',
            'previous account',
            'previous (auth|login|session)',
            'window is reloaded',
            'reload window',
          ],
        ],
        not: [
          'encrypted',
          'revoked',
          'already used',
          '¦thread',
          '¦sessions¦',
          '¦history¦',
          'cooldown',
          'remote control',
          '¦pool¦',
        ],
        weight: 0.66,
        of: 'generic',
      },
      {
        says: [
          '切换*(账号|帐号|账户)',
          '(账号|帐号|账户)切换',
          '(切換|切り替え)*(帳號|アカウント)',
          '계정*(전환|변경)',
          '(自动|手动|无感)*(切号|换号)',
          '切号',
          '点击(切换|switch)',
        ],
        with: [
          [
            '重启',
            '不生效',
            '没有生效',
            '未生效',
            '没生效',
            '还是原来',
            '原来的账号',
            '还在执行',
            '老用户',
            '老账号',
            'reload window',
            '重载',
            '旧账号',
            '仍然是',
            '重新打开',
            '再起動',
            '재시작',
          ],
        ],
        not: ['revoke', '撤销', '会话', '历史', 'encrypted'],
        weight: 0.64,
        of: 'generic',
      },
    ],
  },
];
