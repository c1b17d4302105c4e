/** `--live`: every enabled MCP server is really started, or really asked, and let go of again. */
import { readCodexBinaries, usableNative } from '../../codex/binaries.ts';
import { askMcpServer, bearerToken } from '../../codex/mcp-http.ts';
import { readMcpLogin } from '../../codex/mcp-login.ts';
import { type HttpServer, mcpEnvironment, type StdioServer } from '../../codex/mcp-servers.ts';
import { type McpStart, startMcpServer } from '../../codex/mcp-start.ts';
import { type Evidence, finding } from '../../knowledge/finding.ts';
import type { FailureId } from '../../knowledge/ids.ts';
import { createRedactor } from '../../storage/redact.ts';
import type { CheckContext, FoundProblem } from '../check.ts';
import { longerStartup, planDisable, planLongerStartup } from '../repairs/mcp.ts';
import type { McpSubject, McpVerdict } from './mcp-subject.ts';

const DISABLE = 'mcp.handshake_failed.disable';
const LONGER = 'mcp.startup_timeout.longer';
/** Nobody sits in front of a doctor for longer, whatever the configuration grants the server. */
const MAX_WAIT_MS = 35_000;

/**
 * Longer than Codex itself waits, because whether a slow server answers at all decides what is right to do: more time for
 * it, or none at all.
 */
export function patienceMs(startupTimeoutMs: number): number {
  return Math.min(Math.max(3 * startupTimeoutMs, startupTimeoutMs + 3_000), MAX_WAIT_MS);
}

/** Starts it as Codex would and waits longer than Codex would, within reason. */
export async function startStdio(
  context: CheckContext,
  subject: McpSubject<StdioServer>,
  path: string,
): Promise<McpVerdict> {
  const { server } = subject;
  const waitMs = patienceMs(server.startupTimeoutMs);
  const start = await startMcpServer(context.host, server, { path, waitMs, signal: context.signal });
  const seconds = (start.elapsedMs / 1000).toFixed(1);
  const limit = server.startupTimeoutMs / 1000;
  if (start.kind === 'ready' && start.elapsedMs <= server.startupTimeoutMs) {
    return { state: `answered after ${seconds} s`, problem: null };
  }
  const { redact } = createRedactor({ secrets: secretsOf(context, server) });
  const said = redact(start.stderr.split('\n').slice(-5).join(' · ').slice(-500));
  const command = redact([server.command, ...server.args].join(' '));
  const evidence: Evidence[] = [
    { source: 'config', where: subject.where('command'), what: command },
    { source: 'process', where: path, what: redact(outcome(start, seconds)) },
    ...(said === '' ? [] : [{ source: 'process' as const, where: 'standard error', what: said }]),
    ...unset(context, subject),
  ];
  if (start.kind === 'ready') {
    const longer = longerStartup(start.elapsedMs);
    const problem = make('mcp.startup_timeout', subject, {
      cause: `The MCP server ${server.name} answered after ${seconds} s; Codex gives up after ${limit} s.`,
      evidence,
      summary: `Give it more time: startup_timeout_sec = ${longer}.`,
      steps: [`Below [mcp_servers.${server.name}]: startup_timeout_sec = ${longer}`],
      repairId: LONGER,
      plan: () => planLongerStartup(subject, server.name, longer, subject.usesMilliseconds),
    });
    return { state: `answered after ${seconds} s, too late`, problem };
  }
  const late = start.kind === 'no-answer';
  if (late && start.elapsedMs < server.startupTimeoutMs) {
    return { state: outcome(start, seconds), problem: unsettled(subject, seconds, evidence) };
  }
  const problem = make(late ? 'mcp.startup_timeout' : 'mcp.handshake_failed', subject, {
    cause: late
      ? `The MCP server ${server.name} did not answer within ${seconds} s; Codex gives up after ${limit} s.`
      : `The MCP server ${server.name} ${outcome(start, seconds)} instead of answering.`,
    evidence,
    summary: late
      ? 'Run its command by hand and see what it waits for; or switch it off.'
      : 'Run its command by hand and read what it says; or switch it off.',
    steps: [
      `${command}   # type it in ${context.host.cwd}`,
      `Or switch it off: enabled = false below [mcp_servers.${server.name}].`,
    ],
    repairId: late ? 'mcp.startup_timeout.disable' : DISABLE,
    plan: () => planDisable(subject, server.name, late ? 'mcp.startup_timeout.disable' : DISABLE),
  });
  return { state: outcome(start, seconds), problem };
}

