/** MCP servers that do not come up. The home names one, at the lab. */
import { MCP } from './matches.ts';
import { type Scenario, type ScenarioInput, scenario } from './scenario.ts';

function mcp(input: ScenarioInput): Scenario {
  return scenario({
    ...input,
    home: { config: ['mcp_servers.lab = { url = "{url}/mcp", startup_timeout_sec = 2, required = true }'] },
  });
}

export const MCP_SCENARIOS: readonly Scenario[] = [
  mcp({ name: 'mcp-ok', failureId: null, summary: 'The home has an MCP server, and it works.' }),
  mcp({
    name: 'mcp-startup-timeout',
    failureId: 'mcp.startup_timeout',
    summary: 'The MCP server never answers its first request.',
    faults: [{ match: MCP, effect: { kind: 'hang' } }],
  }),
  mcp({
    name: 'mcp-handshake-failed',
    failureId: 'mcp.handshake_failed',
    summary: 'The MCP server ends the connection during the handshake.',
    faults: [{ match: MCP, effect: { kind: 'reset' } }],
  }),
  mcp({
    name: 'mcp-auth-required',
    failureId: 'mcp.auth_required',
    summary: 'The MCP server refuses the request without a fresh sign-in.',
    faults: [
      {
        match: MCP,
        effect: {
          kind: 'answer',
          status: 401,
          headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
          json: { error: 'invalid_token' },
        },
      },
    ],
  }),
];
