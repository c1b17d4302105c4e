/**
 * The official `codex doctor --json`, run as one probe among others. Its checks are facts; its green is not health
 * (it stays green while remote control is refused and while tokens are long expired).
 *
 * Offline it must leave the home and the network alone, which it does not do by itself: it runs on a stand-in home
 * (see `official-doctor-overlay.ts`) with every endpoint pointed at a closed loopback port. The checks that say
 * nothing true in that setting are dropped, each with its reason.
 */
import { join } from 'node:path';
import * as v from 'valibot';
import { messageOf } from '../errors.ts';
import type { Host, RunResult } from '../host.ts';
import type { CodexBinary } from './binaries.ts';
import type { CodexScope } from './home.ts';
import { createHomeOverlay } from './official-doctor-overlay.ts';
import { PROBE_VARIABLE } from './processes-system.ts';
import { readText } from './reading.ts';
import { parseToml } from './toml.ts';

const Details = v.optional(v.record(v.string(), v.union([v.string(), v.array(v.string())])), {});
const OfficialCheckSchema = v.object({
  id: v.string(),
  category: v.optional(v.string(), 'other'),
  status: v.picklist(['ok', 'warning', 'fail']),
  summary: v.string(),
  details: v.fallback(Details, {}),
  remediation: v.fallback(v.nullable(v.string()), null),
  durationMs: v.fallback(v.number(), 0),
});
const OfficialReportSchema = v.object({
  schemaVersion: v.literal(1),
  codexVersion: v.optional(v.string()),
  checks: v.record(v.string(), v.unknown()),
});

export type OfficialCheck = v.InferOutput<typeof OfficialCheckSchema>;

export type OfficialDoctor =
  | {
      readonly kind: 'report';
      readonly codexVersion: string | null;
      readonly checks: readonly OfficialCheck[];
      /** Checks that ran but whose result means nothing in this run, with the reason. */
      readonly dropped: readonly { readonly check: OfficialCheck; readonly reason: string }[];
    }
  /** It could not be asked, and why. */
  | { readonly kind: 'unavailable'; readonly reason: string };

/** A port that nothing can listen on without being root, and nothing does: connections are refused at once. */
const CLOSED = 'http://127.0.0.1:9';
const OFFLINE_MS = 8000;
/** Measured without network: 10 s (0.169, WebSocket name lookup). */
const LIVE_MS = 30_000;

const NETWORK = 'needs the network: run with --live';
const OVERLAY = 'would write into the Codex home: run with --live';
const OFFLINE_DROPPED: Readonly<Record<string, string>> = {
  'network.env': NETWORK,
  'network.provider_reachability': NETWORK,
  'network.websocket_reachability': NETWORK,
  'updates.status': NETWORK,
  'app_server.status': OVERLAY,
  'state.paths': OVERLAY,
  'state.rollout_db_parity': OVERLAY,
  'system.disk': OVERLAY,
  'auth.credentials': 'started without the credentials: see steward.auth',
  'terminal.env': 'started by a program: says nothing about your terminal',
  installation: 'started without its launcher: see steward.install',
};

/**
 * Runs that binary's doctor. `live`: on the real home with the real network, exactly as if the person ran it, with
 * the files that it then writes; otherwise without touching either. Never throws.
 */
export async function runOfficialDoctor(
  scope: CodexScope,
  binary: CodexBinary,
  live: boolean,
): Promise<OfficialDoctor> {
  if (binary.native === null) return { kind: 'unavailable', reason: `${binary.path} has no native program` };
  if (live)
    return parseRun(await run(scope, binary.native, ['doctor', '--json'], liveEnv(scope), LIVE_MS), {});
  if (scope.host.platform === 'win32') return { kind: 'unavailable', reason: OVERLAY };
  const overlay = await createHomeOverlay(scope.home.path, scope.host.env.TMPDIR).catch(messageOf);
  if (typeof overlay === 'string') return { kind: 'unavailable', reason: overlay };
  try {
    const config = await readText(join(overlay.path, 'config.toml'), 1024 * 1024);
    const settings = await offlineSettings(config.kind === 'ok' ? config.value : '', overlay.path);
    if (settings === null) return { kind: 'unavailable', reason: NETWORK };
    const args = [...settings.flatMap((setting) => ['-c', setting]), 'doctor', '--json'];
    const env = offlineEnv(scope.host, overlay.path);
    const ran = await run(scope, binary.native, args, env, OFFLINE_MS, overlay.path);
    return parseRun(mapOutput(ran, overlay.path, scope.home.path), OFFLINE_DROPPED);
  } finally {
    await overlay.remove();
  }
}

/** The official checks of that output, tolerant of unknown and missing fields; why not, when it is no such report. */
export function parseOfficialReport(
  text: string,
  drop: Readonly<Record<string, string>> = {},
): OfficialDoctor {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return { kind: 'unavailable', reason: `its output is not JSON: ${messageOf(error)}` };
  }
  const report = v.safeParse(OfficialReportSchema, json);
  if (!report.success) {
    return { kind: 'unavailable', reason: `its report is of an unknown shape: ${report.issues[0].message}` };
  }
  const all = Object.entries(report.output.checks).flatMap(([id, value]) => {
    const check = v.safeParse(OfficialCheckSchema, typeof value === 'object' ? { id, ...value } : value);
    return check.success ? [check.output] : [];
  });
  return {
    kind: 'report',
    codexVersion: report.output.codexVersion ?? null,
    checks: all.filter((check) => reasonToDrop(check, drop) === null),
    dropped: all.flatMap((check) => {
      const reason = reasonToDrop(check, drop);
      return reason === null ? [] : [{ check, reason }];
    }),
  };
}

