/** Turns an answer into bytes on the line, honouring what a fault did to the line. */
import type { ServerResponse } from 'node:http';
import type { LabAnswer } from './answer.ts';
import { toSse } from './backend/model-events.ts';
import type { LabClock } from './clock.ts';
import type { Harm } from './fault-book.ts';

/** Sends `answer`; `line` says after how many body bytes the connection is cut, goes silent, or is reset. */
export function sendAnswer(
  response: ServerResponse,
  answer: LabAnswer,
  line: Harm['line'],
  clock: LabClock,
): void {
  const stream = answer.kind === 'events';
  const body = Buffer.from(stream ? answer.events.map(toSse).join('') : answer.body);
  const headers = {
    date: new Date(clock.now()).toUTCString(),
    ...(stream ? { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' } : {}),
    ...answer.headers,
  };
  const status = stream ? 200 : answer.status;

  if (line !== undefined && line.kind === 'reset' && line.afterBytes === 0) {
    response.socket?.resetAndDestroy();
    return;
  }
  response.writeHead(status, stream ? headers : { ...headers, 'content-length': String(body.length) });
  if (line === undefined || line.afterBytes >= body.length) {
    if (stream && answer.ending === 'silent') response.write(body);
    else response.end(body);
    return;
  }
  response.flushHeaders();
  response.write(body.subarray(0, line.afterBytes), () => {
    if (line.kind === 'cut') response.socket?.destroy();
    if (line.kind === 'reset') response.socket?.resetAndDestroy();
  });
}
