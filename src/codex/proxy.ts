/**
 * Which proxy the Codex process uses for a URL.
 *
 * Measured with 0.133.0 and 0.169.0: `HTTPS_PROXY` before `https_proxy` before `ALL_PROXY` (an empty upper-case variable
 * hides its lower-case twin), the same for HTTP; `NO_PROXY` before `no_proxy`; loopback is not exempt; a `socks5://` URL is
 * spoken to in HTTP; text that is no URL is skipped. Model traffic, backend calls and both websockets take the same way.
 */
import { BlockList, isIP, isIPv6 } from 'node:net';
import type { NetworkEnvironment, NetworkVariable } from './network-env.ts';

export type ProxyChoice =
  /** `exempt`: the `NO_PROXY` entry that says so, if it was that. */
  | { readonly kind: 'direct'; readonly exempt: string | null }
  | { readonly kind: 'proxy'; readonly proxy: ProxySetting; readonly variable: NetworkVariable }
  | { readonly kind: 'invalid'; readonly reason: string; readonly variable: NetworkVariable };

export interface ProxySetting {
  readonly scheme: 'http' | 'https' | 'socks';
  /** Without brackets around an IPv6 address. */
  readonly host: string;
  readonly port: number;
  /** `Basic …` for `Proxy-Authorization`. Never printed. */
  readonly authorization: string | null;
  /** Scheme, host and port: what may be shown. */
  readonly shown: string;
}

const SCHEMES: Readonly<Record<string, ProxySetting['scheme']>> = {
  'http:': 'http',
  'https:': 'https',
  'socks:': 'socks',
  'socks4:': 'socks',
  'socks4a:': 'socks',
  'socks5:': 'socks',
  'socks5h:': 'socks',
};
const DEFAULT_PORTS = { http: 80, https: 443, socks: 1080 } as const;

/** The proxy for that URL, or the direct way. */
export function proxyFor(url: URL, env: NetworkEnvironment): ProxyChoice {
  const secure = url.protocol === 'https:' || url.protocol === 'wss:';
  const own = proxyVariable(env, secure ? 'HTTPS_PROXY' : 'HTTP_PROXY');
  const candidates = [own, proxyVariable(env, 'ALL_PROXY')].filter((variable) => variable !== null);
  let invalid: ProxyChoice | null = null;
  for (const variable of candidates) {
    const setting = parseProxy(variable.value);
    if ('reason' in setting) {
      invalid ??= { kind: 'invalid', reason: setting.reason, variable };
      continue;
    }
    const exempt = exemption(url.hostname, env);
    return exempt === null ? { kind: 'proxy', proxy: setting, variable } : { kind: 'direct', exempt };
  }
  return invalid ?? { kind: 'direct', exempt: null };
}

/** The variable that counts, upper case first; `null` where it is unset or empty. */
export function proxyVariable(
  env: NetworkEnvironment,
  name: 'HTTPS_PROXY' | 'HTTP_PROXY' | 'ALL_PROXY' | 'NO_PROXY',
): NetworkVariable | null {
  const variable = env.variables.get(name) ?? env.variables.get(name.toLowerCase());
  return variable === undefined || variable.value.trim() === '' ? null : variable;
}

/** A proxy URL; the scheme may be left out and then is HTTP. */
export function parseProxy(text: string): ProxySetting | { readonly reason: string } {
  const trimmed = text.trim();
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : `http://${trimmed}`;
  let url: URL;
  try {
    url = new URL(full);
  } catch {
    return { reason: 'it is not a URL' };
  }
  const scheme = SCHEMES[url.protocol];
  if (scheme === undefined) return { reason: `${url.protocol}// is no kind of proxy` };
  if (url.hostname === '') return { reason: 'it names no host' };
  const port = url.port === '' ? DEFAULT_PORTS[scheme] : Number(url.port);
  const user = url.username === '' ? null : `${decode(url.username)}:${decode(url.password)}`;
  return {
    scheme,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port,
    authorization: user === null ? null : `Basic ${Buffer.from(user).toString('base64')}`,
    shown: `${url.protocol}//${url.hostname}:${port}`,
  };
}

/** The `NO_PROXY` entry that covers that host, or `null`. Names match with their subdomains; ports are not understood. */
export function exemption(hostname: string, env: NetworkEnvironment): string | null {
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const entries = proxyVariable(env, 'NO_PROXY')?.value.split(',') ?? [];
  return (
    entries.map((entry) => entry.trim()).find((entry) => entry !== '' && covers(entry.toLowerCase(), host)) ??
    null
  );
}

function covers(entry: string, host: string): boolean {
  if (entry === '*') return true;
  if (isIP(host) !== 0) return coversAddress(entry.replace(/^\[|\]$/g, ''), host);
  const name = entry.replace(/^\./, '');
  return host === name || host.endsWith(`.${name}`);
}

function coversAddress(entry: string, host: string): boolean {
  const [address = '', prefix] = entry.split('/');
  if (isIP(address) === 0) return false;
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  const bits = prefix === undefined ? (family === 'ipv6' ? 128 : 32) : Number(prefix);
  if (!Number.isInteger(bits) || bits < 0 || bits > (family === 'ipv6' ? 128 : 32)) return false;
  const list = new BlockList();
  list.addSubnet(address, bits, family);
  return list.check(host, isIPv6(host) ? 'ipv6' : 'ipv4');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a bare "%" in a password
  }
}
