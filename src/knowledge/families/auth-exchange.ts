/** The last step of a login: the code for the tokens. */
import type { FailureEntry } from '../types.ts';

/** Evidence of the route that explains a failed exchange better than the exchange does. */
const ROUTE_EVIDENCE = [
  'unsupported_country_region_territory',
  'certificate_verify_failed',
  'unknownissuer',
  'invalid peer certificate',
  'failed to lookup address',
  'dns error',
  'name or service not known',
  '429',
] as const;

export const AUTH_EXCHANGE: readonly FailureEntry[] = [
  {
    id: 'auth.token_exchange_failed',
    title: 'Login could not be completed',
    fixClass: 'U',
    actor: 'you',
    cause:
      'The browser part of the login worked, but Codex could not exchange its code for tokens at auth.openai.com.',
    fix: {
      summary:
        'Start a fresh login; if it repeats, look at the route that Codex takes to auth.openai.com, not at that of the browser.',
      steps: [
        'Close the login tabs, then one fresh `codex login`.',
        '`steward doctor --live`: it asks auth.openai.com on the route of Codex (proxy, DNS, TLS).',
        'If only the browser uses a proxy: start Codex with `HTTPS_PROXY=http://HOST:PORT codex login`.',
        'Try the device code: `codex login --device-auth`.',
        'If it stays, give the request id of the page to https://help.openai.com.',
      ],
    },
    notHelping: [
      'Reloading the callback page: its code works once only.',
      'Another browser: the exchange is made by Codex itself.',
    ],
    references: ['openai/codex#41815', 'openai/codex#3409', 'qxcnm/Codex-Manager#162'],
    check: 'steward.network-route',
    signals: [
      {
        says: [
          'token_exchange_failed',
          'login callback token exchange failed',
          'oauth token exchange (transport failure|returned non-success)',
        ],
        not: ROUTE_EVIDENCE,
        weight: 0.92,
        of: 'own',
        over: ['network.stream_disconnected', 'server.error'],
        log: true,
      },
      {
        says: [
          'token endpoint returned status (400|401|403|404|500|502|503)',
          'token exchange (failed|error): * auth.openai.com',
          'device code exchange failed',
        ],
        not: [...ROUTE_EVIDENCE, 'mcp server', 'mcp client', 'codex mcp login', '¦mcp oauth'],
        weight: 0.84,
        of: 'likely',
        over: ['network.stream_disconnected', 'server.error', 'auth.callback_unreachable'],
      },
      {
        says: 'token exchange (failed|error)',
        not: [...ROUTE_EVIDENCE, '¦mcp'],
        weight: 0.8,
        of: 'generic',
        over: ['network.stream_disconnected', 'auth.callback_unreachable'],
      },
      {
        says: [
          'device auth failed with status',
          'device code request failed with status',
          'state mismatch',
          'missing authorization code. sign-in',
          'missing_authorization_code',
          'sign-in could not be completed',
          'device auth timed out after 15 minutes',
        ],
        not: [...ROUTE_EVIDENCE, 'mcp', 'missing_codex_entitlement', 'could not be saved'],
        weight: 0.7,
        of: 'generic',
      },
      {
        says: [
          '(令牌交换|token 交换|换取令牌|交换令牌)*(失败|错误)',
          '(登录失败|登入失敗)*(auth.openai.com|oauth/token)',
          'トークン*交換*失敗',
          '토큰 교환*실패',
          '(troca de token|intercambio de token)*(falh|fall)',
          'обмен*токен*(не удал|ошибк)',
        ],
        not: ROUTE_EVIDENCE,
        weight: 0.72,
        of: 'generic',
      },
    ],
  },
];
