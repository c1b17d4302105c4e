/** What a walked route means: which failure, if any, and in which words. A 401 is the proof of health. */
import type { RouteReport, StageResult } from '../../codex/route.ts';
import type { Severity } from '../../knowledge/finding.ts';
import type { FailureId } from '../../knowledge/ids.ts';

export interface RouteVerdict {
  readonly id: FailureId;
  readonly severity: Severity;
  readonly confidence: number;
  readonly cause: string;
  readonly steps: readonly string[];
}

const CHALLENGE =
  /just a moment|attention required|cf-chl|challenge-platform|enable javascript and cookies|access denied|captcha/i;
const REGION = /unsupported_country_region_territory|country, region, or territory not supported/i;
const RESOLVER_CODES: ReadonlySet<string> = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_NODATA',
  'EAI_FAIL',
  'ENODATA',
  'ESERVFAIL',
  'ETIMEOUT',
]);

const HTTP_FALLBACK =
  'Until then Codex falls back to HTTPS by itself after about 7 s; to skip the wait, use a custom provider with supports_websockets = false.';

/** The failure of this way, or `null` where Codex can work over it. */
export function verdictOf(report: RouteReport, systemSeen: boolean): RouteVerdict | null {
  const failed = report.stages.find((stage) => stage.kind === 'failed');
  const { endpoint, answer } = report;
  if (failed !== undefined && failed.stage !== 'websocket') return stageVerdict(report, failed, systemSeen);
  if (answer !== null) {
    const told = answerVerdict(endpoint.name, endpoint.url.host, answer.status, answer.body, answer.headers);
    if (told !== null) return told;
  }
  if (failed !== undefined) return webSocketBlocked(report, `${failed.code}: ${failed.message}`);
  const upgrade = report.webSocketAnswer;
  if (upgrade !== null && isEdge(upgrade.status, upgrade.body, upgrade.headers)) {
    return webSocketBlocked(report, `HTTP ${upgrade.status} with a page of the edge`);
  }
  if (upgrade !== null && [400, 407, 501, 502, 503, 504].includes(upgrade.status)) {
    return webSocketBlocked(report, `HTTP ${upgrade.status}`);
  }
  return null;
}

function stageVerdict(
  report: RouteReport,
  failed: StageResult & { readonly kind: 'failed' },
  systemSeen: boolean,
): RouteVerdict {
  const { host } = report.endpoint.url;
  const proxy = report.way.kind === 'proxy' ? report.way.proxy : null;
  switch (failed.stage) {
    case 'dns':
      if (proxy !== null) {
        return verdict(
          'network.proxy',
          `The proxy's name ${proxy.host} does not resolve (${failed.code}).`,
          PROXY_STEPS,
        );
      }
      return verdict(
        'network.dns',
        `The name ${report.endpoint.url.hostname} does not resolve here (${failed.code}: ${failed.message}).`,
        [
          `Ask the system: getent hosts ${report.endpoint.url.hostname} (Linux, WSL), dscacheutil -q host -a name ${report.endpoint.url.hostname} (macOS)`,
          'WSL: write a working "nameserver" line to /etc/resolv.conf, and generateResolvConf = false below [network] in /etc/wsl.conf',
          'VPN: connect or disconnect it and try again.',
        ],
        RESOLVER_CODES.has(failed.code) ? 0.95 : 0.7,
      );
    case 'tcp':
      if (proxy !== null) {
        return verdict(
          'network.proxy',
          `The proxy ${proxy.shown} does not answer (${failed.code}).`,
          PROXY_STEPS,
          0.95,
        );
      }
      if (/^(localhost|127\.|\[::1\])/.test(report.endpoint.url.hostname)) {
        return verdict(
          'provider.local_endpoint_down',
          `config.toml sends Codex to ${host} on this machine, and nobody listens there (${failed.code}).`,
          ['Start the program that listens there,', 'or remove that base URL from config.toml.'],
          0.95,
        );
      }
      return verdict(
        'network.proxy',
        `${host} cannot be reached directly (${failed.code}: ${failed.message}); a firewall stands between, or a proxy setting is missing.`,
        [
          'If this network needs a proxy: put HTTPS_PROXY=http://HOST:PORT into $CODEX_HOME/.env',
          'Else allow outgoing connections to port 443.',
        ],
        0.75,
      );
    case 'proxy':
      return verdict(
        'network.proxy',
        failed.code === 'HTTP_407'
          ? `The proxy ${proxy?.shown ?? ''} wants a user name and password.`
          : proxy?.scheme === 'socks'
            ? `${proxy.shown} is a SOCKS proxy, and Codex speaks only HTTP to a proxy.`
            : `The proxy ${proxy?.shown ?? ''} does not let ${host} through (${failed.message}).`,
        PROXY_STEPS,
        0.95,
      );
    case 'tls':
      return tlsVerdict(report, failed, systemSeen);
    default:
      return verdict(
        'network.stream_disconnected',
        `${host} accepts connections, and then does not answer (${failed.code}: ${failed.message}).`,
        ['Try without VPN or filter software.', 'steward doctor --live --only network'],
        0.7,
      );
  }
}

