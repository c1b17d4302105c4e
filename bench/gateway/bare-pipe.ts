/** What any proxy on Node costs at least: `node:http` in, `node:http` out, bytes piped; and the same with two `ws` sockets. */
import { Agent, createServer, request as httpRequest } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';

const upstreamPort = Number(process.argv[2]);
const agent = new Agent({ keepAlive: true, maxSockets: 4096 });
const server = createServer({ noDelay: true }, (request, response) => {
  const out = httpRequest(
    {
      host: '127.0.0.1',
      port: upstreamPort,
      path: '/responses',
      method: request.method,
      headers: request.headers,
      agent,
    },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    },
  );
  out.on('error', () => response.destroy());
  request.pipe(out);
});
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
server.on('upgrade', (request, socket, head) => {
  const out = new WebSocket(`ws://127.0.0.1:${upstreamPort}/responses`, { perMessageDeflate: false });
  out.on('open', () =>
    sockets.handleUpgrade(request, socket, head, (client) => {
      client.on('message', (data, isBinary) => out.send(data, { binary: isBinary }));
      out.on('message', (data, isBinary) => client.send(data, { binary: isBinary }));
      client.on('close', () => out.close());
      out.on('close', () => client.close());
    }),
  );
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') process.send?.({ port: address.port });
});
process.on('message', () => process.send?.({ cpu: process.cpuUsage(), rss: process.memoryUsage.rss() }));
process.on('disconnect', () => process.exit(0));
