/** What the parts of the MCP check hand to each other. */
import type { McpServer } from '../../codex/mcp-servers.ts';
import type { FoundProblem } from '../check.ts';

/** One server's entry, with everything that a finding about it needs. */
export interface McpSubject<T extends McpServer = McpServer> {
  readonly server: T;
  /** The configuration file and its text. */
  readonly path: string;
  readonly text: string;
  /** `config.toml:12`, of that key of the server or of its table. */
  where(key: string): string;
  readonly usesMilliseconds: boolean;
}

/** What became of one server. `state` is for the details. */
export interface McpVerdict {
  readonly state: string;
  readonly problem: FoundProblem | null;
}
