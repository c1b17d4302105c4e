import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { createHost } from '../host.ts';
import { findPortOwner } from './ports.ts';

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

async function listen(address: string): Promise<number> {
  const server = createServer().listen(0, address);
  servers.push(server);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

it('calls a port free that nobody holds, and leaves it free', async () => {
  const port = await listen('127.0.0.1');
  await new Promise((resolve) => servers.pop()?.close(resolve));
  expect(await findPortOwner(createHost(), port)).toEqual({ kind: 'free' });
  expect(await findPortOwner(createHost(), port)).toEqual({ kind: 'free' });
});

it.each(['127.0.0.1', '0.0.0.0'])(
  'names the process that listens on %s, without its secrets',
  async (address) => {
    const script = `require('net').createServer().listen(0, '${address}', function () { console.log(this.address().port) })`;
    const child = spawn(process.execPath, ['-e', script, '--', '--token', 'hush'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const [line] = await once(child.stdout, 'data');
      const owner = await findPortOwner(createHost(), Number(String(line)));
      expect(owner).toMatchObject({ kind: 'held', pid: child.pid });
      expect(owner.kind === 'held' && owner.command).toContain('--token <redacted>');
    } finally {
      child.kill('SIGKILL');
      await once(child, 'close');
    }
  },
);

it('does not guess when the owner cannot be seen', async () => {
  const port = await listen('127.0.0.1');
  const host = createHost({ root: '/nonexistent' });
  expect(await findPortOwner(host, port)).toMatchObject({ kind: 'held-unknown' });
});
