/** Repairs of one MCP server's entry in `config.toml`: the full path of its command, a longer start, or switched off. */
import { delimiter, dirname } from 'node:path';
import type { StdioServer } from '../../codex/mcp-servers.ts';
import type { TomlEdit } from '../../storage/steps.ts';
import { type ConfigEditInput, planTomlEdits } from './config-edit.ts';

/** Where the entry stands: the file and the text that was read of it. */
export type McpEntry = Pick<ConfigEditInput, 'path' | 'text'>;

/**
 * Names the program by its full path. `needsFolder`: a script that finds its interpreter (`node` beside `npx`) only
 * with that folder on PATH.
 */
export function planFullPath(
  entry: McpEntry,
  server: StdioServer,
  command: string,
  needsFolder: string | null,
) {
  const edits: TomlEdit[] = [{ op: 'set', key: ['mcp_servers', server.name, 'command'], value: command }];
  if (needsFolder !== null) {
    edits.push({ op: 'set', key: ['mcp_servers', server.name, 'env', 'PATH'], value: needsFolder });
  }
  return planTomlEdits(
    {
      ...entry,
      repairId: 'mcp.command_not_found.full-path',
      summary: `Name the command of ${server.name} by its full path, ${command}`,
    },
    edits,
  );
}

/** The PATH of a server whose interpreter lies beside its command. */
export function pathWith(command: string, path: string | undefined): string {
  return [dirname(command), ...(path === undefined || path === '' ? [] : [path])].join(delimiter);
}

/** Twice what the start took, and a minute at least: a machine under load is slower still. */
export function longerStartup(elapsedMs: number): number {
  return Math.max(60, Math.ceil((elapsedMs * 2) / 1000));
}

export function planLongerStartup(entry: McpEntry, name: string, seconds: number, fromMs: boolean) {
  const edits: TomlEdit[] = [
    { op: 'set', key: ['mcp_servers', name, 'startup_timeout_sec'], value: seconds },
    // The older key for the same would be a contradiction beside it.
    ...(fromMs ? [{ op: 'delete' as const, key: ['mcp_servers', name, 'startup_timeout_ms'] }] : []),
  ];
  const summary = `Give ${name} ${seconds} seconds to start`;
  return planTomlEdits({ ...entry, repairId: 'mcp.startup_timeout.longer', summary }, edits);
}

/** Switches the server off; its entry stays, for the day when it works again. */
export function planDisable(entry: McpEntry, name: string, repairId: string) {
  return planTomlEdits({ ...entry, repairId, summary: `Switch the MCP server ${name} off` }, [
    { op: 'set', key: ['mcp_servers', name, 'enabled'], value: false },
  ]);
}
