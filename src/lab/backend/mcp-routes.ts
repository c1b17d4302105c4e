/** A small healthy MCP server (streamable HTTP, answers in JSON), so that scenarios can make one fail. */
import { empty, json } from '../answer.ts';
import { bodyFields } from '../exchange.ts';
import type { LabRoute } from '../routes.ts';

function resultOf(method: unknown): object | undefined {
  switch (method) {
    case 'initialize':
      return {
        protocolVersion: '2025-06-18',
        capabilities: { tools: {} },
        serverInfo: { name: 'lab', version: '1' },
      };
    case 'tools/list':
      return {
        tools: [
          {
            name: 'lab_time',
            description: 'Tells the lab’s time.',
            inputSchema: { type: 'object', properties: {} },
          },
        ],
      };
    case 'ping':
      return {};
    default:
      return undefined;
  }
}

export const MCP_ROUTES: readonly LabRoute[] = [
  {
    method: 'POST',
    path: '/mcp',
    handle: (exchange, world) => {
      const { id, method } = bodyFields(exchange);
      if (id === undefined) return empty(202); // a notification
      if (method === 'tools/call') {
        return json(200, {
          jsonrpc: '2.0',
          id,
          result: { content: [{ type: 'text', text: world.clock.iso() }] },
        });
      }
      const result = resultOf(method);
      const error = { code: -32601, message: 'Method not found' };
      return json(200, { jsonrpc: '2.0', id, ...(result === undefined ? { error } : { result }) });
    },
  },
  { method: 'GET', path: '/mcp', handle: () => empty(405, { allow: 'POST' }) },
  { method: 'DELETE', path: '/mcp', handle: () => empty(200) },
];
