/**
 * Who holds a loopback port that Codex wants (1455, then 1457, for the answer of the browser login).
 *
 * Asked by binding it for a moment, which is what Codex would do: connecting instead would reach whoever listens
 * there, and says nothing about a range that Windows reserves.
 */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { messageOf, systemCode } from '../errors.ts';
import { type Host, systemPath } from '../host.ts';
import { commandText } from './processes-kind.ts';

export type PortOwner =
  | { readonly kind: 'free' }
  | { readonly kind: 'held'; readonly pid: number; readonly command: string }
  /** Held, but by a process of another user or another namespace. */
  | { readonly kind: 'held-unknown' }
  /** Nobody holds it and nobody gets it: a range reserved by the system (Windows), or a privileged port. */
  | { readonly kind: 'reserved'; readonly code: string }
  | { readonly kind: 'undecided'; readonly code: string; readonly message: string };

/** Whether `127.0.0.1:port` can be had, and who has it otherwise. Throws for a number that is no port. */
export async function findPortOwner(host: Host, port: number): Promise<PortOwner> {
  const code = await tryBind(port);
  if (code === null) return { kind: 'free' };
  if (code === 'EACCES' || code === 'EPERM') return { kind: 'reserved', code };
  if (code !== 'EADDRINUSE')
    return { kind: 'undecided', code, message: `cannot bind 127.0.0.1:${port}: ${code}` };
  try {
    const owner = host.platform === 'linux' ? await linuxOwner(host, port) : await portableOwner(port);
    return owner === null ? { kind: 'held-unknown' } : { kind: 'held', ...owner };
  } catch (error) {
    return { kind: 'undecided', code: systemCode(error) ?? 'EUNKNOWN', message: messageOf(error) };
  }
}

interface Owner {
  readonly pid: number;
  readonly command: string;
}

/** `null` when the port could be bound; it is free again afterwards. */
function tryBind(port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(systemCode(error) ?? 'EUNKNOWN'));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(null)));
  });
}

/** Through `/proc`: `ss` is missing on many small systems. */
async function linuxOwner(host: Host, port: number): Promise<Owner | null> {
  const proc = systemPath(host, '/proc');
  const inodes = new Set<string>();
  for (const table of ['tcp', 'tcp6']) {
    const text = await readFile(`${proc}/net/${table}`, 'utf8').catch(() => ''); // no IPv6: no tcp6
    for (const line of text.split('\n')) {
      const fields = line.trim().split(/\s+/);
      const [local, state, inode] = [fields[1], fields[3], fields[9]];
      const isListener = state === '0A';
      if (isListener && inode !== undefined && local?.endsWith(`:${hexPort(port)}`))
        inodes.add(`socket:[${inode}]`);
    }
  }
  if (inodes.size === 0) return null;
  for (const pid of await readdir(proc)) {
    if (!/^\d+$/.test(pid) || !(await hasSocket(`${proc}/${pid}/fd`, inodes))) continue;
    const commandLine = await readFile(`${proc}/${pid}/cmdline`, 'utf8').catch(() => '');
    return { pid: Number(pid), command: commandText(commandLine.replace(/\0+$/, '').split('\0')) };
  }
  return null;
}

function hexPort(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0');
}

/** Other users' descriptors cannot be read, and processes end while we look: neither is an answer. */
async function hasSocket(folder: string, inodes: ReadonlySet<string>): Promise<boolean> {
  const names = await readdir(folder).catch(() => []);
  const links = await Promise.all(names.map((name) => readlink(`${folder}/${name}`).catch(() => '')));
  return links.some((link) => inodes.has(link));
}

async function portableOwner(port: number): Promise<Owner | null> {
  const [{ portToPid }, { default: psList }] = await Promise.all([import('pid-port'), import('ps-list')]);
  const pid = await portToPid({ port, host: '*' });
  if (pid === undefined) return null;
  const entry = (await psList()).find((process) => process.pid === pid);
  return { pid, command: commandText((entry?.cmd ?? entry?.name ?? '').split(' ')) };
}
