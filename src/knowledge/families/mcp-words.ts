/** Words by which a message tells that it is about an MCP server. */

/** What only Codex says about its MCP servers, or what it configures them with. */
export const CODEX_MCP = [
  'mcp client for',
  'mcp startup failed',
  'mcp startup incomplete',
  'mcp_servers',
  'codex_rmcp_client',
  'codex mcp',
];

/** Any mention of MCP. */
export const ABOUT_MCP = [...CODEX_MCP, 'mcp server', 'mcp-server', '¦mcp¦', 'rmcp'];