function tlsVerdict(
  report: RouteReport,
  failed: StageResult & { readonly kind: 'failed' },
  systemSeen: boolean,
): RouteVerdict {
  const { host, hostname } = report.endpoint.url;
  const [leaf] = report.chain;
  if (leaf === undefined) {
    return verdict(
      'network.stream_disconnected',
      `The TLS handshake with ${host} is cut off (${failed.code}: ${failed.message}).`,
      ['A firewall or filter that blocks the name does this: try another network or VPN.'],
      0.7,
    );
  }
  if (failed.code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return verdict(
      'network.tls_ca',
      `What answers as ${host} shows a certificate for ${leaf.subject} (issued by ${leaf.issuer}).`,
      ['Check DNS and hosts file for that name; a captive portal or filter answers in its place.'],
      0.9,
    );
  }
  if (failed.code === 'CERT_HAS_EXPIRED' || failed.code === 'CERT_NOT_YET_VALID') {
    return verdict(
      'network.tls_ca',
      `The certificate of ${host} (issued by ${leaf.issuer}) is out of date, or this machine's clock is wrong.`,
      ['Check the clock: date', 'Else the proxy that issues it has to renew it.'],
      0.9,
    );
  }
  const top = report.chain.at(-1) ?? leaf;
  return verdict(
    'network.tls_ca',
    `The certificate of ${host} was issued by "${leaf.issuer}", which Codex does not trust${/openai|chatgpt/.test(hostname) ? ': that is not who signs for it, so a company proxy or security software inspects TLS here' : ''}.`,
    [
      `Get the root certificate of "${top.issuer}" as a PEM file (ask whoever runs that proxy).`,
      'Put SSL_CERT_FILE=/path/to/root.pem into $CODEX_HOME/.env, or export CODEX_CA_CERTIFICATE=/path/to/root.pem in the shell profile.',
      'Restart Codex, then: steward doctor --live --only network.tls_ca',
    ],
    systemSeen ? 0.95 : 0.6,
  );
}

function answerVerdict(
  name: string,
  host: string,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>>,
): RouteVerdict | null {
  if (REGION.test(body)) {
    return verdict(
      'network.region_blocked',
      `${host} does not serve the region that this route comes from (unsupported_country_region_territory).`,
      [
        'Use a route through a supported country for the Codex process itself (proxy in $CODEX_HOME/.env); nothing is wrong with the login.',
      ],
      0.98,
    );
  }
  if (isEdge(status, body, headers)) {
    const ray = headers['cf-ray'];
    return verdict(
      'network.edge_blocked',
      `The edge in front of ${host} answered with a browser challenge (HTTP ${status}${ray === undefined ? '' : `, cf-ray ${ray}`}).`,
      [
        'Change the route: leave the VPN or data-centre address, or wait.',
        'No login and no reset of state helps.',
      ],
      0.9,
    );
  }
  if (status === 407) {
    return verdict(
      'network.proxy',
      `A proxy on the way to ${host} wants a user name and password (HTTP 407).`,
      PROXY_STEPS,
      0.95,
    );
  }
  if (status >= 500) {
    return {
      ...verdict(
        'server.error',
        `The ${name} of ${host} answers HTTP ${status}.`,
        ['Wait, and look at https://status.openai.com/'],
        0.8,
      ),
      severity: 'warn',
    };
  }
  return null;
}

function isEdge(status: number, body: string, headers: Readonly<Record<string, string>>): boolean {
  if (headers['cf-mitigated'] === 'challenge') return true;
  const html = /^\s*</.test(body) || (headers['content-type'] ?? '').includes('text/html');
  return html && (status === 403 || ((status === 429 || status === 503) && CHALLENGE.test(body)));
}

function webSocketBlocked(report: RouteReport, why: string): RouteVerdict {
  const through = report.way.kind === 'proxy' ? ` through ${report.way.proxy.shown}` : '';
  return {
    ...verdict(
      'network.stream_disconnected',
      `HTTPS to ${report.endpoint.url.host} works${through}, WebSocket does not (${why}).`,
      ['Allow WebSocket upgrades for that host on the proxy, VPN or filter.', HTTP_FALLBACK],
      0.85,
    ),
    severity: 'warn',
  };
}

const PROXY_STEPS: readonly string[] = [
  'Set the right one for Codex alone: HTTPS_PROXY=http://HOST:PORT in $CODEX_HOME/.env (user:password@ in front of HOST where it asks)',
  'or take the setting away, if this network needs none.',
  'steward doctor --live --only network',
];

function verdict(id: FailureId, cause: string, steps: readonly string[], confidence = 0.85): RouteVerdict {
  return { id, severity: 'fail', confidence, cause, steps };
}
