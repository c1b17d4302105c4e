/** The endpoint that config.toml names for the model. */
import type { FailureEntry } from '../types.ts';

/** A proxy variable is another hop than the provider's address; the login's own port is neither. */
const OTHER_HOPS = [
  'http_proxy',
  'https_proxy',
  'all_proxy',
  '1455',
  '/mcp',
  'mcp client',
  'mcp server',
  'mcp startup',
] as const;

/** Whoever stands there has answered: it runs, and what it says is the failure. */
const ANSWERED = ['unexpected status', 'http status', 'status code'] as const;

export const PROVIDER: readonly FailureEntry[] = [
  {
    id: 'provider.local_endpoint_down',
    title: 'Local model endpoint does not answer',
    fixClass: 'C',
    actor: 'you',
    cause:
      'Codex is set to send its requests to a program on this machine (a proxy or a local model) that does not run or does not answer.',
    fix: {
      summary: 'Start that program, or put the official provider back into config.toml.',
      steps: [
        'See the address and who listens there: `steward doctor --only provider.local_endpoint_down`.',
        'If you want it: start it (`ollama serve`, `lms server start`, or the proxy you installed) and wait until it listens.',
        'If not: `steward doctor --fix --only provider.local_endpoint_down` puts the official provider back, with a backup; or remove `model_provider`, `openai_base_url` and `oss_provider` by hand.',
        'Start Codex again: it reads config.toml at its start.',
      ],
    },
    notHelping: ['Logging in again, VPN or DNS changes: the request never leaves this machine.'],
    references: ['openai/codex#11850', 'ndycode/codex-multi-auth#614'],
    check: 'steward.provider-endpoint',
    signals: [
      {
        says: [
          'error sending request for url http://(localhost|127.0.0.1|0.0.0.0|::1|host.docker.internal)',
          'url: (http|ws)://(localhost|127.0.0.1|0.0.0.0|::1|host.docker.internal)',
        ],
        with: [['/responses', 'stream disconnected', 'reconnecting', 'stream error']],
        not: [...OTHER_HOPS, ...ANSWERED],
        weight: 0.9,
        of: 'likely',
        over: [
          'network.stream_disconnected',
          'network.stream_idle_timeout',
          'network.proxy',
          'network.dns',
          'server.error',
          'auth.token_expired',
        ],
        log: true,
      },
      {
        says: [
          'error sending request for url http://(localhost|127.0.0.1|0.0.0.0|::1|host.docker.internal)',
          'url: (http|ws)://(localhost|127.0.0.1|0.0.0.0|::1|host.docker.internal)',
        ],
        with: [['/responses', '/v1', '/models', '/chat/completions', '/codex', '/wham', '/backend-api']],
        not: [...OTHER_HOPS, ...ANSWERED],
        weight: 0.9,
        of: 'generic',
        over: [
          'network.stream_disconnected',
          'network.stream_idle_timeout',
          'network.proxy',
          'network.dns',
          'server.error',
          'auth.token_expired',
        ],
      },
      {
        // Not its silence then, but what stands behind it, or a proxy that answers in its place.
        says: ['url: (http|ws)://(localhost|127.0.0.1|0.0.0.0|::1|host.docker.internal)'],
        with: [['unexpected status (404|500|502|503|504)']],
        not: OTHER_HOPS,
        weight: 0.4,
        of: 'likely',
        over: ['server.error', 'server.overloaded'],
      },
      {
        says: [
          'no running ollama server detected',
          'lm studio is not responding',
          'failed to query local models from (ollama|lm studio)',
        ],
        weight: 0.95,
        of: 'own',
        over: ['network.stream_disconnected'],
        log: true,
      },
      {
        says: [
          'base_url',
          'openai_base_url',
          'model_provider',
          'model_providers',
          'local proxy',
          'local model',
          '¦ollama',
          'lm studio',
          'lmstudio',
          'llama.cpp',
          'llama-server',
          '¦vllm',
        ],
        with: [
          ['127.0.0.1', 'localhost', '0.0.0.0', 'local'],
          [
            'connection refused',
            '¦econnrefused',
            'actively refused',
            'os error 10061',
            'os error 61',
            'os error 111',
            'not running',
            'nothing * listening',
            'no process listening',
            'is down',
            'not listening',
            'stopped',
            'dead',
            'stale',
            'error sending request',
            'unreachable',
            '拒绝',
            '未启动',
            '没有启动',
          ],
        ],
        not: OTHER_HOPS,
        weight: 0.8,
        of: 'generic',
        over: ['network.stream_disconnected', 'network.proxy'],
      },
      {
        says: [
          '(connection refused|¦econnrefused|tcp connect error) * (127.0.0.1|localhost|::1)',
          '(127.0.0.1|localhost) * (connection refused|¦econnrefused|actively refused|os error 10061|os error 111|os error 61)',
        ],
        not: [
          ...OTHER_HOPS,
          'wss://chatgpt.com',
          'postgres',
          'redis',
          'mysql',
          'remote control',
          'app-server',
        ],
        weight: 0.7,
        of: 'generic',
        over: ['network.stream_disconnected'],
      },
    ],
  },
];
