/** The system's keyring, as Codex would reach it for a login that is kept there. */
import { join } from 'node:path';
import { isThere } from '../storage/is-there.ts';
import type { CodexReader } from './home.ts';

export interface SecretService {
  readonly kind: 'present' | 'absent' | 'unknown';
  readonly what: string;
}

/** Whether a keyring can be reached; only Linux can be without one. It is neither opened nor unlocked. */
export const readSecretService: CodexReader<SecretService> = async ({ host, signal }) => {
  if (host.platform !== 'linux') return { kind: 'present', what: 'part of the system' };
  const address = host.env.DBUS_SESSION_BUS_ADDRESS;
  const runtime = host.env.XDG_RUNTIME_DIR;
  if (!address && !(runtime && (await isThere(join(runtime, 'bus'))))) {
    return { kind: 'absent', what: 'no D-Bus session (DBUS_SESSION_BUS_ADDRESS is not set)' };
  }
  const bus = await host.run('busctl', ['--user', '--no-pager', '--timeout=2', 'call', ...BUS, 'ListNames'], {
    timeoutMs: 2500,
    signal,
  });
  if (bus.kind === 'unstartable')
    return { kind: 'unknown', what: 'a D-Bus session is there; busctl is not, to ask it' };
  if (bus.kind !== 'exited' || bus.code !== 0)
    return { kind: 'absent', what: 'the D-Bus session does not answer' };
  if (bus.stdout.includes(SERVICE)) return { kind: 'present', what: 'running' };
  const startable = await host.run(
    'busctl',
    ['--user', '--no-pager', '--timeout=2', 'call', ...BUS, 'ListActivatableNames'],
    {
      timeoutMs: 2500,
      signal,
    },
  );
  return startable.kind === 'exited' && startable.stdout.includes(SERVICE)
    ? { kind: 'present', what: 'started on demand' }
    : { kind: 'absent', what: `no program offers ${SERVICE} on the D-Bus session` };
};

const SERVICE = 'org.freedesktop.secrets';
const BUS = ['org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus'] as const;
