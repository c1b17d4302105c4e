/** Remote control is refused because of the account, its workspace or the kind of login. */
import type { FailureEntry } from '../types.ts';
import { ABOUT_REMOTE } from './remote-words.ts';

export const REMOTE_ACCOUNT: readonly FailureEntry[] = [
  {
    id: 'remote.mfa_required',
    title: 'Remote control needs multi-factor authentication',
    fixClass: 'U',
    actor: 'you',
    cause:
      'OpenAI refuses to enrol this computer because the signed-in session never passed multi-factor authentication.',
    fix: {
      summary:
        'Turn on MFA for the account, sign out and in so that the new session carries it, then start remote control again.',
      steps: [
        'Turn on multi-factor authentication at https://chatgpt.com/#settings/Security.',
        'Run `codex logout`, then `codex login --device-auth`, and answer the MFA question in the browser; in the desktop app sign out and in.',
        'Run `codex remote-control stop`, then `codex remote-control start`.',
        'Run `steward doctor --only remote.mfa_required` to see that the refusal is gone, then pair the phone.',
      ],
    },
    notHelping: [
      'Reinstalling the app, deleting sockets or clearing the enrolment table: the refusal comes from the account.',
      'Turning MFA on without a new login: the old session does not carry it.',
    ],
    references: [
      'openai/codex#24328',
      'openai/codex#27167',
      'openai/codex#23977',
      'openai/codex#41747',
      'openai/codex#24046',
    ],
    check: 'steward.remote-error',
    signals: [
      {
        says: 'multi-factor authentication required',
        weight: 0.97,
        of: 'own',
        log: true,
        over: [
          'remote.enrollment_errored',
          'remote.pairing_failed',
          'remote.presence_stale',
          'remote.socket_or_daemon',
          'remote.stale_environment',
          'remote.workspace_policy',
          'network.edge_blocked',
          'auth.token_expired',
        ],
      },
      {
        says: [
          'finish secure setup',
          'secure setup failed',
          'complete secure setup',
          '无法完成安全设置',
          '安全设置失败',
        ],
        weight: 0.74,
        of: 'likely',
        over: ['remote.pairing_failed', 'remote.enrollment_errored'],
      },
      {
        says: ['mfa_requirement', 'mfa_info', 'check security requirements'],
        not: ['just a moment', 'enable javascript and cookies', 'cloudflare'],
        weight: 0.62,
        of: 'own',
      },
      {
        says: [
          '(mfa|multi-factor|multifactor|two-factor|2fa|totp|passkey) * (required|is needed|must be|is not enabled|not enabled)',
          '(requires|require|required|needs|enable|enabled|enabling|verified) * (mfa|multi-factor|multifactor|two-factor|2fa)',
          '多重身份验证',
          '多因素',
          '双重验证',
          '两步验证',
          '二段階認証',
          '다단계 인증',
          'двухфакторн',
        ],
        with: [ABOUT_REMOTE],
        weight: 0.68,
        of: 'generic',
        over: ['remote.pairing_failed', 'remote.enrollment_errored'],
      },
      {
        says: [
          'failed to authorize remote control',
          'remote control authorization failed',
          '远程控制授权失败',
          '远程连接授权失败',
        ],
        weight: 0.55,
        of: 'likely',
      },
    ],
  },
  {
    id: 'remote.workspace_policy',
    title: 'Workspace forbids remote control',
    fixClass: 'U',
    actor: 'admin',
    cause:
      'The ChatGPT workspace, or a managed setting of this computer, does not allow devices to be controlled remotely.',
    fix: {
      summary: 'A workspace owner allows remote device control; then sign out and in on this computer.',
      steps: [
        'Ask an owner to turn on "Allow members to discover and control devices remotely" in the workspace settings of ChatGPT.',
        'If your organisation manages this computer, ask for `allow_remote_control` in its `requirements.toml`.',
        'Run `codex logout`, then `codex login`, choose that workspace, and start remote control again.',
      ],
    },
    notHelping: [
      'Clearing enrolments or reinstalling: the refusal belongs to the workspace.',
      'Expecting the switch to work in the session that was open before the owner changed it.',
    ],
    references: [],
    check: 'steward.remote-error',
    signals: [
      {
        says: [
          'codex mobile is disabled by your',
          'discover and control devices remotely',
          'allow_remote_control',
          'remote control is disabled by a managed',
        ],
        weight: 0.9,
        of: 'own',
        log: true,
        over: ['remote.enrollment_errored', 'remote.pairing_failed', 'config.cloud_requirements'],
      },
      {
        says: [
          '(remote control|remote access|remote device control) * (disabled|blocked|turned off|not enabled|not allowed|not permitted|forbidden|not available) * (workspace|organization|organisation|admin|owner|policy)',
          '(workspace|organization|organisation|admin|policy) * (disabled|disables|blocks|blocked|does not allow|doesnt allow|turned off|has not enabled) * (remote control|remote access|remote device)',
          'remote control permission',
          'permission to use remote control',
          'allowremotecontrol: false',
        ],
        not: ['claude'],
        weight: 0.86,
        of: 'generic',
        over: ['remote.enrollment_errored'],
      },
      {
        says: [
          'allow connections * (disabled|greyed|grayed|cannot be|cant be|unavailable|not selectable)',
          '(greyed out|grayed out|灰色|不可选|置灰|grisé|ausgegraut)',
        ],
        with: [ABOUT_REMOTE],
        weight: 0.66,
        of: 'generic',
      },
      {
        says: [
          'business',
          'enterprise',
          '¦edu¦',
          'team plan',
          'workspace owner',
          'workspace admin',
          'workspace setting',
          'workspace permission',
          '工作区',
          '企业版',
        ],
        with: [
          ABOUT_REMOTE,
          [
            'availability',
            'disabled',
            'not available',
            'cannot enable',
            'unable to enable',
            'personal account',
            'fails',
            '无法',
            '禁用',
          ],
        ],
        weight: 0.6,
        of: 'generic',
      },
    ],
  },
  {
    id: 'remote.requires_chatgpt_login',
    title: 'Remote control needs a ChatGPT login',
    fixClass: 'U',
    actor: 'you',
    cause:
      'Remote control enrols a computer for a ChatGPT account, and Codex here has no login or only an API key.',
    fix: {
      summary: 'Log in with ChatGPT; an API key cannot enrol.',
      steps: [
        'Run `codex login status` to see what Codex uses now.',
        'Run `codex login` (or `codex login --device-auth` without a browser).',
        'Run `codex remote-control stop`, then `codex remote-control start`.',
      ],
    },
    notHelping: ['Another API key: no key can enrol.'],
    references: ['openai/codex#24046'],
    check: 'steward.remote-daemon',
    signals: [
      {
        says: [
          'remote control requires chatgpt authentication',
          'remote control requires chatgpt',
          'remote control requires a chatgpt',
        ],
        weight: 0.97,
        of: 'own',
        log: true,
        over: [
          'remote.enrollment_errored',
          'remote.pairing_failed',
          'auth.not_logged_in',
          'auth.apikey_conflict',
        ],
      },
      {
        says: ['api key auth is not supported', 'api key authentication is not supported'],
        with: [ABOUT_REMOTE],
        weight: 0.93,
        of: 'own',
        over: ['remote.enrollment_errored', 'auth.apikey_invalid'],
      },
      {
        says: [
          '(api key|api-key|apikey|openai_api_key|api 密钥)',
          'not logged in',
          'auth_mode: apikey',
          'auth_mode=apikey',
        ],
        with: [
          ['remote control', 'remote-control', '远程控制'],
          [
            'requires chatgpt',
            'needs chatgpt',
            'chatgpt login',
            'log in with chatgpt',
            'sign in with chatgpt',
            'chatgpt account',
            'cannot enrol',
            'errored',
          ],
        ],
        weight: 0.6,
        of: 'generic',
      },
    ],
  },
];
