/** Asks an MCP server behind a URL for `initialize`, with the headers and the proxy that Codex would use. */
import { messageOf } from '../errors.ts';
import type { Host } from '../host.ts';
import type { HttpServer } from './mcp-servers.ts';

export type McpAnswer =
  | { readonly kind: 'answered'; readonly status: number; readonly elapsedMs: number }
  | { readonly kind: 'unreachable'; readonly message: string };

/** The value of the server's token variable; `undefined` where the configuration names none that is set. */
export function bearerToken(host: Host, server: HttpServer): string | undefined {
  const name = server.bearerTokenEnvVar;
  const token = name === null ? undefined : host.env[name];
  return token === '' ? undefined : token;
}

/** The status of the first answer; redirects are not followed, so no header reaches another host. */
export async function askMcpServer(
  host: Host,
  server: HttpServer,
  { waitMs, signal }: { readonly waitMs: number; readonly signal: AbortSignal },
): Promise<McpAnswer> {
  const { EnvHttpProxyAgent, request } = await import('./undici-parts.ts');
  const { env } = host;
  const agent = new EnvHttpProxyAgent({
    httpProxy: env.http_proxy ?? env.HTTP_PROXY ?? env.ALL_PROXY ?? '',
    httpsProxy: env.https_proxy ?? env.HTTPS_PROXY ?? env.ALL_PROXY ?? '',
    noProxy: env.no_proxy ?? env.NO_PROXY ?? '',
  });
  const startedAt = performance.now();
  try {
    const response = await request(server.url, {
      method: 'POST',
      dispatcher: agent,
      signal: AbortSignal.any([signal, AbortSignal.timeout(waitMs)]),
      headers: headersOf(host, server),
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 0,
        method: 'initialize',
        params: {
          protocolVersion: '2025-06-18',
          capabilities: {},
          clientInfo: { name: 'codex-mcp-client', title: 'Codex', version: '0.169.0' },
        },
      }),
    });
    response.body.on('error', () => {}); // an event stream that is cut below
    response.body.destroy();
    return {
      kind: 'answered',
      status: response.statusCode,
      elapsedMs: Math.round(performance.now() - startedAt),
    };
  } catch (error) {
    return { kind: 'unreachable', message: messageOf(error) };
  } finally {
    await agent.destroy();
  }
}

function headersOf(host: Host, server: HttpServer): Record<string, string> {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    ...server.headers,
  };
  for (const [name, variable] of Object.entries(server.envHeaders)) {
    const value = host.env[variable];
    if (value !== undefined) headers[name] = value;
  }
  const token = bearerToken(host, server);
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  return headers;
}
