/** The doctor's screen: one line a check, then the findings, then what to do next. */
import type { ReportedCheck } from '../../doctor/check.ts';
import type { DoctorReport } from '../../doctor/report.ts';
import { type FindingStyle, renderFinding } from './findings.ts';
import { columns, count, duration, hang, tilde, tildeText } from './layout.ts';
import type { Style, Terminal } from './terminal.ts';

const MARK: Readonly<Record<ReportedCheck['status'], { readonly symbol: string; readonly style: Style }>> = {
  ok: { symbol: '✔', style: 'green' },
  warning: { symbol: '▲', style: 'yellow' },
  fail: { symbol: '✖', style: 'red' },
  skipped: { symbol: '–', style: 'dim' },
};

/** Ids of our own checks start so; the others are the official report's. */
const OWN = 'steward.';

/** One line a check; with `verbose` its details and the official report's checks too. */
export function renderChecks(report: DoctorReport, terminal: Terminal, style: FindingStyle): string {
  const all = Object.values(report.checks);
  const shown = style.verbose ? all : all.filter((check) => check.id.startsWith(OWN));
  const names = columns(shown.map((check) => [check.id.replace(OWN, ''), '']));
  const indent = Math.max(...names.map((name) => name.length), 8) + 6;
  const lines = shown.flatMap((check, index) => {
    const { symbol, style: colour } = MARK[check.status];
    const name = (names[index] ?? '').padEnd(indent - 4);
    const summary = hang(tildeText(check.summary, style.userHome), terminal.width, indent);
    const line = `  ${terminal.paint(colour, symbol)} ${name}${check.status === 'ok' || check.status === 'skipped' ? terminal.paint('dim', summary) : summary}`;
    return style.verbose ? [line, ...renderDetails(check, terminal, style, indent)] : [line];
  });
  return `${lines.join('\n')}\n`;
}

function renderDetails(
  check: ReportedCheck,
  terminal: Terminal,
  style: FindingStyle,
  indent: number,
): string[] {
  return Object.entries(check.details).map(([key, value]) => {
    const text = typeof value === 'string' ? value : value.join(', ');
    const line = hang(tildeText(`${key}: ${text}`, style.userHome), terminal.width, indent + 2);
    return terminal.paint('dim', `${' '.repeat(indent)}${line}`);
  });
}

/** The first line: which Codex, which home. */
export function renderHeader(report: DoctorReport, terminal: Terminal, userHome: string): string {
  const codex = report.codexVersion === null ? 'no codex on PATH' : `Codex ${report.codexVersion}`;
  return `${terminal.paint('bold', codex)} ${terminal.paint('dim', `· home ${tilde(report.codexHome, userHome)}`)}\n`;
}

/** All findings as blocks, an empty line between them. */
export function renderFindings(report: DoctorReport, terminal: Terminal, style: FindingStyle): string {
  return report.findings.map((finding) => `${renderFinding(finding, terminal, style)}\n`).join('');
}

/** The last lines: the balance, and the next step by name. */
export function renderNext(report: DoctorReport, terminal: Terminal, elapsedMs: number): string {
  const { paint } = terminal;
  const fails = report.findings.filter((finding) => finding.severity === 'fail').length;
  const warns = report.findings.filter((finding) => finding.severity === 'warn').length;
  const checks = Object.values(report.checks).filter((check) => check.id.startsWith(OWN));
  const skipped = checks.filter((check) => check.status === 'skipped').length;
  const balance = [
    fails > 0 ? paint('red', count(fails, 'problem')) : '',
    warns > 0 ? paint('yellow', count(warns, 'warning')) : '',
    fails + warns === 0 ? paint('green', 'nothing wrong found') : '',
    `${count(checks.length, 'check')}${skipped > 0 ? `, ${skipped} skipped` : ''} in ${duration(elapsedMs)}`,
  ];
  const lines = [balance.filter((part) => part !== '').join(' · ')];
  const repairable = report.findings.filter(
    (finding) => finding.fix.repairId !== null && finding.severity !== 'info',
  );
  if (repairable.length > 0) {
    lines.push(
      `${paint('cyan', '→')} ${paint('bold', 'steward doctor --fix')}  repairs ${count(repairable.length, 'of these', 'of these')} with a backup; --dry-run shows how`,
    );
  } else if (report.checks['steward.network']?.status === 'skipped' && fails === 0) {
    lines.push(
      `${paint('cyan', '→')} ${paint('bold', 'steward doctor --live')}  also tests the network route and MCP servers`,
    );
  }
  return `${lines.join('\n')}\n`;
}
