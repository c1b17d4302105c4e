/**
 * The user's own service manager, which keeps the gateway running for a desktop app that starts no shim: a systemd user
 * unit, a LaunchAgent, or a scheduled task. Each is a file or entry of ours alone, one for a Codex home, named so that a
 * person recognises it.
 */
import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { BindRecord } from '../../gateway-client/bind-record.ts';
import type { Host } from '../../host.ts';
import { launchAgentText, scheduledTaskText, systemdUnitText } from './service-text.ts';

export interface ServiceFacts {
  readonly node: string;
  readonly steward: string;
  readonly codexHome: string;
}

/** How the service is put in place and taken away on this system. */
export interface Service {
  readonly kind: BindRecord['service'];
  /** The file that describes it to the system. */
  readonly file: { readonly path: string; readonly content: string };
  /** Commands to run, in this order; each starts with the program. */
  readonly enable: readonly (readonly string[])[];
  /** Run while the file is still there; each may fail because there is nothing to take away. */
  readonly disable: readonly (readonly string[])[];
  /** Run after the file is gone. */
  readonly forget: readonly (readonly string[])[];
  /** Answers with code 0 when this system can have such a service now. */
  readonly probe: readonly string[];
}

const NAME = 'codex-steward-gateway';

/** The service for that home. Variables that a service manager would not pass on are written into it. */
export function describeService(host: Host, { node, steward, codexHome }: ServiceFacts): Service {
  const home = resolve(host.cwd, codexHome);
  const name = home === join(host.userHome, '.codex') ? NAME : `${NAME}-${shortHash(home)}`;
  const words = [node, steward, 'gateway', 'serve', '--idle', '0', '--wait'];
  const variables = passedOn(host, home);
  if (host.platform === 'darwin') {
    const label = `dev.${name}`;
    const path = join(host.userHome, 'Library', 'LaunchAgents', `${label}.plist`);
    const domain = `gui/${host.uid ?? 0}`;
    return {
      kind: 'launchd',
      file: { path, content: launchAgentText(label, words, variables) },
      // One that is loaded already (bound anew) cannot be loaded again.
      enable: [['launchctl', 'bootstrap', domain, path]],
      disable: [['launchctl', 'bootout', `${domain}/${label}`]],
      forget: [],
      probe: ['launchctl', 'print', domain],
    };
  }
  if (host.platform === 'win32') {
    const path = join(home, 'steward', `${name}.xml`);
    const task = `\\${name}`;
    return {
      kind: 'task-scheduler',
      file: { path, content: scheduledTaskText(words, variables) },
      enable: [
        ['schtasks', '/Create', '/F', '/TN', task, '/XML', path],
        ['schtasks', '/Run', '/TN', task],
      ],
      disable: [
        ['schtasks', '/End', '/TN', task],
        ['schtasks', '/Delete', '/F', '/TN', task],
      ],
      forget: [],
      probe: ['schtasks', '/Query', '/FO', 'LIST'],
    };
  }
  const unit = `${name}.service`;
  const folder = join(host.env.XDG_CONFIG_HOME || join(host.userHome, '.config'), 'systemd', 'user');
  const systemctl = (...rest: string[]) => ['systemctl', '--user', ...rest];
  return {
    kind: 'systemd',
    file: { path: join(folder, unit), content: systemdUnitText(words, variables) },
    enable: [systemctl('daemon-reload'), systemctl('enable', unit), systemctl('restart', unit)],
    disable: [systemctl('disable', '--now', unit)],
    forget: [systemctl('daemon-reload')],
    probe: systemctl('show-environment'),
  };
}

/** What the gateway needs of the environment that the user's session has and a service has not. */
function passedOn({ env }: Host, codexHome: string): ReadonlyMap<string, string> {
  const names = [
    'CODEX_MULTI_AUTH_DIR',
    'CODEX_REFRESH_TOKEN_URL_OVERRIDE',
    'CODEX_APP_SERVER_LOGIN_ISSUER',
    'CODEX_CA_CERTIFICATE',
    'SSL_CERT_FILE',
    'HTTPS_PROXY',
    'https_proxy',
    'HTTP_PROXY',
    'http_proxy',
    'NO_PROXY',
    'no_proxy',
  ];
  const found = names.flatMap((name) => {
    const value = env[name] ?? '';
    return value === '' || /[\r\n]/.test(value) ? [] : [[name, value] as const];
  });
  return new Map([['CODEX_HOME', codexHome], ...found]);
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
