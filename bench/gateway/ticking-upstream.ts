/**
 * The far end of the streams, in a process of its own: ticks once a second for each pair of requests with the same `x-pair`,
 * and writes the same event to both at the same moment, so that what one way takes longer than the other is the way's doing.
 */
import { createServer, type ServerResponse } from 'node:http';

const seconds = Number(process.argv[2]);
const pairs = new Map<string, ServerResponse[]>();

const server = createServer({ noDelay: true }, (request, response) => {
  request.resume();
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  say([response], { type: 'response.created', response: { id: `resp_${request.headers['x-pair']}` } });
  const name = String(request.headers['x-pair']);
  const pair = [...(pairs.get(name) ?? []), response];
  pairs.set(name, pair);
  if (pair.length === 2) tick(pair);
});

function tick(pair: readonly ServerResponse[]): void {
  let number = 0;
  const timer = setInterval(() => {
    // In turns, so that neither is always the first.
    const order = number % 2 === 0 ? pair : [...pair].reverse();
    say(order, { type: 'response.output_text.delta', delta: 'word ', n: number, at: nowUs() });
    number += 1;
    if (number < seconds) return;
    clearInterval(timer);
    say(pair, {
      type: 'response.completed',
      response: { id: 'r', usage: { input_tokens: 1, output_tokens: 1 } },
    });
    for (const response of pair) response.end();
  }, 1000);
}

function say(
  responses: readonly ServerResponse[],
  event: { readonly type: string; readonly [name: string]: unknown },
): void {
  const text = `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
  for (const response of responses) response.write(text);
}

/** Of the machine's monotonic clock, which all processes share. */
function nowUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') process.send?.({ port: address.port });
});
process.on('disconnect', () => process.exit(0));
