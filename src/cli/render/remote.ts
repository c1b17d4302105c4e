/** Remote control on the screen: the block that says what failed, and the state of this machine. As lines, and as JSON. */
import type { HostStatus } from '../../remote/host-status.ts';
import type { LastError } from '../../remote/last-error.ts';
import type { RemoteLook } from '../../remote/look.ts';
import type { Trouble } from '../../remote/trouble.ts';
import { type FindingStyle, renderFinding } from './findings.ts';
import { hang } from './layout.ts';
import type { Terminal } from './terminal.ts';

const WHAT_FAILED: Readonly<Record<LastError['kind'], string>> = {
  enroll: 'remote control server enrollment failed at',
  refresh: 'remote control server token refresh failed at',
  pair: 'remote control pairing failed at',
  websocket: 'remote control websocket was refused at',
  'websocket-auth': 'remote control websocket was refused',
  transport: 'remote control got no answer from',
  'unreadable-answer': 'remote control got an answer that Codex cannot read from',
  'not-logged-in': 'remote control was not tried: Codex has no ChatGPT login',
  'api-key': 'remote control was not tried: the login is an API key',
  'no-account-id': 'remote control was not tried: the login names no ChatGPT account',
  'no-state-db': 'remote control was not tried: the state database is not available',
  'bad-base-url': 'remote control was not tried: this backend is not allowed',
  daemon: 'the app-server of remote control is not available',
  'no-answer': 'remote control still waits for an answer from',
  unknown: 'remote control is errored, and Codex does not say why',
};

/** What failed, where, and what the server said: as few lines as carry it, then cause and next step. */
export function renderTrouble(
  error: LastError,
  trouble: Trouble,
  terminal: Terminal,
  style: FindingStyle,
): string {
  const { paint, width } = terminal;
  const status =
    error.httpStatus === null ? null : `HTTP ${error.httpStatus} ${error.statusText ?? ''}`.trim();
  const ids = [
    error.requestId === null ? null : `request-id ${error.requestId}`,
    error.cfRay === null ? null : `cf-ray ${error.cfRay}`,
  ].filter((id) => id !== null);
  const words = error.body ?? error.reason ?? (error.kind === 'daemon' ? error.detail : null);
  const lines = [
    WHAT_FAILED[error.kind],
    error.url,
    status,
    words === null ? null : excerpt(words),
    ids.length === 0 ? null : ids.join('  '),
  ].filter((line) => line !== null && line !== '');
  const block = lines.map((line) => `  ${paint('red', '│')} ${hang(line ?? '', width, 4)}`);
  // The block above is the first piece of evidence.
  const finding = { ...trouble.finding, evidence: trouble.finding.evidence.slice(1) };
  return `${block.join('\n')}\n\n${renderFinding(finding, terminal, style)}`;
}

/** Every trouble of a look, worst first: the machine's own with the block that shows what was said. */
export function renderTroubles(
  look: Pick<RemoteLook, 'host' | 'troubles'>,
  terminal: Terminal,
  style: FindingStyle,
): string {
  const { lastError } = look.host.status;
  const rank = { fail: 0, warn: 1, info: 2 };
  const parts = [...look.troubles]
    .sort((a, b) => rank[a.finding.severity] - rank[b.finding.severity])
    .map((trouble) =>
      lastError !== null && trouble === look.troubles[0] && trouble.finding.severity !== 'info'
        ? renderTrouble(lastError, trouble, terminal, style)
        : renderFinding(trouble.finding, terminal, style),
    );
  return parts.join('\n');
}

/** A web page in a terminal helps nobody: its beginning tells what it is. */
function excerpt(words: string): string {
  const lines = words.trim().split('\n');
  const shown = lines.slice(0, 8).join('\n');
  return shown.length > 400 || lines.length > 8 ? `${shown.slice(0, 400)}…` : shown;
}

/** One line: available or not, under which name. */
export function renderHostLine(status: HostStatus, terminal: Terminal): string {
  const { paint } = terminal;
  const name = status.serverName ?? 'this machine';
  switch (status.status) {
    case 'connected':
      return `${paint('green', '✔')} This machine is available for remote control as ${name}.\n`;
    case 'disabled':
      return `${paint('dim', '–')} Remote control is off on ${name}.\n`;
    case 'connecting':
      return status.lastError === null
        ? `${paint('yellow', '▲')} Remote control is enabled on ${name} and still connecting.\n`
        : `${paint('red', '✖')} Remote control is enabled on ${name}, but it cannot connect.\n`;
    case 'errored':
      return `${paint('red', '✖')} Remote control is not available on ${name}.\n`;
  }
}

/** The official status payload with the last error, as `--json` shows it. */
export function hostToJson(status: HostStatus): Readonly<Record<string, unknown>> {
  const { lastError, ...rest } = status;
  return { ...rest, lastError: lastError === null ? null : errorToJson(lastError) };
}

function errorToJson(error: LastError): Readonly<Record<string, unknown>> {
  const { url, httpStatus, statusText, detail, requestId, cfRay, kind, at, body, reason, retryAt } = error;
  const iso = (time: number) => new Date(time).toISOString();
  return {
    ...{ url, httpStatus, statusText, detail, requestId, cfRay, kind, at: iso(at) },
    ...{ body, reason, retryAt: retryAt === null ? null : iso(retryAt) },
  };
}

/** The cause by its short name, with its finding. */
export function troubleToJson(trouble: Trouble | null): Readonly<Record<string, unknown>> | null {
  if (trouble === null) return null;
  const { id, cause, actor, fix } = trouble.finding;
  return { kind: trouble.kind, id, cause, actor, steps: fix.steps, command: fix.command };
}
