/** What goes into a feedback bundle, each file with one sentence on what it is; nothing of it is scrubbed yet. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readAuth } from '../../codex/auth-file.ts';
import { readTail } from '../../codex/enrollment-tail.ts';
import type { CodexScope } from '../../codex/home.ts';
import { openJournal } from '../../codex/home-journal.ts';
import type { LogLine } from '../../codex/log-files.ts';
import { readText } from '../../codex/reading.ts';
import { parseToml } from '../../codex/toml.ts';
import { messageOf } from '../../errors.ts';
import type { Finding } from '../../knowledge/finding.ts';
import type { CollectedReport, JsonObject, Unavailable } from '../health-report.ts';
import { readSignals } from '../signals/store.ts';
import { renderSignals } from '../signals/transfer.ts';
import { listDatabases } from './databases.ts';
import { renderIssueBody } from './issue-body.ts';

export interface Draft {
  readonly name: string;
  readonly about: string;
  readonly content:
    | { readonly kind: 'text'; readonly text: string }
    | { readonly kind: 'json'; readonly value: unknown };
  /** The higher, the sooner it is left out of a bundle that grows too large; 0: never. */
  readonly expendable: number;
}

/** The parts of a doctor's report that the issue body quotes. */
export interface DoctorFacts {
  readonly codexVersion: string | null;
  readonly findings: readonly Finding[];
}

const MAX_CONFIG_BYTES = 1024 * 1024;
const GATEWAY_LOG_BYTES = 256 * 1024;
const MAX_EXTRA_BYTES = 16 * 1024 * 1024;

/** Everything but the README. `extra`: text files that the person adds, as absolute paths. */
export async function draftBundle<Doctor extends DoctorFacts>(
  scope: CodexScope,
  { report, recent }: CollectedReport<Doctor>,
  extra: readonly string[],
): Promise<readonly Draft[]> {
  const [newest] = recent.excerpts;
  const body = renderIssueBody({
    codexVersion: report.doctor.codexVersion,
    installs: report.installs,
    environment: report.environment,
    plan: await planOf(scope, report.accounts),
    model: await modelOf(scope),
    findings: report.doctor.findings,
    recentFailures: report.recentFailures,
    lines: newest?.lines ?? [],
    stewardVersion: report.stewardVersion,
  });
  return [
    text('issue.md', 'a bug report in the form of the official template, to be pasted', body, 0),
    json(
      'report.json',
      'versions, accounts (masked), findings, remote control, gateway, surroundings',
      report,
      0,
    ),
    ...recent.excerpts.map(({ id, lines }, index) =>
      text(`logs/${id}.txt`, logWords(id), renderLines(lines), index === 0 ? 0 : 10 + index),
    ),
    ...(await configDrafts(scope)),
    json('databases.json', 'schemas and row counts; no rows', await listDatabases(scope), 3),
    json('journal.json', 'what steward changed on this Codex home', await readJournal(scope), 2),
    text(
      'signals.json',
      'what was said about fixes here',
      renderSignals((await readSignals(scope)).signals),
      1,
    ),
    ...(await gatewayLog(scope)),
    ...(await Promise.all(extra.map((path, index) => extraDraft(path, index)))),
  ];
}

function logWords(id: string): string {
  return id === 'unknown'
    ? 'the latest complaints of Codex that no known failure explains'
    : `Codex's own log around the last ${id}`;
}

function renderLines(lines: readonly LogLine[]): string {
  return `${lines.map(({ atMs, where, text: line }) => `${new Date(atMs).toISOString()} [${where}] ${line}`).join('\n')}\n`;
}

async function configDrafts({ home }: CodexScope): Promise<readonly Draft[]> {
  const names = await readdir(home.path).catch(() => []); // no home: the report says so
  const drafts: Draft[] = [];
  for (const name of names.filter((each) => /^(?:.+\.)?config\.toml$/.test(each)).sort()) {
    const reading = await readText(join(home.path, name), MAX_CONFIG_BYTES);
    const words = reading.kind === 'ok' ? reading.value : `# could not be read: ${reading.kind}\n`;
    drafts.push(text(`config/${name}`, 'as it stands, secrets blanked', words, 4));
  }
  return drafts;
}

/** A journal that cannot be read is worth a line, not the end of the bundle. */
async function readJournal(scope: CodexScope): Promise<unknown> {
  try {
    return await openJournal(scope).history();
  } catch (error) {
    return { unreadable: messageOf(error) };
  }
}

async function gatewayLog({ home }: CodexScope): Promise<readonly Draft[]> {
  const tail = await readTail(join(home.path, 'steward', 'gateway.log'), GATEWAY_LOG_BYTES);
  if (tail.kind !== 'ok') return [];
  const lines = tail.value.lines.map((line) => line.text);
  return [text('logs/gateway.log', "the end of the gateway's log", `${lines.join('\n')}\n`, 5)];
}

async function extraDraft(path: string, index: number): Promise<Draft> {
  const reading = await readText(path, MAX_EXTRA_BYTES);
  const words =
    reading.kind === 'ok'
      ? reading.value
      : `could not be read: ${reading.kind === 'missing' ? 'it is not there' : reading.message}\n`;
  return text(`added/${index + 1}.txt`, 'added by the person who made this bundle', words, 6);
}

async function modelOf({ home }: CodexScope): Promise<string | null> {
  const reading = await readText(join(home.path, 'config.toml'), MAX_CONFIG_BYTES);
  if (reading.kind !== 'ok') return null;
  const parsed = await parseToml(reading.value);
  const model = parsed.kind === 'ok' ? parsed.value.model : undefined;
  return typeof model === 'string' ? model : null;
}

/** The plan that the login names, else the one the limits were read for. */
async function planOf(scope: CodexScope, accounts: JsonObject | Unavailable): Promise<string | null> {
  const auth = await readAuth(scope);
  const login = auth.kind === 'ok' ? (auth.value.identity?.planType ?? auth.value.access?.planType) : null;
  if (typeof login === 'string') return login;
  const rows = at(accounts, ['forecast', 'accounts']);
  if (!Array.isArray(rows)) return null;
  const plans = rows.map((row) => at(row, ['quota', 'planType'])).filter((plan) => typeof plan === 'string');
  return plans.length === 0 ? null : [...new Set(plans)].join(', ');
}

function at(value: unknown, path: readonly string[]): unknown {
  let current = value;
  for (const name of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = Object.getOwnPropertyDescriptor(current, name)?.value;
  }
  return current;
}

function text(name: string, about: string, words: string, expendable: number): Draft {
  return { name, about, content: { kind: 'text', text: words }, expendable };
}

function json(name: string, about: string, value: unknown, expendable: number): Draft {
  return { name, about, content: { kind: 'json', value }, expendable };
}
