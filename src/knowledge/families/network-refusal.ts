/** The request arrives, and the edge turns it away. */
import type { FailureEntry } from '../types.ts';

/** A 403 that has another, exact reason. */
const OTHER_403 = [
  'multi-factor',
  'unsupported_country',
  'country, region',
  'is not supported when using codex',
  'missing scopes',
  'insufficient permissions',
  'chatgpt_account_missing',
  'model_not_found',
  'remote-control client',
  'usage_not_included',
  'upgrade to plus',
  'registry.npmjs.org',
  'invalid_api_key',
  'deactivated',
];

export const NETWORK_REFUSAL: readonly FailureEntry[] = [
  {
    id: 'network.edge_blocked',
    title: "OpenAI's edge blocks this route",
    fixClass: 'U',
    actor: 'you',
    cause:
      'Cloudflare answers in place of OpenAI with a challenge or a bare 403, because it distrusts the address that the request comes from.',
    fix: {
      summary:
        'Leave by another address (mostly: another VPN exit, or none) and wait a while; nothing here needs repair.',
      steps: [
        'Turn the VPN or proxy off, or choose an exit in a supported country that is no data centre.',
        'Run `steward doctor --live --only network.edge_blocked` to see whether the edge still refuses.',
        'Wait some minutes and try again; a block after many requests goes by itself.',
        'If a plain home or office connection stays blocked, report the `cf-ray` to OpenAI support.',
      ],
    },
    notHelping: [
      'Logging out and in, or clearing state: the request never reaches the login.',
      'Opening chatgpt.com in a browser to pass the challenge: Codex cannot use that pass.',
    ],
    references: ['openai/codex#8516', 'openai/codex#9271', 'openai/codex#31110'],
    check: 'steward.network-route',
    signals: [
      {
        says: ['access blocked by cloudflare', 'connecting from a restricted region'],
        weight: 0.94,
        of: 'likely',
        log: true,
        over: [
          'network.stream_disconnected',
          'auth.token_expired',
          'server.error',
          'remote.enrollment_errored',
          'network.region_blocked',
        ],
      },
      {
        says: [
          'just a moment...',
          'enable javascript and cookies to continue',
          'attention required! | cloudflare',
          'sorry, you have been blocked',
          'cf-mitigated',
          'challenge-platform',
          'cdn-cgi',
          'cf_chl',
          'error code: (1006|1009|1010|1015|1020)',
        ],
        weight: 0.93,
        of: 'generic',
        over: [
          'network.stream_disconnected',
          'auth.token_expired',
          'auth.token_exchange_failed',
          'server.error',
          'remote.enrollment_errored',
          'remote.pairing_failed',
          'mcp.handshake_failed',
          'ratelimit.too_many_requests',
        ],
      },
      {
        // The body after the colon, as Codex puts it; other programs end with the status.
        says: [
          'unexpected status 403 forbidden: (<!doctype html|<html)',
          'http 403 forbidden: some(<!doctype html|<html)',
          'http 403 forbidden: * attention required! | cloudflare',
        ],
        weight: 0.84,
        of: 'likely',
        over: ['network.stream_disconnected', 'auth.token_expired', 'server.error'],
      },
      {
        says: [
          '403 * <!doctype html',
          '403 * <html',
          'cloudflare * (challenge|captcha|403|blocked|blocks|block page)',
          '(403|blocked) * cloudflare',
          'cloudflare 验证',
          'cloudflare拦截',
          '被 cloudflare',
        ],
        not: OTHER_403,
        weight: 0.82,
        of: 'generic',
        over: ['network.stream_disconnected', 'auth.token_expired', 'server.error'],
      },
      {
        says: [
          '403 forbidden: , url',
          '403 forbidden: unknown error',
          '403 forbidden: url',
          '403 forbidden: none',
          '403 forbidden: , request id',
          'http error: 403 forbidden',
        ],
        not: OTHER_403,
        weight: 0.82,
        of: 'likely',
        over: ['network.stream_disconnected'],
      },
      {
        says: ['403 forbidden', 'status 403', 'http 403', '403 错误', '报错403', '报错 403', 'error 403'],
        with: [
          ['chatgpt.com', 'api.openai.com', 'auth.openai.com', 'codex', 'stream error', 'unexpected status'],
        ],
        not: OTHER_403,
        weight: 0.58,
        of: 'generic',
      },
    ],
  },
  {
    id: 'network.region_blocked',
    title: 'Requests come from an unsupported country',
    fixClass: 'U',
    actor: 'you',
    cause:
      'OpenAI refuses the request because the address it comes from lies in a country or region that it does not serve.',
    fix: {
      summary: 'Let the Codex process itself leave by a permitted route; the credentials are fine.',
      steps: [
        'See where the process comes out: in the same shell run `curl -s https://chatgpt.com/cdn-cgi/trace | grep loc=`.',
        'If you are in a supported country, take that process off the VPN or proxy exit that is not (variables, split tunnel, container, WSL).',
        'Try again; a login need not be repeated unless it broke off half-way.',
      ],
    },
    notHelping: [
      'A browser that works: it may take another route than Codex or the account tool.',
      'Logging in again or editing auth.json.',
    ],
    references: ['seakee/CPA-Manager-Plus#554'],
    check: 'steward.network-route',
    signals: [
      {
        says: [
          'unsupported_country_region_territory',
          'unsupported_country',
          'country, region, or territory not supported',
        ],
        weight: 0.97,
        of: 'likely',
        log: true,
        over: [
          'auth.token_exchange_failed',
          'network.edge_blocked',
          'network.stream_disconnected',
          'auth.token_expired',
          'network.proxy',
        ],
      },
      {
        says: [
          '(not available|unavailable|not supported|unsupported) in your (country|region|location)',
          'services are not available in your country',
          'your (country|region) is not supported',
          '(地区|国家)不支持',
          '不支持的(国家|地区)',
          '不支持您所在的',
          '所在地区',
          'お住まいの国',
          '국가에서 지원되지',
          'недоступ * (стране|регионе)',
        ],
        weight: 0.74,
        of: 'generic',
        over: ['auth.token_exchange_failed', 'network.edge_blocked'],
      },
    ],
  },
];
