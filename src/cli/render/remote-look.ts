/** Both roles of remote control on one screen, the local state beside the server's; and the same as JSON. */
import { maskAddress } from '../../accounts/account-label.ts';
import type { RemoteClient, RemoteEnvironment } from '../../remote/backend/backend.ts';
import type { RemoteLook } from '../../remote/look.ts';
import { type ServerState, type Verdict, whyNot } from '../../remote/server-state.ts';
import { columns, count, hang } from './layout.ts';
import { hostToJson, renderHostLine, troubleToJson } from './remote.ts';
import type { Terminal } from './terminal.ts';

const LABEL = 14;

/** The screen without the troubles, which are rendered as findings below it. */
export function renderLook(look: RemoteLook, terminal: Terminal, now: number): string {
  const { paint, width } = terminal;
  const lines: string[] = [renderHostLine(look.host.status, terminal).trimEnd(), ''];
  const title = (text: string) => lines.push(paint('bold', text));
  const row = (label: string, text: string) =>
    lines.push(`  ${paint('dim', label.padEnd(LABEL))}${hang(text, width, LABEL + 2)}`);

  title('This machine (host)');
  const { status, pid, appServer } = look.host;
  row(
    'daemon',
    pid === null
      ? 'not running'
      : `pid ${pid}${look.host.mode === 'foreground' ? ', in a terminal' : versionOf(appServer)}`,
  );
  row('installation', status.installationId ?? 'no id yet');
  if (look.local !== null) {
    for (const stored of look.local.rows) {
      const verdict = look.server?.environmentVerdicts.get(stored.environmentId);
      row(
        'enrolment',
        `${stored.environmentId} as ${stored.serverName || 'no name'}: ${verdictWords(verdict)}`,
      );
    }
    if (look.local.rows.length === 0) row('enrolment', 'none stored');
  }
  if (look.login !== null) {
    const { email, planType, authMethods } = look.login;
    const how = authMethods.length === 0 ? '' : `, signed in with ${authMethods.join(', ')}`;
    row(
      'login',
      `${email === null ? 'ChatGPT' : maskAddress(email)}${planType === null ? '' : `, ${planType}`}${how}`,
    );
  }

  if (look.local !== null) {
    lines.push('');
    title('This app (controller)');
    const { clients, saved, ownEnvironment, otherClients, otherRows, unreadable } = look.local;
    if (clients.length + saved.length === 0 && ownEnvironment === null)
      row('state', 'none: never paired from here');
    for (const { clientId } of clients)
      row(
        'client',
        `${clientId ?? 'without an id'}: ${verdictWords(look.server?.clientVerdicts.get(clientId ?? ''))}`,
      );
    for (const { environmentId } of saved)
      row(
        'saved host',
        `${environmentId}: ${verdictWords(look.server?.environmentVerdicts.get(environmentId))}`,
      );
    if (ownEnvironment !== null)
      row(
        'calls itself',
        `${ownEnvironment.environmentId}: ${verdictWords(look.server?.environmentVerdicts.get(ownEnvironment.environmentId))}`,
      );
    for (const other of otherRows)
      row('not ours', `${other.environmentId} of account …${other.accountId.slice(-4)}, left alone`);
    if (otherClients > 0)
      row('not ours', `${count(otherClients, 'client')} of other accounts or backends, left alone`);
    for (const { where, message } of unreadable) row('unreadable', `${where}: ${message}`);
  }

  lines.push('');
  title('Server');
  if (look.server === null) row('', look.unavailable?.message ?? 'not asked');
  else
    lines.push(
      ...serverRows(look.server, now).map(
        ([label, text]) => `  ${paint('dim', label.padEnd(LABEL))}${hang(text, width, LABEL + 2)}`,
      ),
    );
  return `${lines.join('\n')}\n`;
}

function serverRows(server: ServerState, now: number): readonly (readonly [string, string])[] {
  const { clients, environments, mfaRequired, mfaEnabled } = server;
  const rows: (readonly [string, string])[] = [];
  if (environments.kind === 'ok') {
    const online = environments.value.filter((one) => one.online === true).length;
    rows.push(['environments', `${environments.value.length}, ${online} online`]);
  } else rows.push(['environments', `not known: ${whyNot(environments)}`]);
  if (clients.kind === 'ok') {
    const pending = clients.value.filter(({ status }) => status === 'pending_enrollment').length;
    const newest = Math.max(...clients.value.map(({ lastSeenAt }) => lastSeenAt ?? 0));
    const seen = newest > 0 ? `, last seen ${ago(newest, now)}` : '';
    rows.push(['clients', `${clients.value.length - pending} enrolled, ${pending} pending${seen}`]);
  } else rows.push(['clients', `not known: ${whyNot(clients)}`]);
  const required =
    mfaRequired.kind !== 'ok'
      ? `not known: ${whyNot(mfaRequired)}`
      : mfaRequired.value.required === null
        ? 'not known'
        : mfaRequired.value.required
          ? 'required'
          : 'not required';
  const enabled =
    mfaEnabled.kind === 'ok' ? `, ${mfaEnabled.value.enabled ? 'on' : 'off'} for the account` : '';
  rows.push(['MFA', `${required}${enabled}`]);
  return rows;
}