function reasonToDrop(check: OfficialCheck, drop: Readonly<Record<string, string>>): string | null {
  const named = drop[check.id];
  if (named !== undefined) return named;
  const isOffline = Object.keys(drop).length > 0;
  const text = `${check.summary} ${JSON.stringify(check.details)}`;
  // Cloud policy and remote MCP servers are asked over the network: that they do not answer here says nothing.
  const blamesNetwork =
    /cloud (requirements|config|policy)|127\.0\.0\.1:9\b|reachability failed|connect failed/i;
  return isOffline && check.status !== 'ok' && blamesNetwork.test(text) ? NETWORK : null;
}

/**
 * Settings that keep every request of the doctor on this machine: its WebSocket check looks names up past any proxy.
 * `null` where a provider's endpoint cannot be overridden from the command line (a dot in its name).
 */
async function offlineSettings(config: string, overlay: string): Promise<string[] | null> {
  const settings = [
    `chatgpt_base_url="${CLOSED}/backend-api"`,
    `openai_base_url="${CLOSED}/v1"`,
    'analytics.enabled=false',
  ];
  if (/\bsqlite_home\b/.test(config)) settings.push(`sqlite_home=${JSON.stringify(overlay)}`);
  if (/\blog_dir\b/.test(config)) settings.push(`log_dir=${JSON.stringify(overlay)}`);
  if (/\botel\b/.test(config)) {
    for (const exporter of ['exporter', 'trace_exporter', 'metrics_exporter'])
      settings.push(`otel.${exporter}="none"`);
  }
  if (!/\bmodel_providers\b/.test(config)) return settings;
  const parsed = await parseToml(config);
  if (parsed.kind !== 'ok') return settings; // it does not load, and then the doctor asks nobody
  const providers: unknown = parsed.value.model_providers;
  if (typeof providers !== 'object' || providers === null) return settings;
  for (const [id, provider] of Object.entries(providers)) {
    if (typeof provider !== 'object' || provider === null || !('base_url' in provider)) continue;
    if (!/^[\w-]+$/.test(id)) return null;
    settings.push(`model_providers.${id}.base_url="${CLOSED}/v1"`);
  }
  return settings;
}

function run(
  scope: CodexScope,
  file: string,
  args: readonly string[],
  env: Host['env'],
  timeoutMs: number,
  cwd = scope.host.cwd,
): Promise<RunResult> {
  return scope.host.run(file, args, { cwd, env, timeoutMs, signal: scope.signal });
}

/** `TERM=dumb` is a failure to 0.133, and a program's terminal often is. */
function liveEnv(scope: CodexScope): Host['env'] {
  const { host, home } = scope;
  return { ...host.env, CODEX_HOME: home.path, TERM: 'xterm-256color', [PROBE_VARIABLE]: '1' };
}

function offlineEnv(host: Host, overlay: string): Host['env'] {
  const env: Record<string, string | undefined> = { ...host.env };
  for (const name of ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY']) {
    env[name] = CLOSED;
    env[name.toLowerCase()] = CLOSED;
  }
  env.NO_PROXY = '';
  env.no_proxy = '';
  env.CODEX_HOME = overlay;
  env.CODEX_SQLITE_HOME = undefined;
  env.CODEX_REFRESH_TOKEN_URL_OVERRIDE = `${CLOSED}/oauth/token`;
  env.TERM = 'xterm-256color';
  env[PROBE_VARIABLE] = '1';
  return env;
}

function parseRun(ran: RunResult, drop: Readonly<Record<string, string>>): OfficialDoctor {
  switch (ran.kind) {
    case 'unstartable':
      return { kind: 'unavailable', reason: `it does not start: ${ran.message}` };
    case 'timeout':
      return { kind: 'unavailable', reason: 'it did not answer in time' };
    case 'signalled':
      return { kind: 'unavailable', reason: `it was ended by ${ran.signal}` };
    case 'exited': {
      // Exit code 1 means that a check failed; without a report the reason is the last line it wrote.
      if (ran.stdout.trim() !== '') return parseOfficialReport(ran.stdout, drop);
      const last = ran.stderr.trim().split('\n').at(-1) ?? '';
      return { kind: 'unavailable', reason: `exit code ${ran.code}: ${last.slice(0, 300)}` };
    }
  }
}

/** Names the real home where the output names the stand-in. */
function mapOutput(ran: RunResult, overlay: string, home: string): RunResult {
  if (ran.kind !== 'exited') return ran;
  const map = (text: string) => text.replaceAll(`/private${overlay}`, home).replaceAll(overlay, home);
  return { ...ran, stdout: map(ran.stdout), stderr: map(ran.stderr) };
}
