/** The fault lies with the server: wait, and change nothing. */
import type { FailureEntry } from '../types.ts';
import { API_CLIENTS } from './wrappers.ts';

/** Addresses that are not OpenAI's backend: their errors are those of a companion or another provider. */
const OTHER_BACKENDS = ['://127.0.0.1', '://localhost', '://0.0.0.0', 'host.docker.internal'] as const;

export const SERVER: readonly FailureEntry[] = [
  {
    id: 'server.error',
    title: 'Error on the side of OpenAI',
    fixClass: 'W',
    actor: 'wait',
    cause:
      'The backend failed while it worked on the request; login, network and this machine are not at fault.',
    fix: {
      summary: 'Try again later and keep the request id; change nothing on this machine.',
      steps: [
        'Send the prompt again after a minute.',
        'Look at https://status.openai.com, and whether chatgpt.com works in a browser.',
        'If it lasts: report it with `/feedback`, with the request id or cf-ray of the message.',
      ],
    },
    notHelping: ['Logging in again, reinstalling, deleting CODEX_HOME, or editing config.toml.'],
    references: ['openai/codex#42534'],
    signals: [
      {
        says: [
          'an error occurred while processing your request',
          'the server had an error (processing|while processing) your request',
          'biscuit_baker_service',
        ],
        not: API_CLIENTS,
        weight: 0.9,
        of: 'likely',
        over: ['network.stream_disconnected'],
        log: true,
      },
      {
        says: 'unexpected status (404|405|500|501|502|503|504|520|521|522|523|524|525|526|529|530)',
        with: [['chatgpt.com/backend-api', 'api.openai.com']],
        not: OTHER_BACKENDS,
        weight: 0.9,
        of: 'own',
        over: ['network.stream_disconnected', 'server.overloaded'],
        log: true,
      },
      {
        // Codex puts the body after the reason, with a colon; other programs name a place there.
        says: [
          'unexpected status (500 internal server error|501 not implemented|502 bad gateway|503 service unavailable|504 gateway timeout):',
          'unexpected status (520|521|522|523|524|525|526|529|530) *unknown status code*:',
          'exceeded retry limit, last status: (500|501|502|503|504|520|521|522|523|524|529|530)',
        ],
        not: [...OTHER_BACKENDS, 'account pool', 'no available account'],
        weight: 0.84,
        of: 'own',
        over: ['network.stream_disconnected'],
        log: true,
      },
      {
        says: [
          'unexpected status (500|501|502|503|504|520|521|522|523|524|525|526|529|530)',
          'last status: (500|501|502|503|504|520|521|522|523|524|529|530)',
        ],
        not: [...OTHER_BACKENDS, 'account pool', 'no available account'],
        weight: 0.84,
        of: 'generic',
        over: ['network.stream_disconnected'],
        log: true,
      },
      {
        says: [
          'upstream connect error or disconnect/reset before headers',
          '(500|502|503|504) (internal server error|bad gateway|service unavailable|service temporarily unavailable|gateway timeout|gateway time-out)',
          'websocket: http error: (500|502|503|504)',
          'http error: (500|502|503|504)',
        ],
        not: [
          ...OTHER_BACKENDS,
          ...API_CLIENTS,
          'npm',
          'mcp',
          'github.com',
          'no available account',
          'remote/control',
          'localhost',
        ],
        weight: 0.72,
        of: 'generic',
        over: ['network.stream_disconnected'],
      },
      {
        says: [
          'type: server_error',
          'code: server_error',
          'code: internal_server_error',
          '(type|code|error): internalservererror',
        ],
        not: API_CLIENTS,
        weight: 0.76,
        of: 'generic',
        over: ['network.stream_disconnected'],
      },
      {
        says: [
          'internal server error',
          'server error',
          'something went wrong',
          '服务器错误',
          '服务器内部错误',
          '处理您的请求时发生错误',
          '处理你的请求时出错',
          'サーバーエラー',
          'リクエストの処理中にエラー',
          '서버 오류',
          'erro no servidor',
          'error del servidor',
          'serverfehler',
          'ошибка сервера',
        ],
        with: [
          [
            'chatgpt',
            'openai',
            'backend-api',
            'request id',
            'all models',
            'everyone',
            'status page',
            'outage',
            '500',
            'req_',
          ],
        ],
        not: [...OTHER_BACKENDS, ...API_CLIENTS, 'mcp', 'login', 'token exchange', 'sign-in'],
        weight: 0.56,
        of: 'generic',
      },
      {
        says: ['failed to refresh token: (500|502|503|504)', 'workspace routing discovery failed'],
        weight: 0.85,
        of: 'own',
        over: ['auth.token_exchange_failed', 'network.stream_disconnected'],
      },
      {
        says: 'currently experiencing high demand, which may cause temporary errors',
        weight: 0.6,
        of: 'own',
        log: true,
      },
    ],
  },
  {
    id: 'server.overloaded',
    title: 'Model is at capacity',
    fixClass: 'W',
    actor: 'wait',
    cause: 'The chosen model has no free capacity at the moment.',
    fix: {
      summary: 'Wait, or go on with another model; change nothing else.',
      steps: [
        'Send the prompt again after some minutes.',
        'Or choose another model with `/model`.',
        'Look at https://status.openai.com.',
      ],
    },
    notHelping: ['Logging in again or changing accounts: the model is full for everyone.'],
    references: ['openai/codex#46956'],
    signals: [
      {
        says: [
          'selected model is at capacity',
          '¦server_overloaded¦',
          'server_is_overloaded',
          'serveroverloaded',
          'codex is currently experiencing high load',
          'policy-restricted capacity is unavailable',
          'flex capacity unavailable',
        ],
        weight: 0.96,
        of: 'own',
        over: [
          'server.error',
          'network.stream_disconnected',
          'ratelimit.too_many_requests',
          'ratelimit.usage_limit',
        ],
        log: true,
      },
      {
        says: [
          'our servers are currently overloaded',
          'the engine is currently overloaded',
          'model is (currently |)(overloaded|at capacity)',
          'that model is currently overloaded',
        ],
        not: 'overloaded_error',
        weight: 0.86,
        of: 'generic',
        over: ['server.error', 'network.stream_disconnected'],
      },
      {
        says: 'currently experiencing high demand, which may cause temporary errors',
        weight: 0.78,
        of: 'own',
        over: ['network.stream_disconnected'],
      },
      {
        says: [
          '(模型|model)*(容量已满|容量不足|已达容量|已满负荷|满载|过载|繁忙)',
          '(選択したモデル|モデル)*(容量|混雑)',
          '모델*(용량|과부하)',
          'modelo*(capacidade|capacidad|sobrecarregad|sobrecargad)',
          'modell*(ausgelastet|überlastet)',
          'модель*(перегружен|загружен)',
        ],
        weight: 0.74,
        of: 'generic',
      },
    ],
  },
];