/** `codex_steward/0.169.0 (…)`: who asked, and which Codex answered. */
function versionOf(appServer: string | null): string {
  const version = /\/(\d[\w.-]*)/.exec(appServer ?? '')?.[1];
  return version === undefined ? '' : `, Codex ${version}`;
}

function verdictWords(verdict: Verdict | undefined): string {
  if (verdict === undefined) return 'the server was not asked';
  switch (verdict.kind) {
    case 'alive':
      return 'known to the server';
    case 'gone':
      return `gone on the server (${verdict.what})`;
    case 'unknown':
      return `not known: ${verdict.why}`;
  }
}

/** Clients as a table; `null` where the list is empty. */
export function renderClients(clients: readonly RemoteClient[], terminal: Terminal, now: number): string {
  const rows = clients.map((one) => [
    one.clientId,
    one.status ?? '',
    one.displayName ?? '',
    [one.deviceType, one.platform].filter((part) => part !== null).join(', '),
    one.lastSeenAt === null ? '' : ago(one.lastSeenAt, now),
  ]);
  const head = ['client', 'status', 'name', 'device', 'last seen'].map((name) => terminal.paint('dim', name));
  return `${columns([head, ...rows]).join('\n')}\n`;
}

/** Environments as a table. */
export function renderEnvironments(
  environments: readonly RemoteEnvironment[],
  own: ReadonlySet<string>,
  terminal: Terminal,
  now: number,
): string {
  const rows = environments.map((one) => [
    one.environmentId,
    one.online === null ? 'unknown' : one.online ? 'online' : 'offline',
    one.displayName ?? one.hostName ?? '',
    [one.clientType, one.os, one.version].filter((part) => part !== null).join(', '),
    one.lastSeenAt === null ? '' : ago(one.lastSeenAt, now),
    own.has(one.environmentId) ? 'this machine' : '',
  ]);
  const head = ['environment', 'state', 'name', 'kind', 'last seen', ''].map((name) =>
    terminal.paint('dim', name),
  );
  return `${columns([head, ...rows]).join('\n')}\n`;
}

/** `12 s ago`, `3 d ago`. */
function ago(at: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - at) / 1000));
  if (seconds < 120) return `${seconds} s ago`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 2 * 86_400) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86_400)} d ago`;
}

/** What to name first: what keeps the machine from being available, else the first thing that is really wrong. */
function mainTrouble(look: RemoteLook): RemoteLook['troubles'][number] | null {
  const [own] = look.troubles;
  if (look.host.status.lastError !== null && own !== undefined) return own;
  return look.troubles.find(({ finding }) => finding.severity === 'fail') ?? null;
}

/** The look for machines: the status payload first, then both roles, the server, and the findings. */
export function lookToJson(look: RemoteLook): Readonly<Record<string, unknown>> {
  const { local, server, login } = look;
  return {
    ...hostToJson(look.host.status),
    cause: troubleToJson(mainTrouble(look)),
    findings: look.troubles.map(({ finding }) => finding),
    host: {
      pid: look.host.pid,
      mode: look.host.mode,
      appServer: look.host.appServer,
      enrolments: local?.rows.map((one) => ({
        environmentId: one.environmentId,
        serverId: one.serverId,
        clientName: one.clientName,
        server: look.server?.environmentVerdicts.get(one.environmentId)?.kind ?? 'not-asked',
      })),
    },
    controller:
      local === null
        ? null
        : {
            clients: local.clients.map(({ clientId }) => ({
              clientId,
              server: server?.clientVerdicts.get(clientId ?? '')?.kind ?? 'not-asked',
            })),
            savedEnvironments: local.saved.map(({ environmentId }) => ({
              environmentId,
              server: server?.environmentVerdicts.get(environmentId)?.kind ?? 'not-asked',
            })),
            ownEnvironmentId: local.ownEnvironment?.environmentId ?? null,
            otherAccounts: { clients: local.otherClients, enrolments: local.otherRows.length },
          },
    login:
      login === null
        ? null
        : { accountId: login.accountId, planType: login.planType, authMethods: login.authMethods },
    server:
      server === null
        ? { asked: false, reason: look.unavailable?.message ?? null }
        : {
            asked: true,
            environments: listOrWhy(server.environments),
            clients: listOrWhy(server.clients),
            mfaRequired: server.mfaRequired.kind === 'ok' ? server.mfaRequired.value.required : null,
            mfaEnabled: server.mfaEnabled.kind === 'ok' ? server.mfaEnabled.value.enabled : null,
            clockSkewMs: server.clockSkewMs,
          },
  };
}

function listOrWhy(answer: ServerState['clients'] | ServerState['environments']): unknown {
  return answer.kind === 'ok' ? answer.value : { unknown: whyNot(answer) };
}