/** Asks it as Codex would. A refusal without a token is settled by Codex itself, which knows its stored logins. */
export async function askHttp(context: CheckContext, subject: McpSubject<HttpServer>): Promise<McpVerdict> {
  const { server } = subject;
  const answer = await askMcpServer(context.host, server, {
    waitMs: Math.min(server.startupTimeoutMs, MAX_WAIT_MS),
    signal: context.signal,
  });
  const { redact } = createRedactor({
    secrets: [bearerToken(context.host, server) ?? '', ...Object.values(server.headers)],
  });
  const url = redact(withoutQuery(server.url));
  const entry: Evidence = { source: 'config', where: subject.where('url'), what: `url = "${url}"` };
  if (answer.kind === 'unreachable') {
    const message = redact(answer.message);
    if (/certificate|CERT|self.signed|issuer/i.test(message)) {
      return { state: `not judged: ${message}`, problem: null }; // Codex may have a CA of its own; see steward.network
    }
    const problem = make('mcp.handshake_failed', subject, {
      cause: `The MCP server ${server.name} at ${url} cannot be reached: ${message}.`,
      evidence: [entry, { source: 'http', where: url, what: message }],
      summary: `Start the server behind ${url}, correct its url, or switch it off.`,
      steps: [`curl -i ${url}`, `Or switch it off: enabled = false below [mcp_servers.${server.name}].`],
      repairId: DISABLE,
      plan: () => planDisable(subject, server.name, DISABLE),
    });
    return { state: 'unreachable', problem };
  }
  const state = `HTTP ${answer.status} after ${answer.elapsedMs} ms`;
  const status: Evidence = { source: 'http', where: `POST ${url}`, what: `HTTP ${answer.status}` };
  if (answer.status === 401 || answer.status === 403) {
    const login = server.bearerTokenEnvVar === null ? await loginState(context, server.name) : 'token';
    if (login === 'stored') return { state: `${state}, a login is stored`, problem: null };
    const problem: FoundProblem = {
      finding: finding('mcp.auth_required', {
        subject: server.name,
        severity: server.required ? 'fail' : 'warn',
        cause:
          login === 'token'
            ? `The MCP server ${server.name} refuses the token in ${server.bearerTokenEnvVar}.`
            : `The MCP server ${server.name} wants a login, and Codex has none for it.`,
        evidence: [entry, status],
        confidence: login === 'unknown' ? 0.7 : 0.95,
        ...(login === 'token'
          ? {
              summary: `Put a valid token into ${server.bearerTokenEnvVar}.`,
              steps: [`export ${server.bearerTokenEnvVar}=…`],
            }
          : { summary: 'Log in to it.', steps: [`codex mcp login ${server.name}`, 'Then restart the app.'] }),
        command: login === 'token' ? null : `codex mcp login ${server.name}`,
      }),
    };
    return { state, problem };
  }
  if (answer.status < 400) return { state, problem: null };
  const problem = make('mcp.handshake_failed', subject, {
    cause: `The MCP server ${server.name} answers ${url} with HTTP ${answer.status} instead of the handshake.`,
    evidence: [entry, status],
    summary: `Correct the url of ${server.name}, or switch it off.`,
    steps: [`curl -i ${url}`, `Or switch it off: enabled = false below [mcp_servers.${server.name}].`],
    repairId: DISABLE,
    plan: () => planDisable(subject, server.name, DISABLE),
  });
  return { state, problem };
}

async function loginState(context: CheckContext, name: string): Promise<'stored' | 'none' | 'unknown'> {
  const binary = usableNative(await context.read(readCodexBinaries));
  return binary?.native == null ? 'unknown' : readMcpLogin(context, binary.native, name);
}

interface Facts {
  readonly cause: string;
  readonly evidence: readonly Evidence[];
  readonly summary: string;
  readonly steps: readonly string[];
  readonly repairId: string;
  readonly plan: NonNullable<FoundProblem['plan']>;
}

function make(id: FailureId, { server }: McpSubject, { plan, ...facts }: Facts): FoundProblem {
  const severity = server.required ? 'fail' : 'warn';
  return { finding: finding(id, { subject: server.name, severity, ...facts }), plan };
}

/** No verdict: Codex would wait longer than we did. It is said all the same, and no repair counts as verified by it. */
function unsettled(
  { server }: McpSubject<StdioServer>,
  seconds: string,
  evidence: readonly Evidence[],
): FoundProblem {
  const limit = server.startupTimeoutMs / 1000;
  return {
    finding: finding('mcp.startup_timeout', {
      subject: server.name,
      severity: 'info',
      cause: `The MCP server ${server.name} did not answer within ${seconds} s; Codex would wait ${limit} s, so it may still come up in time.`,
      evidence,
      confidence: 0.3,
      summary:
        'Nothing to do if it comes up; if it never does, run its command by hand and see what it waits for.',
      steps: [],
    }),
  };
}

function outcome(start: McpStart, seconds: string): string {
  switch (start.kind) {
    case 'ready':
      return `answered after ${seconds} s`;
    case 'exited':
      return `ended ${start.signal === null ? `with exit code ${start.code}` : `by ${start.signal}`} after ${seconds} s`;
    case 'no-answer':
      return `said nothing for ${seconds} s`;
    case 'refused':
      return `refused initialize ("${start.message}")`;
    case 'noise':
      return `wrote "${start.line}" to its standard output, which is no protocol,`;
    case 'unstartable':
      return `could not be started (${start.code})`;
  }
}

/** `env_vars` that are not there: the usual reason why a server ends at once. */
function unset(context: CheckContext, { server, where }: McpSubject<StdioServer>): Evidence[] {
  return server.envVars
    .filter((name) => context.host.env[name] === undefined)
    .map((name) => ({ source: 'env', where: name, what: `not set, but named at ${where('env_vars')}` }));
}

function secretsOf(context: CheckContext, server: StdioServer): string[] {
  const own = mcpEnvironment(context.host, server);
  const named = [...Object.keys(server.env), ...server.envVars];
  return named.flatMap((name) => {
    const value = own[name] ?? '';
    return value.length >= 6 && value !== own.PATH ? [value] : [];
  });
}

function withoutQuery(url: string): string {
  try {
    const parsed = new URL(url);
    return `${parsed.origin}${parsed.pathname}`;
  } catch {
    return url;
  }
}
