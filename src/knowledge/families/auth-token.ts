/** The tokens of a ChatGPT login: expired, spent, revoked, or of another account. */
import type { FailureEntry } from '../types.ts';
import { OTHER_REFUSALS, TOKEN_ECHOES, WRAPPERS } from './wrappers.ts';

export const AUTH_TOKEN: readonly FailureEntry[] = [
  {
    id: 'auth.token_expired',
    title: 'Login expired',
    fixClass: 'U',
    actor: 'you',
    cause: 'OpenAI no longer accepts the stored ChatGPT login, and it could not be renewed.',
    fix: {
      summary:
        'Log in again, after a look whether a key or another address is in force instead of the login.',
      steps: [
        'Look which credential Codex uses: `codex login status`, and `steward doctor --only auth`.',
        'Close every Codex (terminal, IDE, app), then `codex logout`.',
        '`codex login`, or `codex login --device-auth` on a machine without a browser.',
        'Start Codex again: a process that runs keeps the old login in memory.',
      ],
    },
    notHelping: ['Reinstalling Codex: the login lives in CODEX_HOME and survives it.'],
    references: ['openai/codex#18769', 'zhishile/codex-auth-helper#53', 'steipete/CodexBar#408'],
    check: 'steward.auth-login',
    signals: [
      {
        says: [
          'provided authentication token is expired',
          'could not parse your authentication token',
          'could not validate your (token|authentication token|access token)',
          'because your refresh token has expired',
        ],
        not: 'refresh_token_reused',
        weight: 0.94,
        of: 'own',
        over: TOKEN_ECHOES,
        log: true,
      },
      {
        says: [
          'access token could not be refreshed. please',
          'access token could not be refreshed, please',
          'authentication session could not be refreshed automatically',
        ],
        weight: 0.86,
        of: 'own',
        over: TOKEN_ECHOES,
        log: true,
      },
      {
        says: ['¦token_expired¦', '¦refresh_token_expired¦'],
        weight: 0.9,
        of: 'generic',
        over: TOKEN_ECHOES,
      },
      {
        says: 'unexpected status 401 unauthorized',
        with: [['chatgpt.com/backend-api', 'backend-api/codex', 'wham/']],
        not: [
          'missing bearer',
          'incorrect api key',
          'missing scopes',
          'token_revoked',
          'invalidated',
          'remote/control',
        ],
        weight: 0.84,
        of: 'own',
        over: WRAPPERS,
        log: true,
      },
      {
        says: ['exceeded retry limit, last status: 401', 'unexpected status 401 unauthorized:'],
        not: OTHER_REFUSALS,
        weight: 0.66,
        of: 'own',
        over: WRAPPERS,
      },
      {
        says: 'unexpected status 401 unauthorized',
        not: OTHER_REFUSALS,
        weight: 0.66,
        of: 'generic',
        over: WRAPPERS,
      },
      {
        says: [
          'failed to refresh (token|access token|available models|oauth)',
          'token refresh failed',
          'refresh token request returned status 401',
          'token (has expired|is expired|expired|已过期)',
          'session (has expired|expired)',
        ],
        with: [['401', 'expired', '已过期', 'unauthorized']],
        not: ['mcp', 'empty string', 'opencode'],
        weight: 0.56,
        of: 'generic',
      },
      {
        says: [
          '(logging|logs|logged|signing|signs|kicks|kicked|throws) me out',
          '(logout|login-logout|sign-in|sign-out|login) loop',
          '(have to|had to|must|forced to|asked to|asks me to|asking me to) (log in|login|sign in|re-login|relogin|reauthenticate) (again|every|each)',
          '(logged|signed) out (every|each|after a few|randomly|constantly|automatically)',
        ],
        not: ['revoked', 'already used', 'remote control', 'mfa', 'keyring'],
        weight: 0.56,
        of: 'generic',
      },
      {
        says: [
          '(登录|登入|登陆|授权|令牌|凭证|会话|身份验证)(已|已经)(过期|失效)',
          '(访问令牌|token|令牌)*(无法刷新|刷新失败)',
          'トークン*(期限切れ|有効期限)',
          '토큰*만료',
          'token*(expirou|expirado|ha caducado|abgelaufen)',
          'токен*(истёк|истек)',
        ],
        not: ['撤销', 'revoked', '已被使用', 'invalidated', 'refresh_token_reused', '其他账户', '其他账号'],
        weight: 0.62,
        of: 'generic',
      },
    ],
  },
  {
    id: 'auth.refresh_token_reused',
    title: 'Refresh token already used',
    fixClass: 'U',
    actor: 'you',
    cause:
      'Two programs shared one login: the other one renewed it first, and this copy of the refresh token is spent.',
    fix: {
      summary:
        'Restart the session; if that is not enough log in again, and leave one program to renew each login.',
      steps: [
        'Close the Codex that shows this and start it again: it may only hold an old copy of a login that is fine on disk.',
        'If it comes back: close every Codex, then `codex logout` and `codex login`.',
        'Leave one writer for each login: no account switcher, sync tool, container or second machine with a copy of the same auth.json.',
        'Give each machine and each container its own `codex login`.',
      ],
    },
    notHelping: [
      'Trying again with the same token, or copying an older auth.json back: a spent token stays spent.',
      'Copying auth.json to further machines: each copy spends the token of the others.',
    ],
    references: [
      'openai/codex#6498',
      'openai/codex#24365',
      'Lampese/codex-switcher#37',
      'openai/codex#15127',
    ],
    check: 'steward.auth-login',
    signals: [
      {
        says: [
          'refresh_token_reused',
          '(could not|couldnt|cannot) be refreshed because your refresh token was already used',
          'refresh token has already been used to generate',
        ],
        weight: 0.96,
        of: 'own',
        over: [...TOKEN_ECHOES, 'auth.token_expired', 'auth.credentials_malformed'],
        log: true,
      },
      {
        says: [
          'refresh token*already (used|been used|consumed|redeemed)',
          'refresh_token*already (used|been used)',
        ],
        weight: 0.9,
        of: 'generic',
        over: ['auth.token_expired'],
      },
      {
        says: [
          '(刷新令牌|refresh token|refresh_token)*(已被使用|已经被使用|被使用过|已使用|已经使用|重复使用)',
          '(刷新令牌|refresh token|refresh_token)*已被*使用过',
          '(リフレッシュトークン|refresh token)*(使用済み|すでに使用|既に使用)',
          '(새로 고침 토큰|리프레시 토큰|refresh token)*(이미 사용)',
          '(refresh token|token de atualização|token de actualización)*(já foi us|já utilizado|ya se ha us|ya fue us|ya ha sido us)',
          '(aktualisierungstoken|refresh-token|refresh token)*(bereits verwendet)',
          '(refresh token|токен обновления)*(уже был использован|уже использован)',
        ],
        weight: 0.85,
        of: 'generic',
        over: ['auth.token_expired'],
      },
    ],
  },
  {
    id: 'auth.refresh_token_revoked',
    title: 'Login revoked by the server',
    fixClass: 'U',
    actor: 'you',
    cause:
      'OpenAI has ended this login, most often because the account was signed out somewhere or signed in anew elsewhere.',
    fix: {
      summary: 'Log that account in again, and switch accounts from now on without signing out.',
      steps: [
        'Close every Codex, then `codex logout` and `codex login` with that account.',
        'When switching accounts do not press "Log out" in the app or the browser: it revokes the stored login.',
        'Give each machine its own login; a newer login of the same program can end an older one.',
        'If it happens within minutes without any sign-out, end all sessions in the ChatGPT security settings, change the password, and log in once.',
      ],
    },
    notHelping: ['Restoring an old auth.json: the server keeps a revoked token revoked.'],
    references: [
      'jlcodes99/cockpit-tools#1305',
      'jlcodes99/cockpit-tools#2093',
      'Loongphy/codex-auth#104',
      'Loongphy/codex-auth#145',
    ],
    check: 'steward.auth-login',
    signals: [
      {
        says: [
          '(could not|couldnt|cannot) be refreshed because your refresh token was revoked',
          'refresh_token_invalidated',
          'encountered invalidated oauth token',
          'authentication token has been invalidated',
        ],
        weight: 0.95,
        of: 'own',
        over: [...TOKEN_ECHOES, 'auth.token_expired'],
        log: true,
      },
      {
        says: [
          '¦token_revoked¦',
          '¦token_invalidated¦',
          'token revoke¦',
          'refresh token*(has been|is|was) revoked',
        ],
        not: ['mcp server', 'github token'],
        weight: 0.9,
        of: 'generic',
        over: [...TOKEN_ECHOES, 'auth.token_expired'],
      },
      {
        says: [
          'your session has ended. please log in again',
          'app_session_terminated',
          'session has been terminated',
        ],
        weight: 0.7,
        of: 'generic',
        over: ['auth.token_expired'],
      },
      {
        says: [
          'access token*revoked',
          '(refresh_token|refresh token) is (invalid|no longer valid)',
          'oauth token*(revoked|invalidated)',
          'credentials*revoked',
          'login*revoked',
        ],
        not: [
          'mcp',
          'client has been revoked',
          'remote-control client',
          'remote control client',
          'device revoked',
        ],
        weight: 0.6,
        of: 'generic',
      },
      {
        says: [
          '(授权|令牌|登录|token|会话)*(被服务端撤销|已被撤销|被撤销|已撤销|被吊销|已吊销|被注销)',
          'トークン*(取り消|無効化|失効)',
          '토큰*(취소되|해지|무효화)',
          'token*(foi revogado|revogado|fue revocado|revocado|widerrufen|révoqué)',
          'токен*(отозван|аннулирован)',
        ],
        weight: 0.8,
        of: 'generic',
        over: ['auth.token_expired'],
      },
    ],
  },
];
