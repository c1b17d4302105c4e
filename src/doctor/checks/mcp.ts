/** The MCP servers of the configuration: can each be started, and with `--live`, does it answer in time? */
import { readConfig } from '../../codex/config-file.ts';
import { locateKeys } from '../../codex/config-positions.ts';
import { findMcpCommand } from '../../codex/mcp-command.ts';
import { mcpServers } from '../../codex/mcp-servers.ts';
import { tomlAt } from '../../codex/toml.ts';
import type { Check, CheckContext, CheckResult } from '../check.ts';
import { commandProblem, tokenProblem } from './mcp-command.ts';
import { askHttp, startStdio } from './mcp-live.ts';
import type { McpSubject, McpVerdict } from './mcp-subject.ts';

export const mcpCheck: Check = {
  id: 'steward.mcp',
  category: 'mcp',
  title: 'MCP servers',
  finds: ['mcp.command_not_found', 'mcp.handshake_failed', 'mcp.startup_timeout', 'mcp.auth_required'],
  timeoutMs: 45_000,
  run,
};

async function run(context: CheckContext): Promise<CheckResult> {
  const config = await context.read(readConfig);
  if (config.kind === 'missing') return none('no MCP servers: there is no config.toml');
  if (config.kind !== 'ok') {
    return { status: 'skipped', summary: `${config.path} cannot be read`, details: {}, problems: [] };
  }
  const { text, value } = config.value;
  const servers = mcpServers(value);
  if (servers.length === 0) return none('no MCP servers configured');
  const positions = await locateKeys(text);
  const verdicts = await Promise.all(
    servers.map(async (server): Promise<[string, McpVerdict]> => {
      const table = ['mcp_servers', server.name];
      const where = (key: string) => {
        const position = positions.find([...table, key]) ?? positions.find(table);
        return position === undefined ? config.path : `${config.path}:${position.line}`;
      };
      const usesMilliseconds = tomlAt(value, [...table, 'startup_timeout_ms']) !== undefined;
      const subject = { server, path: config.path, text, where, usesMilliseconds };
      return [server.name, await judge(context, subject)];
    }),
  );
  const problems = verdicts.flatMap(([, { problem }]) => (problem === null ? [] : [problem]));
  const enabled = servers.filter((server) => server.enabled).length;
  const tested = context.live ? 'started and answered' : 'can be started (--live starts them)';
  return {
    status: problems.length > 0 ? 'problems' : 'ok',
    summary: problems[0]?.finding.cause ?? `${enabled} of ${servers.length} enabled, ${tested}`,
    details: Object.fromEntries(verdicts.map(([name, { state }]) => [name, state])),
    problems,
  };
}

async function judge(context: CheckContext, subject: McpSubject): Promise<McpVerdict> {
  const { server } = subject;
  if (!server.enabled) return { state: 'switched off', problem: null };
  if (server.kind === 'http') {
    const problem = await tokenProblem(context, { ...subject, server });
    if (problem !== null) return { state: 'its token is not set', problem };
    return context.live ? askHttp(context, { ...subject, server }) : { state: server.kind, problem: null };
  }
  const stdio = { ...subject, server };
  const command = await findMcpCommand(context.host, server);
  if (command.kind !== 'found') {
    return { state: command.kind, problem: await commandProblem(context, stdio, command) };
  }
  if (!context.live) return { state: `starts ${command.path}`, problem: null };
  return startStdio(context, stdio, command.path);
}

function none(summary: string): CheckResult {
  return { status: 'ok', summary, details: {}, problems: [] };
}
