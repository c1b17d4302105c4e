import type { FailureEntry } from '../types.ts';

export const MCP: readonly FailureEntry[] = [
  {
    id: 'mcp.startup_timeout',
    title: 'Startup timeout',
    fixClass: 'C',
    actor: 'you',
    cause: '"MCP client for X timed out after N seconds".',
    fix: { summary: 'Raise startup_timeout_sec, pre-install, pass needed env.', steps: [] },
    signals: [],
    references: [],
  },
  {
    id: 'mcp.handshake_failed',
    title: 'Handshake failed',
    fixClass: 'C',
    actor: 'you',
    cause: '"connection closed: initialize response".',
    fix: { summary: 'Run the command by hand, fix args/path/cache.', steps: [] },
    signals: [],
    references: [],
  },
  {
    id: 'mcp.command_not_found',
    title: 'Command not found',
    fixClass: 'C',
    actor: 'you',
    cause: '"program not found", os error 2/123 for an MCP command.',
    fix: { summary: 'Full path (.cmd on Windows) or url= for HTTP servers.', steps: [] },
    signals: [],
    references: [],
  },
  {
    id: 'mcp.auth_required',
    title: 'Auth required',
    fixClass: 'U',
    actor: 'you',
    cause: 'MCP OAuth expired/invalid (invalid_grant, unknown session).',
    fix: { summary: '`codex mcp login <server>`, restart the app.', steps: [] },
    signals: [],
    references: [],
  },
];
