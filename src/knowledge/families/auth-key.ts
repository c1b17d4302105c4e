/** Which credential a request carries, and whether it opens that door. */
import type { FailureEntry } from '../types.ts';
import { API_CLIENTS, WRAPPERS } from './wrappers.ts';

export const AUTH_KEY: readonly FailureEntry[] = [
  {
    id: 'auth.not_logged_in',
    title: 'Not logged in',
    fixClass: 'U',
    actor: 'you',
    cause:
      'Codex sends its requests without any credential: no login is stored here, and an exported OPENAI_API_KEY alone is not used.',
    fix: {
      summary: 'Log in, or hand the key over once; in CI from standard input.',
      steps: [
        'See what is stored: `codex login status`.',
        'With a ChatGPT plan: `codex login` (without a browser: `codex login --device-auth`).',
        'With an API key, hand it over: `printenv OPENAI_API_KEY | codex login --with-api-key`.',
        'For one `codex exec` in CI without a stored login: set `CODEX_API_KEY` for that command only.',
        'Check that this process reads the same home: `echo $CODEX_HOME`.',
      ],
    },
    notHelping: ['Only exporting OPENAI_API_KEY: newer Codex does not read it for the built-in provider.'],
    references: ['openai/openai-cookbook#2347'],
    check: 'steward.auth-login',
    signals: [
      {
        says: 'missing bearer or basic authentication',
        not: API_CLIENTS,
        weight: 0.94,
        of: 'likely',
        over: [...WRAPPERS, 'auth.token_expired', 'auth.apikey_invalid'],
        log: true,
      },
      {
        says: [
          'token data is not available',
          'auth data is not available',
          'codex account authentication required',
        ],
        weight: 0.9,
        of: 'own',
        over: ['auth.token_expired'],
        log: true,
      },
      {
        says: [
          'you didnt provide an api key',
          'you need to provide your api key in an authorization header',
          'to use codex with the openai api, set openai_api_key',
          'please run codex login',
          'run codex login (first|to|and)',
        ],
        not: ['incorrect api key', 'refresh', 'remote control'],
        weight: 0.72,
        of: 'generic',
      },
      {
        says: 'openai_api_key',
        with: [
          ['codex exec', 'codex-action', 'github action', 'gitlab', '¦ci¦', 'pipeline'],
          ['last status: 401', '401 unauthorized'],
        ],
        not: ['incorrect api key', 'invalid_api_key', 'missing scopes', 'missing bearer'],
        weight: 0.76,
        of: 'generic',
        over: ['auth.token_expired'],
      },
      {
        says: [
          'not logged in',
          'authentication required',
          'login required',
          'login is required',
          'no (credentials|auth|login) found',
          'auth.json (does not exist|not found|is missing|missing)',
        ],
        not: [
          'mcp',
          'remote control',
          'remote-control',
          'forced_login',
          'keyring',
          'opencode',
          'multi-factor',
          '407',
          'proxy authentication',
          '¦sudo',
        ],
        weight: 0.6,
        of: 'generic',
      },
      {
        says: [
          '(未登录|尚未登录|没有登录|未检测到*登录|请先*登录|请先执行 codex login)',
          '(ログインしていません|ログインが必要)',
          '(로그인되어 있지 않|로그인이 필요)',
          '(não está conectado|não autenticado|no has iniciado sesión|nicht angemeldet|не выполнен вход)',
        ],
        not: ['mcp', '远程控制'],
        weight: 0.62,
        of: 'generic',
      },
    ],
  },
  {
    id: 'auth.apikey_conflict',
    title: 'The wrong credential wins',
    fixClass: 'C',
    actor: 'you',
    cause:
      'A key or address in the environment, or a stored login of the other kind, is used instead of the wanted one.',
    fix: {
      summary:
        'Take the unwanted credential out of the environment of Codex (or log it out), and restart the terminal.',
      steps: [
        'See which one is in force: `codex login status`, and `steward doctor --only auth.apikey_conflict` names the file and line that sets the other.',
        'To use the ChatGPT plan: remove `OPENAI_API_KEY`, `CODEX_API_KEY` and `OPENAI_BASE_URL` from that shell profile, or run `env -u OPENAI_API_KEY -u CODEX_API_KEY codex`.',
        'To use the key: `codex logout`, then `printenv OPENAI_API_KEY | codex login --with-api-key`.',
        'Open a new terminal (and restart the IDE or app: they keep the environment they were started with).',
      ],
      platformSteps: {
        windows: [
          '`[Environment]::SetEnvironmentVariable("OPENAI_API_KEY", $null, "User")`, then sign out of Windows or restart the app.',
        ],
        macos: ['For the app also: `launchctl unsetenv OPENAI_API_KEY`.'],
      },
    },
    notHelping: ['Logging in with ChatGPT again while the variable is still set.'],
    references: ['antonbabenko/deliberation#196'],
    check: 'steward.auth-conflict',
    signals: [
      {
        says: [
          'mixed auth signals',
          'you are currently using chatgpt, while your preferred method is api key',
        ],
        weight: 0.94,
        of: 'own',
        log: true,
      },
      {
        says: ['openai_api_key', 'codex_api_key', 'openai_base_url', 'api key'],
        with: [
          [
            'instead of * (chatgpt|subscription|plan|login|logged-in|session|oauth)',
            'rather than * (chatgpt|subscription|plan|login)',
            '(overrides|overrode|override|overriding|outranks|shadows) * (chatgpt|subscription|login|auth)',
            'takes (precedence|priority)',
            '(ignores|ignoring|ignored) * (chatgpt|subscription|login|session)',
            'even though * (chatgpt|logged in|signed in|subscription)',
            'while logged in with chatgpt',
          ],
        ],
        not: ['missing scopes', 'opencode'],
        weight: 0.8,
        of: 'generic',
        over: ['ratelimit.credits_exhausted', 'network.stream_disconnected', 'auth.not_logged_in'],
      },
      {
        says: [
          '(charged|billed|billing|charging) * (api|api key) * (instead|chatgpt|subscription|plan)',
          '(switch|switching|switch back|go back) to (the |my |an |)(api key|api token|api) * (does not|doesnt|not work|fails|403|401)',
          '(still|keeps) using (my|the|an|old) api key',
          'still (uses|using) (the |my |)(openai_api_key|api key)',
          'codex login status*api key*(chatgpt plan|subscription)',
        ],
        weight: 0.66,
        of: 'generic',
      },
      {
        says: ['openai_api_key', 'codex_api_key', '环境变量', 'api key', 'api * (的 key|密钥|key 注入|注入)'],
        with: [
          [
            '优先',
            '覆盖',
            '而不是',
            '冲突',
            '依旧',
            '仍然用',
            '还是用',
            '一直用',
            '競合',
            '優先',
            '충돌',
            '우선',
          ],
          ['登录', '订阅', 'chatgpt', 'ログイン', '로그인'],
        ],
        weight: 0.66,
        of: 'generic',
      },
    ],
  },
  {
    id: 'auth.apikey_invalid',
    title: 'API key not accepted',
    fixClass: 'U',
    actor: 'you',
    cause:
      'The API key that Codex sends is wrong, revoked, quoted, or of another provider, or the variable that should hold it is not set.',
    fix: {
      summary: 'Set a valid key without quotes for the provider that is in use.',
      steps: [
        'See which provider and which variable Codex uses: `steward doctor --only auth`.',
        'Make a key at https://platform.openai.com/api-keys, and store it: `printenv OPENAI_API_KEY | codex login --with-api-key`.',
        'If you mean your ChatGPT plan: remove the variable, `codex logout`, `codex login`.',
        'If a companion proxy wrote its own local key: start that companion, or restore the official provider in config.toml.',
      ],
      platformSteps: {
        windows: ['In cmd.exe set OPENAI_API_KEY without quotes around the key: they become part of it.'],
      },
    },
    notHelping: ['Making more keys while the same variable still holds the old one.'],
    references: ['openai/codex#2253', 'farion1231/cc-switch#6816', 'qxcnm/Codex-Manager#8'],
    check: 'steward.auth-endpoint',
    signals: [
      {
        says: ['incorrect api key provided', '¦invalid_api_key¦'],
        not: API_CLIENTS,
        weight: 0.94,
        of: 'generic',
        over: [...WRAPPERS, 'auth.token_expired', 'auth.not_logged_in'],
        log: true,
      },
      {
        says: [
          'unexpected status 401*(incorrect|invalid|missing|no|wrong|unknown) (api key|apikey|api_key|api-key)',
          'unexpected status 401*(无效的令牌|无效的 api|api key 无效)',
          'openai rejected the request*invalid_api_key',
        ],
        weight: 0.9,
        of: 'own',
        over: [...WRAPPERS, 'auth.token_expired', 'auth.not_logged_in', 'provider.local_endpoint_down'],
        log: true,
      },
      {
        says: [
          'missing environment variable:*_api_key',
          'missing environment variable:*_(key|token|secret)',
          'missing environment variable:*(api key|apikey)',
          'missing environment variable:*create an api key',
        ],
        weight: 0.88,
        of: 'generic',
        over: ['auth.not_logged_in', 'network.stream_disconnected'],
      },
      {
        says: [
          'api key (is invalid|not valid|is not valid|has expired|is expired|expired|has been revoked|was revoked|is disabled|has been disabled|deactivated|not found)',
          '(invalid|missing|wrong|no|bad|unknown) (api key|api-key|apikey|api_key)',
          'api_key_(invalid|required|disabled|expired)',
          'invalid authentication credentials',
          'missing api key',
        ],
        with: [
          [
            '401',
            '403',
            'unauthorized',
            'provider',
            'base_url',
            'model_provider',
            'unexpected status',
            'codex',
          ],
        ],
        not: ['missing bearer', 'mcp server', 'mcp client', 'missing scopes', 'remote control'],
        weight: 0.7,
        of: 'generic',
        over: ['auth.token_expired'],
      },
      {
        says: [
          '(无效的|错误的|不正确的)*(api key|api 密钥|apikey|密钥|令牌)',
          '(api key|api 密钥|apikey|密钥)*(无效|错误|不正确|不存在)',
          'apiキー*(無効|正しくありません)',
          'api 키*(잘못|유효하지)',
          '(chave de api|clave de api|clave api)*(inválida|incorret|incorrect)',
          'api-schlüssel*(ungültig|falsch)',
          'неверный api*ключ',
        ],
        not: ['刷新令牌', '访问令牌'],
        weight: 0.66,
        of: 'generic',
      },
    ],
  },
  {
    id: 'auth.wrong_endpoint_for_token',
    title: 'ChatGPT login sent to the API',
    fixClass: 'C',
    actor: 'you',
    cause:
      'A ChatGPT login was sent to an API endpoint that takes API keys, mostly because config.toml names a provider or base URL of its own.',
    fix: {
      summary: 'Remove that provider or base URL, or use an API key with it.',
      steps: [
        'See which setting sends it there: `steward doctor --only auth.wrong_endpoint_for_token`.',
        'To use the ChatGPT plan: remove `model_provider`, `openai_base_url` and the `[model_providers.NAME]` table that points at https://api.openai.com/v1; start a new terminal.',
        'To keep that endpoint: `codex logout`, then `printenv OPENAI_API_KEY | codex login --with-api-key`.',
        'A restricted API key needs the scope `api.responses.write` (Responses: Write) in its project.',
      ],
    },
    notHelping: ['Logging in again: a ChatGPT login never carries the scopes of the API.'],
    references: [],
    check: 'steward.auth-endpoint',
    signals: [
      {
        says: [
          'missing scopes: (api.|model.)',
          'insufficient permissions for this operation*missing scopes',
          'api.responses.write',
        ],
        weight: 0.95,
        of: 'own',
        over: [...WRAPPERS, 'auth.token_expired', 'auth.apikey_conflict', 'auth.apikey_invalid'],
        log: true,
      },
      { says: ['missing_scope', 'insufficient_scope'], not: 'mcp', weight: 0.72, of: 'generic' },
      {
        says: ['api.openai.com/v1'],
        with: [
          ['401 unauthorized', 'status 401', '401'],
          [
            'logged in using chatgpt',
            'chatgpt login',
            'chatgpt auth',
            'chatgpt sign-in',
            'oauth token',
            '登录态',
            'chatgpt token',
          ],
        ],
        not: ['incorrect api key', 'missing bearer', 'last status: 429'],
        weight: 0.74,
        of: 'generic',
        over: ['auth.token_expired'],
      },
    ],
  },
];
