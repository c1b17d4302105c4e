/** The doctor's screen: one line a check, then the findings, then what to do next. */
import type { ReportedCheck } from '../../doctor/check.ts';
import type { RepairResult } from '../../doctor/repair.ts';
import type { DoctorReport } from '../../doctor/report.ts';
import { type FindingStyle, renderFinding } from './findings.ts';
import { count, duration, hang, tilde, tildeText } from './layout.ts';
import type { Style, Terminal } from './terminal.ts';

const MARK: Readonly<Record<ReportedCheck['status'], { readonly symbol: string; readonly style: Style }>> = {
  ok: { symbol: '✔', style: 'green' },
  warning: { symbol: '▲', style: 'yellow' },
  fail: { symbol: '✖', style: 'red' },
  skipped: { symbol: '–', style: 'dim' },
};

/** Ids of our own checks start so; the others are the official report's. */
const OWN = 'steward.';

/** One line an area (config, login, state, …); with `verbose` one line a check, its details and the official checks. */
export function renderChecks(report: DoctorReport, terminal: Terminal, style: FindingStyle): string {
  const all = Object.values(report.checks);
  const rows = style.verbose
    ? all.map((check) => ({ name: check.id.replace(OWN, ''), ...check }))
    : areasOf(all.filter((check) => check.id.startsWith(OWN)));
  const indent = Math.max(...rows.map(({ name }) => name.length), 8) + 6;
  const lines = rows.flatMap(({ name, status, summary, details }) => {
    const { symbol, style: colour } = MARK[status];
    const calm = status === 'ok' || status === 'skipped';
    const text = hang(tildeText(summary, style.userHome), terminal.width, indent);
    const line = `  ${terminal.paint(colour, symbol)} ${name.padEnd(indent - 4)}${calm ? terminal.paint('dim', text) : text}`;
    return style.verbose ? [line, ...renderDetails(details, terminal, style, indent)] : [line];
  });
  return `${lines.join('\n')}\n`;
}

interface Area {
  readonly name: string;
  readonly status: ReportedCheck['status'];
  readonly summary: string;
  readonly details: ReportedCheck['details'];
}

/** How bad a status is, for the one that stands for an area. */
const WEIGHT: Readonly<Record<ReportedCheck['status'], number>> = { fail: 3, warning: 2, ok: 1, skipped: 0 };
/** A healthy area is summed up by its first checks. */
const SUMMARIES_SHOWN = 2;

/** The checks by category, in the order of the first of each; the worst status stands for all, and speaks for itself. */
function areasOf(checks: readonly ReportedCheck[]): readonly Area[] {
  const byCategory = new Map<string, ReportedCheck[]>();
  for (const check of checks) {
    byCategory.set(check.category, [...(byCategory.get(check.category) ?? []), check]);
  }
  return [...byCategory].map(([name, members]) => {
    const worst = Math.max(...members.map((check) => WEIGHT[check.status]));
    const telling = members.filter((check) => WEIGHT[check.status] === worst);
    return {
      name,
      status: telling[0]?.status ?? 'skipped',
      summary: telling
        .slice(0, SUMMARIES_SHOWN)
        .map((check) => check.summary)
        .join(' · '),
      details: {},
    };
  });
}

function renderDetails(
  details: ReportedCheck['details'],
  terminal: Terminal,
  style: FindingStyle,
  indent: number,
): string[] {
  return Object.entries(details).map(([key, value]) => {
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
  return report.findings.map((finding) => renderFinding(finding, terminal, style)).join('\n');
}

export interface NextInput {
  readonly elapsedMs: number;
  /** What `--fix` did; empty without it. */
  readonly repairs: readonly RepairResult[];
  readonly dryRun: boolean;
}

/** The last lines: the balance, and the next step by name. */
export function renderNext(report: DoctorReport, terminal: Terminal, input: NextInput): string {
  const { paint } = terminal;
  const fails = report.findings.filter((finding) => finding.severity === 'fail').length;
  const warns = report.findings.filter((finding) => finding.severity === 'warn').length;
  const checks = Object.values(report.checks).filter((check) => check.id.startsWith(OWN));
  const skipped = checks.filter((check) => check.status === 'skipped').length;
  const repaired = input.repairs.filter(isRepaired).length;
  const balance = [
    repaired > 0 ? paint('green', `${repaired} repaired`) : '',
    fails > 0 ? paint('red', count(fails, 'problem')) : '',
    warns > 0 ? paint('yellow', count(warns, 'warning')) : '',
    fails + warns === 0 ? paint('green', repaired > 0 ? 'nothing wrong left' : 'nothing wrong found') : '',
    `${count(checks.length, 'check')}${skipped > 0 ? `, ${skipped} skipped` : ''} in ${duration(input.elapsedMs)}`,
  ].filter((part) => part !== '');
  const next = nextStep(report, { ...input, repaired, fails });
  const hint = next === null ? [] : [`${paint('cyan', '→')} ${paint('bold', next.command)}  ${next.why}`];
  return `${[balance.join(' · '), ...hint].join('\n')}\n`;
}

function isRepaired(result: RepairResult): boolean {
  return result.kind === 'done' && result.outcome.kind === 'repaired';
}

function nextStep(
  report: DoctorReport,
  input: NextInput & { readonly repaired: number; readonly fails: number },
): { readonly command: string; readonly why: string } | null {
  if (input.dryRun && input.repairs.some((result) => result.kind === 'planned')) {
    return { command: 'steward doctor --fix', why: 'makes these changes, each with a backup' };
  }
  const lookedForCodex = report.checks['steward.install'] !== undefined;
  if (
    lookedForCodex &&
    report.codexVersion === null &&
    !report.findings.some(({ id }) => id.startsWith('install.'))
  ) {
    const why = 'rehearses with the official Codex in a throw-away home: there is no Codex here yet';
    return { command: 'steward lab run ok -- codex exec "hi"', why };
  }
  if (input.repaired > 0) return { command: 'steward undo', why: 'takes the last repair back' };
  const repairable = report.findings.filter(
    (finding) => finding.fix.repairId !== null && finding.severity !== 'info',
  );
  if (repairable.length > 0 && input.repairs.length === 0) {
    const why = `repairs ${repairable.length === 1 ? 'this' : `${repairable.length} of these`} with a backup; --dry-run shows how`;
    return { command: 'steward doctor --fix', why };
  }
  if (report.checks['steward.network']?.status === 'skipped' && input.fails === 0) {
    return { command: 'steward doctor --live', why: 'also tests the network route and the MCP servers' };
  }
  return null;
}
