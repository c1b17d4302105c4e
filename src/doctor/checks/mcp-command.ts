/** An MCP server that cannot be started or asked at all: no program, no folder, no token. */
import { access } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { findMcpCommand, type McpCommand } from '../../codex/mcp-command.ts';
import { bearerToken } from '../../codex/mcp-http.ts';
import { type HttpServer, mcpEnvironment, type StdioServer } from '../../codex/mcp-servers.ts';
import { parseDotenv } from '../../codex/network-dotenv.ts';
import { readText } from '../../codex/reading.ts';
import { finding } from '../../knowledge/finding.ts';
import type { CheckContext, FoundProblem } from '../check.ts';
import { pathWith, planDisable, planFullPath } from '../repairs/mcp.ts';
import type { McpSubject } from './mcp-subject.ts';

const FULL_PATH = 'mcp.command_not_found.full-path';
const DISABLE = 'mcp.command_not_found.disable';

/** The problem of a command that was not found. */
export async function commandProblem(
  context: CheckContext,
  subject: McpSubject<StdioServer>,
  command: Exclude<McpCommand, { kind: 'found' }>,
): Promise<FoundProblem> {
  const { server, path, where } = subject;
  const { name } = server;
  const severity = server.required ? 'fail' : 'warn';
  const off = `Or switch it off: enabled = false below [mcp_servers.${name}] in ${path}.`;
  const disable = { repairId: DISABLE, plan: () => planDisable(subject, name, DISABLE) };
  const make = (
    facts: { where: string; what: string; cause: string; steps: readonly string[]; summary: string },
    repair: { repairId: string; plan: NonNullable<FoundProblem['plan']> },
  ): FoundProblem => ({
    finding: finding('mcp.command_not_found', {
      subject: name,
      severity,
      cause: facts.cause,
      evidence: [
        { source: 'config', where: where('command'), what: `command = ${JSON.stringify(server.command)}` },
        { source: facts.where === 'PATH' ? 'env' : 'file', where: facts.where, what: facts.what },
      ],
      summary: facts.summary,
      steps: facts.steps,
      repairId: repair.repairId,
    }),
    plan: repair.plan,
  });
  switch (command.kind) {
    case 'no-cwd':
      return make(
        {
          where: command.cwd,
          what: 'no such folder',
          cause: `The MCP server ${name} should start in ${command.cwd}, which does not exist; Codex reports that as "No such file or directory".`,
          summary: `Correct cwd of ${name}, or switch it off.`,
          steps: [`Correct cwd at ${where('cwd')}.`, off],
        },
        disable,
      );
    case 'not-executable':
      return make(
        {
          where: command.path,
          what: 'no execute permission in its mode',
          cause: `The command of the MCP server ${name}, ${command.path}, may not be executed.`,
          summary: `Make ${command.path} executable.`,
          steps: [`chmod a+x ${command.path}`, off],
        },
        disable,
      );
    case 'missing': {
      const { elsewhere, unexpanded } = command;
      const isPath = command.searched.length === 1 && server.command.includes('/');
      const facts = {
        where: isPath ? (command.searched[0] ?? '') : 'PATH',
        what: isPath
          ? 'no such file'
          : `none of its ${command.searched.length} folders has ${server.command}`,
        cause: unexpanded
          ? `The command of the MCP server ${name}, ${server.command}, is taken literally: ~ and variables are not expanded.`
          : elsewhere === null
            ? `The command of the MCP server ${name}, ${server.command}, does not exist${isPath ? '' : ' in any folder on PATH'}.`
            : `The command of the MCP server ${name}, ${server.command}, lies at ${elsewhere}, which is not on the PATH that Codex is started with.`,
      };
      if (elsewhere === null) {
        const steps = [
          `Write the full path of ${server.command} at ${where('command')}, or install it.`,
          off,
        ];
        return make(
          { ...facts, summary: `Install ${server.command}, or name it by its full path.`, steps },
          disable,
        );
      }
      const folder = await interpreterFolder(context, server, elsewhere);
      return make(
        {
          ...facts,
          summary: `Name it by its full path, ${elsewhere}.`,
          steps: [`At ${where('command')}: command = ${JSON.stringify(elsewhere)}`, off],
        },
        { repairId: FULL_PATH, plan: () => planFullPath(subject, server, elsewhere, folder) },
      );
    }
  }
}

/** The PATH to set when a script's `node` lies beside it and nowhere on PATH; `null` where it is found anyway. */
async function interpreterFolder(context: CheckContext, server: StdioServer, command: string) {
  const beside = await access(join(dirname(command), 'node')).then(
    () => true,
    () => false,
  );
  if (!beside) return null;
  const node = await findMcpCommand(context.host, { ...server, command: 'node', cwd: null });
  return node.kind === 'found' ? null : pathWith(command, mcpEnvironment(context.host, server).PATH);
}

/** A token variable that is named and not set, neither in the environment nor in the home's `.env`. */
export async function tokenProblem(
  context: CheckContext,
  subject: McpSubject<HttpServer>,
): Promise<FoundProblem | null> {
  const { server, where } = subject;
  const variable = server.bearerTokenEnvVar;
  if (variable === null || bearerToken(context.host, server) !== undefined) return null;
  const dotenv = await readText(join(context.home.path, '.env'), 1024 * 1024);
  if (
    dotenv.kind === 'ok' &&
    parseDotenv(dotenv.value, context.host.env).some(({ name }) => name === variable)
  ) {
    return null;
  }
  return {
    finding: finding('mcp.auth_required', {
      subject: server.name,
      severity: server.required ? 'fail' : 'warn',
      cause: `The MCP server ${server.name} takes its token from ${variable}, which is not set here.`,
      evidence: [
        {
          source: 'config',
          where: where('bearer_token_env_var'),
          what: `bearer_token_env_var = "${variable}"`,
        },
        { source: 'env', where: variable, what: 'not set' },
      ],
      confidence: 0.9,
      summary: `Set ${variable} before you start codex.`,
      steps: [
        `export ${variable}=…   # in the shell that starts codex, or as a line of ${join(context.home.path, '.env')}`,
      ],
      command: null,
    }),
  };
}
