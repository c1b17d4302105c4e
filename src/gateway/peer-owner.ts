/**
 * Whose process is at the other end of a loopback connection. The session's token stands in the arguments of `codex`, which
 * on Linux every local user may read; the kernel tells the owner of each connection, and cannot be talked into another.
 */
import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { type Host, systemPath } from '../host.ts';

/** `unknown`: this system does not tell. */
export type PeerOwner = 'own' | 'foreign' | 'unknown';

const ESTABLISHED = '01';

/** Asks for many connections at once what it can: the kernel's table is read again only for those that came since. */
export function createPeerOwner(host: Host): (socket: Socket) => Promise<PeerOwner> {
  let waiting: Promise<ReadonlyMap<string, number> | null> | null = null;
  let running: Promise<unknown> = Promise.resolve();
  const owners = () => {
    waiting ??= running.then(() => {
      waiting = null;
      const reading = readOwners(host);
      running = reading;
      return reading;
    });
    return waiting;
  };
  return async (socket) => {
    const { remotePort, localPort } = socket;
    if (host.platform !== 'linux' || host.uid === undefined) return 'unknown';
    const table = await owners();
    if (table === null) return 'unknown';
    // Seen from the other end: its own port comes first. Not established any more: nobody would get the answer.
    const uid = table.get(`${remotePort}>${localPort}`);
    // root reads everything as it is.
    return uid === host.uid || uid === 0 ? 'own' : 'foreign';
  };
}

/** User ids by `port>port` of every established connection of this machine (proc_net_tcp); `null`: not to be had. */
async function readOwners(host: Host): Promise<ReadonlyMap<string, number> | null> {
  const texts = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map((path) =>
      readFile(systemPath(host, path), 'latin1').catch(() => ''),
    ),
  );
  if (texts[0] === '') return null;
  const owners = new Map<string, number>();
  for (const line of texts.join('\n').split('\n')) {
    const [, local = '', remote = '', state, , , , uid] = line.trim().split(/\s+/);
    if (state !== ESTABLISHED || !isLoopback(local) || !isLoopback(remote)) continue;
    owners.set(`${portOf(local)}>${portOf(remote)}`, Number(uid));
  }
  return owners;
}

/** Addresses stand there as 32-bit words in the machine's byte order: 127.x.x.x, ::1, and the first one mapped. */
function isLoopback(address: string): boolean {
  return /^(?:[0-9A-F]{6}7F|0{24}01000000|0{16}FFFF0000[0-9A-F]{6}7F|7F[0-9A-F]{6}|0{31}1):/.test(address);
}

function portOf(address: string): number {
  return Number.parseInt(address.slice(address.indexOf(':') + 1), 16);
}
