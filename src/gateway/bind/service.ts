/**
 * The user's own service manager, which keeps the gateway running for a desktop app that starts no shim: a systemd user
 * unit, a LaunchAgent, or a scheduled task. Each is a file or entry of ours alone, named so that a person recognises it.
 */
import { join } from 'node:path';
import type { Host } from '../../host.ts';

export interface ServiceFacts {
  readonly node: string;
  readonly steward: string;
  readonly codexHome: string;
}

/** How the service is put in place and taken away on this system. */
export interface Service {
  readonly kind: 'systemd' | 'launchd' | 'task-scheduler';
  /** The file that describes it; `null` where the system keeps it itself. */
  readonly file: { readonly path: string; readonly content: string } | null;
  /** Commands to run, in this order; each starts with the program. */
  readonly enable: readonly (readonly string[])[];
  readonly disable: readonly (readonly string[])[];
  /** Answers with code 0 when this system can have such a service now. */
  readonly probe: readonly string[];
}

const LABEL = 'codex-steward-gateway';

/** The service for that home. Variables that a service manager would not pass on are written into it. */
export function describeService(host: Host, facts: ServiceFacts): Service {
  const words = [facts.node, facts.steward, 'gateway', 'serve', '--idle', '0'];
  const variables = passedOn(host, facts.codexHome);
  if (host.platform === 'darwin') return launchAgent(host, words, variables);
  if (host.platform === 'win32') return scheduledTask(words);
  return systemdUnit(host, words, variables);
}

function systemdUnit(host: Host, words: readonly string[], variables: ReadonlyMap<string, string>): Service {
  const folder = join(host.env.XDG_CONFIG_HOME || join(host.userHome, '.config'), 'systemd', 'user');
  const unit = `${LABEL}.service`;
  const content = `[Unit]
Description=Gateway of codex-steward, for the Codex app
After=network.target

[Service]
ExecStart=${words.map(systemdWord).join(' ')}
${[...variables].map(([name, value]) => `Environment=${systemdWord(`${name}=${value}`)}\n`).join('')}Restart=always
RestartSec=1

[Install]
WantedBy=default.target
`;
  const systemctl = (...rest: string[]) => ['systemctl', '--user', ...rest];
  return {
    kind: 'systemd',
    file: { path: join(folder, unit), content },
    enable: [systemctl('daemon-reload'), systemctl('enable', unit), systemctl('restart', unit)],
    disable: [systemctl('disable', '--now', unit), systemctl('daemon-reload')],
    probe: systemctl('show-environment'),
  };
}

function launchAgent(host: Host, words: readonly string[], variables: ReadonlyMap<string, string>): Service {
  const label = `dev.${LABEL}`;
  const path = join(host.userHome, 'Library', 'LaunchAgents', `${label}.plist`);
  const domain = `gui/${host.uid ?? 0}`;
  const strings = words.map((word) => `    <string>${xml(word)}</string>\n`).join('');
  const pairs = [...variables]
    .map(([name, value]) => `    <key>${xml(name)}</key>\n    <string>${xml(value)}</string>\n`)
    .join('');
  const content = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${label}</string>
  <key>ProgramArguments</key>
  <array>
${strings}  </array>
  <key>EnvironmentVariables</key>
  <dict>
${pairs}  </dict>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <true/>
</dict>
</plist>
`;
  return {
    kind: 'launchd',
    file: { path, content },
    enable: [['launchctl', 'bootstrap', domain, path]],
    disable: [['launchctl', 'bootout', `${domain}/${label}`]],
    probe: ['launchctl', 'print', domain],
  };
}

function scheduledTask(words: readonly string[]): Service {
  const name = `\\${LABEL}`;
  const line = words.map((word) => (/[\s"]/.test(word) ? `"${word}"` : word)).join(' ');
  return {
    kind: 'task-scheduler',
    file: null,
    enable: [
      ['schtasks', '/Create', '/F', '/SC', 'ONLOGON', '/TN', name, '/TR', line],
      ['schtasks', '/Run', '/TN', name],
    ],
    disable: [
      ['schtasks', '/End', '/TN', name],
      ['schtasks', '/Delete', '/F', '/TN', name],
    ],
    probe: ['schtasks', '/Query', '/FO', 'LIST'],
  };
}

/** What the gateway needs of the environment that the user's session has and a service has not. */
function passedOn({ env }: Host, codexHome: string): ReadonlyMap<string, string> {
  const names = [
    'CODEX_MULTI_AUTH_DIR',
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
    const value = env[name];
    return value === undefined || value === '' ? [] : [[name, value] as const];
  });
  return new Map([['CODEX_HOME', codexHome], ...found]);
}

/** systemd.service(5), "Quoting": within double quotes, `\` escapes, and `%` and `$` stand for themselves when doubled. */
function systemdWord(text: string): string {
  const escaped = text.replaceAll(/["\\]/g, '\\$&').replaceAll('%', '%%').replaceAll('$', '$$$$');
  return /^[\w@./:=+-]+$/.test(escaped) ? escaped : `"${escaped}"`;
}

function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
