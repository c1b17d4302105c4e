/** The stages above TLS: one GET and one WebSocket upgrade, both without credentials. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpAnswer, RouteDeps, StageResult } from './route.ts';
import { failure, type RouteWay, timed } from './route-connect.ts';

/** The edge judges by these too, so they are what Codex sends; the name in brackets says who really asks. */
const HEADERS = { 'user-agent': 'codex_cli_rs/0.0.0 (codex-steward)', originator: 'codex_cli_rs' };
const MAX_BODY_BYTES = 64 * 1024;

/** One GET on that connection. Any HTTP answer is a success of this stage. */
export async function askHttp(
  url: URL,
  way: RouteWay,
  socket: Socket,
  deps: RouteDeps,
): Promise<{ readonly result: StageResult; readonly answer: HttpAnswer | null }> {
  const stages: StageResult[] = [];
  // Plain HTTP through a proxy names the whole URL.
  const whole = way.kind === 'proxy' && url.protocol === 'http:';
  const authorization = whole ? way.proxy.authorization : null;
  let answer: HttpAnswer | null = null;
  try {
    answer = await timed('https', stages, deps, (signal) => {
      return new Promise<HttpAnswer>((resolve, reject) => {
        const request = httpRequest({
          method: 'GET',
          path: whole ? url.href : `${url.pathname}${url.search}`,
          headers: {
            ...HEADERS,
            host: url.host,
            accept: '*/*',
            ...(authorization === null ? {} : { 'proxy-authorization': authorization }),
          },
          createConnection: () => socket,
          signal,
        });
        request.once('response', (response) => readAnswer(response).then(resolve, reject));
        request.once('error', reject);
        request.end();
      });
    });
  } catch {
    // written down by timed()
  } finally {
    socket.destroy();
  }
  return { result: withDetail(stages, answer), answer };
}

/** One upgrade on that connection. An HTTP answer other than 101 is reported, not judged. */
export async function askWebSocket(
  url: URL,
  socket: Socket,
  deps: RouteDeps,
): Promise<{ readonly result: StageResult; readonly answer: HttpAnswer | null }> {
  const { WebSocket } = await import('ws');
  const stages: StageResult[] = [];
  let answer: HttpAnswer | null = null;
  try {
    answer = await timed('websocket', stages, deps, (signal) => {
      return new Promise<HttpAnswer | null>((resolve, reject) => {
        const client = new WebSocket(url.href.replace(/^http/, 'ws'), {
          headers: { ...HEADERS, 'openai-beta': 'responses_websockets=2026-02-06' },
          createConnection: () => socket,
          followRedirects: false,
        });
        signal.addEventListener('abort', () => client.terminate(), { once: true });
        client.once('open', () => {
          client.terminate();
          resolve(null);
        });
        client.once('unexpected-response', (_, response) => readAnswer(response).then(resolve, reject));
        client.once('error', (error) => reject(signal.aborted ? failure('ABORTED', 'stopped') : error));
      });
    });
  } catch {
    // written down by timed()
  } finally {
    socket.destroy();
  }
  return { result: withDetail(stages, answer, 'accepted'), answer };
}

function withDetail(stages: readonly StageResult[], answer: HttpAnswer | null, none = ''): StageResult {
  const result = stages[0];
  if (result === undefined) throw new Error('a stage left no result');
  if (result.kind === 'failed') return result;
  return { ...result, detail: answer === null ? none : `HTTP ${answer.status}` };
}

async function readAnswer(response: IncomingMessage): Promise<HttpAnswer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response) {
      const bytes = Buffer.from(chunk);
      chunks.push(bytes);
      size += bytes.length;
      if (size >= MAX_BODY_BYTES) break;
    }
  } catch (error) {
    if (chunks.length === 0 && response.statusCode === undefined) throw error;
    // the head is what counts; a body that breaks off does not undo it
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return {
    status: response.statusCode ?? 0,
    headers,
    body: Buffer.concat(chunks).subarray(0, MAX_BODY_BYTES).toString('utf8'),
  };
}
