/** Login without a browser on this machine: the device code. */
import type { FailureEntry } from '../types.ts';

export const AUTH_DEVICE: readonly FailureEntry[] = [
  {
    id: 'auth.device_code_disabled',
    title: 'Device-code login is switched off',
    fixClass: 'U',
    actor: 'admin',
    cause: 'Login with a device code is not allowed for this account or workspace.',
    fix: {
      summary: 'Allow device codes in the security or workspace settings, or log in through a browser.',
      steps: [
        'Personal account: ChatGPT, Settings, Security, switch on "Enable device code authorization for Codex"; then `codex login --device-auth` with a fresh code.',
        'Workspace: an owner or admin allows it in the workspace settings.',
        'Otherwise log in with a browser through a forwarded port: `ssh -L 1455:localhost:1455 HOST`, then `codex login` on HOST.',
        'In CI a key does it, too: `printenv OPENAI_API_KEY | codex login --with-api-key`.',
      ],
    },
    notHelping: ['Asking for one code after another before the setting is on.'],
    references: ['openai/codex#9327', 'Loongphy/codex-auth#119'],
    signals: [
      {
        says: [
          'enable device code (authentication|authorization)',
          'device code (authentication|authorization) (is disabled|is not enabled|has been disabled)',
          'device code login is not enabled',
        ],
        weight: 0.95,
        of: 'own',
        over: ['auth.token_exchange_failed', 'server.error', 'remote.mfa_required'],
        log: true,
      },
      {
        says: [
          '(启用|开启|打开|允许|啟用|開啟)*(设备代码|设备码|裝置代碼|設備代碼|设备授权码)',
          '(设备代码|设备码|裝置代碼)*(授权|登录|身份验证|驗證|授權)*(管理员|启用|禁用|未启用|安全设置)',
        ],
        weight: 0.92,
        of: 'generic',
      },
      {
        says: [
          'デバイスコード*(有効|許可|管理者)',
          '(기기 코드|장치 코드|디바이스 코드)*(활성화|사용 설정|관리자)',
          '(ative|habilite|ativar|habilitar)*código*dispositivo',
          '(habilita|activa|habilitar|activar)*código*dispositivo',
          '(gerätecode|geräte-code)*(aktivier|administrator)',
          '(activez|activer)*code*appareil',
          '(включите|разрешите|администратор)*код*устройств',
        ],
        weight: 0.86,
        of: 'generic',
      },
      {
        says: ['device code', 'device-auth', 'device auth'],
        with: [
          ['disabled', 'not enabled', 'not allowed', 'workspace admin', 'administrator', 'security settings'],
        ],
        not: ['last status: 429', 'status 429'],
        weight: 0.7,
        of: 'generic',
      },
    ],
  },
  {
    id: 'auth.login_rate_limited',
    title: 'Too many login attempts',
    fixClass: 'W',
    actor: 'wait',
    cause:
      'The login service refuses further attempts from here for a while; account and password are not at fault.',
    fix: {
      summary: 'Wait, then try once.',
      steps: [
        'Stop everything that tries to log in or renews a token in a loop.',
        'Wait 15 to 60 minutes, then `codex login` once.',
        'If many people share this address (VPN, cloud machine), use another exit.',
      ],
    },
    notHelping: [
      'Trying again at once: each attempt lengthens the wait.',
      'Resetting the password or deleting auth.json.',
    ],
    references: [],
    signals: [
      {
        says: [
          'device code request failed with status 429',
          'device auth failed with status 429',
          'device code exchange failed: * 429',
          'token endpoint returned status 429',
        ],
        weight: 0.93,
        of: 'likely',
        over: ['auth.token_exchange_failed', 'ratelimit.too_many_requests', 'auth.device_code_disabled'],
        log: true,
      },
      {
        says: [
          'deviceauth',
          'device code',
          'device-auth',
          'device auth',
          'oauth/token',
          'codex/device',
          'codex login',
          'oauth/authorize',
          'failed to refresh token',
          'token exchange failed',
        ],
        with: [['429', 'too many requests', 'rate limited', 'rate_limit_exceeded']],
        not: [
          'usage_limit_reached',
          'last status: 429',
          'refresh_token_reused',
          'enable device code',
          '/responses',
        ],
        weight: 0.82,
        of: 'generic',
        over: [
          'auth.token_exchange_failed',
          'ratelimit.too_many_requests',
          'auth.device_code_disabled',
          'auth.token_expired',
        ],
      },
      {
        says: 'too many (login|sign-in|log in|sign in|authentication|phone verification|verification|otp) (attempts|requests)',
        weight: 0.7,
        of: 'generic',
      },
      {
        says: [
          '(登录|登入|登陆)*(过于频繁|太频繁|次数过多|请求过多)',
          '(ログイン|サインイン)*(試行回数|リクエストが多すぎ)',
          '로그인*(너무 많)',
        ],
        weight: 0.7,
        of: 'generic',
      },
    ],
  },
];
