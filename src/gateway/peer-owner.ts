/**
 * Whose process is at the other end of a loopback connection. The session's token stands in the arguments of `codex`, which
 * on Linux every local user may read; the kernel tells the owner of each connection, and cannot be talked into another.
 */
import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { type Host, systemPath } from '../host.ts';

/** `unknown`: this system does not tell. */
export type PeerOwner = 'own' | 'foreign' | 'unknown';

/** Asks for many connections at once what it can: the kernel's table is read again only for those that came since. */
export function createPeerOwner(host: Host): (socket: Socket) => Promise<PeerOwner> {
  let waiting: Promise<ReadonlyMap<number, number> | null> | null = null;
  let running: Promise<unknown> = Promise.resolve();
  const owners = (ownPort: number) => {
    waiting ??= running.then(() => {
      waiting = null;
      const reading = readOwners(host, ownPort);
      running = reading;
      return reading;
    });
    return waiting;
  };
  return async (socket) => {
    const { remotePort, localPort } = socket;
    if (host.platform !== 'linux' || host.uid === undefined) return 'unknown';
    // Gone already: nobody would get the answer.
    if (remotePort === undefined || localPort === undefined) return 'foreign';
    const table = await owners(localPort);
    if (table === null) return 'unknown';
    const uid = table.get(remotePort);
    // root reads everything as it is.
    return uid === host.uid || uid === 0 ? 'own' : 'foreign';
  };
}

/** User ids by their port, of all that are connected to that port of ours (proc_net_tcp); `null`: not to be had. */
async function readOwners(host: Host, ownPort: number): Promise<ReadonlyMap<number, number> | null> {
  const tables = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map((path) => readFile(systemPath(host, path)).catch(() => EMPTY)),
  );
  if (tables[0]?.length === 0) return null;
  const owners = new Map<number, number>();
  for (const table of tables) addOwners(owners, table, ownPort);
  return owners;
}

const EMPTY = Buffer.alloc(0);
/** Number, local address, remote address, state, queues, timer, retransmissions, user. */
const LINE = /^ *\d+: (\S+):([0-9A-F]{4}) (\S+):[0-9A-F]{4} 01 \S+ \S+ \S+ +(\d+) /;

/**
 * The table holds every connection of the machine, thousands of lines where much is going on: only those are parsed that have our
 * port at the other end and are established (01).
 */
function addOwners(owners: Map<number, number>, table: Buffer, ownPort: number): void {
  const needle = `:${ownPort.toString(16).toUpperCase().padStart(4, '0')} 01 `;
  for (let at = table.indexOf(needle); at !== -1; at = table.indexOf(needle, at + needle.length)) {
    const start = table.lastIndexOf(10, at) + 1;
    const parts = LINE.exec(table.toString('latin1', start, at + 100));
    if (parts === null || !isLoopback(parts[1] ?? '') || !isLoopback(parts[3] ?? '')) continue;
    owners.set(Number.parseInt(parts[2] ?? '', 16), Number(parts[4]));
  }
}

/** Addresses stand there as 32-bit words in the machine's byte order: 127.x.x.x, ::1, and the first one mapped. */
function isLoopback(address: string): boolean {
  return /^(?:[0-9A-F]{6}7F|0{24}01000000|0{16}FFFF0000[0-9A-F]{6}7F|7F[0-9A-F]{6}|0{31}1)$/.test(address);
}
