/**
 * The least OpenAI that a real Codex needs to complete a turn without an error in its logs: Responses over WebSocket and
 * SSE, the model list, the account check of 0.169, the apps MCP endpoint. Everything else is an empty object.
 * For failures on purpose there is `lab`; this one only ever answers "hello".
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';

export interface AnsweringServer {
  /** For `openai_base_url`. */
  readonly openaiBaseUrl: string;
  /** For `chatgpt_base_url`. */
  readonly chatgptBaseUrl: string;
  close(): Promise<void>;
}

/** Listens on a free loopback port; `accountId` is the workspace it knows. */
export async function startAnsweringServer(accountId: string): Promise<AnsweringServer> {
  const server = createServer((request, response) => void answer(request, response, accountId));
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => {
    socket.on('message', (frame) => {
      const events = String(frame).includes('"generate":false') ? [COMPLETED] : [MESSAGE, COMPLETED];
      for (const event of events) socket.send(JSON.stringify(event));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    openaiBaseUrl: `http://127.0.0.1:${port}/v1`,
    chatgptBaseUrl: `http://127.0.0.1:${port}/backend-api`,
    close: () =>
      new Promise((resolve) => {
        for (const client of sockets.clients) client.terminate();
        sockets.close();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const MESSAGE = {
  type: 'response.output_item.done',
  item: { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'hello' }] },
};
const COMPLETED = { type: 'response.completed', response: { id: 'resp_1' } };

async function answer(request: IncomingMessage, response: ServerResponse, accountId: string): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const path = new URL(request.url ?? '/', 'http://localhost').pathname;
  if (request.method === 'POST' && path.endsWith('/responses')) return sendStream(response);
  if (path.endsWith('/wham/accounts/check')) return sendJson(response, accountsCheck(accountId));
  if (path.endsWith('/models')) return sendJson(response, { models: [] });
  if (path.endsWith('/plugins/installed')) return sendJson(response, { plugins: [], pagination: {} });
  if (path.endsWith('/wham/apps') || path.endsWith('/ps/mcp')) {
    return sendMcp(request, response, Buffer.concat(chunks).toString('utf8'));
  }
  sendJson(response, {});
}

function sendJson(response: ServerResponse, body: unknown): void {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(body));
}

function sendStream(response: ServerResponse): void {
  response.setHeader('content-type', 'text/event-stream');
  for (const event of [MESSAGE, COMPLETED]) {
    response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  }
  response.end();
}

function accountsCheck(accountId: string): unknown {
  const account = {
    id: accountId,
    name: 'Invented',
    plan_type: 'plus',
    structure: 'personal',
    workspace_backend_origin: 'NO_CONSTRAINT',
    account_routing_override: 'NO_CONSTRAINT',
  };
  return { accounts: [account], account_ordering: [accountId], default_account_id: accountId };
}

/** A Model Context Protocol server without tools (streamable HTTP, no event stream of its own). */
function sendMcp(request: IncomingMessage, response: ServerResponse, body: string): void {
  if (request.method !== 'POST') {
    response.statusCode = 405;
    response.end();
    return;
  }
  const message = JSON.parse(body) as { id?: number; method?: string; params?: { protocolVersion?: string } };
  if (message.id === undefined) {
    response.statusCode = 202;
    response.end();
    return;
  }
  const initialized = {
    protocolVersion: message.params?.protocolVersion ?? '2025-06-18',
    capabilities: { tools: {} },
    serverInfo: { name: 'apps', version: '1' },
  };
  const result =
    message.method === 'initialize' ? initialized : { tools: [], resources: [], resourceTemplates: [] };
  sendJson(response, { jsonrpc: '2.0', id: message.id, result });
}
