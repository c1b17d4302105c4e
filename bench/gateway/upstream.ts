/** The far end of the benchmark, in a process of its own: answers a POST with 42 small events, and a WebSocket frame with as many. */
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const EVENTS = 42;
const events: readonly string[] = Array.from({ length: EVENTS }, (_, index) => {
  const id = 'resp_bench';
  if (index === 0) return JSON.stringify({ type: 'response.created', response: { id } });
  if (index < EVENTS - 1)
    return JSON.stringify({
      type: 'response.output_text.delta',
      item_id: 'm',
      output_index: 0,
      delta: `word ${index} `,
    });
  return JSON.stringify({
    type: 'response.completed',
    response: { id, usage: { input_tokens: 2000, output_tokens: 40, total_tokens: 2040 } },
  });
});
const sse = events.map((data) => Buffer.from(`event: ${JSON.parse(data).type}\ndata: ${data}\n\n`));

const server = createServer({ noDelay: true }, (request, response) => {
  request.resume();
  request.on('end', () => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'x-codex-primary-used-percent': '12' });
    for (const event of sse) response.write(event);
    response.end();
  });
});
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
server.on('upgrade', (request, socket, head) =>
  sockets.handleUpgrade(request, socket, head, (client) => {
    client.on('message', () => {
      for (const event of events) client.send(event);
    });
  }),
);
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') process.send?.({ port: address.port });
});
process.on('disconnect', () => process.exit(0));
