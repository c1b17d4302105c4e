/**
 * The lab as the only proxy of what runs in it: whatever a program asks of the outside is refused and named in the
 * log, so that an invented token never reaches OpenAI.
 */
import type { Socket } from 'node:net';

/** Answers `CONNECT host:port` with a refusal. */
export function refuseTunnel(socket: Socket): void {
  const body = 'The lab lets nothing out.\n';
  socket.on('error', () => socket.destroy()); // the client may be gone already, and it was to be refused anyway
  socket.end(
    `HTTP/1.1 403 Forbidden\r\ncontent-type: text/plain\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
  );
}
