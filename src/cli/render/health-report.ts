/** The health report on one screen: a line a part; all of it is in the JSON. */
import type { DoctorReport } from '../../doctor/report.ts';
import type { HealthReport, JsonObject, Unavailable } from '../../evidence/health-report.ts';
import { count, hang } from './layout.ts';
import type { Terminal } from './terminal.ts';

const FAILURES_SHOWN = 5;
const LABEL = 12;

/** The screen, ending with a newline. */
export function renderHealthReport(report: HealthReport<DoctorReport>, terminal: Terminal): string {
  const { paint, width } = terminal;
  const lines: string[] = [];
  const row = (label: string, text: string) =>
    lines.push(`${paint('dim', label.padEnd(LABEL))}${hang(text, width, LABEL)}`);
  const { installs, environment, doctor } = report;
  const { active } = installs;
  row(
    'codex',
    active === null ? 'none on PATH' : `${active.version ?? '?'} (${active.method}), ${active.path}`,
  );
  const others = installs.copies.length - (active === null ? 0 : 1);
  if (others > 0) row('', `and ${count(others, 'other copy', 'other copies')}`);
  for (const { name, version, former } of installs.companions)
    row('', `${name} ${version}${former ? ', a former package that is still active' : ''}`);
  row('steward', report.stewardVersion);
  row(
    'system',
    `${environment.platform} ${environment.release} ${environment.arch}${environment.isWsl ? ', WSL' : ''}, Node ${environment.node}`,
  );
  row('doctor', doctorWords(doctor));
  row('accounts', wordsOf(report.accounts, accountWords));
  row(
    'remote',
    wordsOf(report.remote, (remote) => String(remote.status ?? 'unknown')),
  );
  row(
    'gateway',
    wordsOf(report.gateway, (gateway) => String(gateway.state)),
  );
  const { recentFailures } = report;
  if (recentFailures.length === 0) row('logs', 'no known failure in the last seven days');
  recentFailures.slice(0, FAILURES_SHOWN).forEach(({ title, count: times, lastAt, id }, index) => {
    row(
      index === 0 ? 'logs' : '',
      `${title}, ${times} ×, last ${lastAt ?? 'at an unknown time'}  ${paint('dim', id)}`,
    );
  });
  const hidden = recentFailures.length - FAILURES_SHOWN;
  if (hidden > 0) row('', `… and ${hidden} more`);
  return `${lines.join('\n')}\n`;
}

function doctorWords({ overallStatus, findings }: DoctorReport): string {
  if (findings.length === 0) return 'nothing found';
  const ids = findings.filter(({ severity }) => severity !== 'info').map(({ id }) => id);
  return `${overallStatus}: ${count(findings.length, 'finding')}${ids.length === 0 ? '' : ` (${[...new Set(ids)].join(', ')})`}`;
}

function accountWords({ accounts }: JsonObject): string {
  if (typeof accounts !== 'object' || accounts === null) return 'unknown';
  const parts = Object.entries(accounts).filter(([name, n]) => n !== 0 || name === 'total');
  return parts
    .map(([name, n]) => `${n} ${name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)}`)
    .join(', ');
}

function wordsOf(part: JsonObject | Unavailable, words: (part: JsonObject) => string): string {
  return isUnavailable(part) ? `could not be read: ${part.unavailable.message}` : words(part);
}

function isUnavailable(part: JsonObject | Unavailable): part is Unavailable {
  return 'unavailable' in part;
}
