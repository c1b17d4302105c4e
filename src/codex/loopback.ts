/** Whether something listens at a local address that the configuration names. Never leaves this machine. */
import { connect } from 'node:net';
import { systemCode } from '../errors.ts';

export type LocalEndpoint =
  | { readonly kind: 'listening' }
  /** Nobody listens there, on IPv4 or IPv6. */
  | { readonly kind: 'down' }
  | { readonly kind: 'unknown'; readonly reason: string };

const CONNECT_TIMEOUT_MS = 700;

/** Host and port of a URL on this machine; `null` for any other, and for what is no URL. */
export function loopbackOf(url: string): { readonly hosts: readonly string[]; readonly port: number } | null {
  if (!URL.canParse(url)) return null;
  const { hostname, port, protocol } = new URL(url);
  const bare = hostname.replace(/^\[|\]$/g, '');
  const number = port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
  if (bare === 'localhost') return { hosts: ['127.0.0.1', '::1'], port: number };
  if (bare === '0.0.0.0') return { hosts: ['127.0.0.1'], port: number };
  if (/^127\./.test(bare) || bare === '::1') return { hosts: [bare], port: number };
  return null;
}

/** Connects and hangs up at once. */
export async function probeLoopback(hosts: readonly string[], port: number): Promise<LocalEndpoint> {
  const codes = await Promise.all(hosts.map((host) => tryConnect(host, port)));
  if (codes.includes(null)) return { kind: 'listening' };
  // A machine without IPv6 refuses ::1 in ways of its own; what counts is that no address answered.
  const other = codes.find(
    (code) =>
      code !== 'ECONNREFUSED' &&
      code !== 'EADDRNOTAVAIL' &&
      code !== 'ENETUNREACH' &&
      code !== 'EAFNOSUPPORT',
  );
  return other === undefined ? { kind: 'down' } : { kind: 'unknown', reason: other ?? '' };
}

/** `null` when it connected. */
function tryConnect(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (result: string | null) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => end('ETIMEDOUT'));
    socket.once('connect', () => end(null));
    socket.once('error', (error) => end(systemCode(error) ?? 'EUNKNOWN'));
  });
}
