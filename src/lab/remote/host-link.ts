/**
 * The backend's end of a machine's WebSocket: envelopes to the host and back (protocol version 3). The lab can also
 * speak JSON-RPC through it, as a paired phone would.
 */

import type { WebSocket } from 'ws';
import { parseFields, textField } from '../exchange.ts';
import type { FrameSender } from '../frames.ts';

export type Envelope = Readonly<Record<string, unknown>>;

export interface HostLink {
  /** Sends one envelope to the machine. */
  send(envelope: Envelope): void;
  /** Hears every envelope for that client until the returned function is called. */
  listen(clientId: string, hear: (envelope: Envelope) => void): () => void;
  /**
   * One JSON-RPC request on a new stream, `initialize` first. The answer is the `result` or `error` member as the
   * machine sent it; rejects when the machine stays silent for `timeoutMs`.
   */
  call(clientId: string, method: string, params: unknown, timeoutMs: number): Promise<unknown>;
  close(code: number, reason: string): void;
}

export function createHostLink(socket: WebSocket, frames: FrameSender, newId: () => string): HostLink {
  const listeners = new Map<string, Set<(envelope: Envelope) => void>>();
  const chunks = createChunkJoiner();
  let cursor = 0;

  const send = (envelope: Envelope) => {
    cursor += 1;
    frames.send({ cursor: String(cursor), ...envelope });
  };

  const listen = (clientId: string, hear: (envelope: Envelope) => void) => {
    const heard = listeners.get(clientId) ?? new Set();
    listeners.set(clientId, heard.add(hear));
    return () => {
      heard.delete(hear);
    };
  };

  socket.on('message', (data) => {
    const envelope = parseFields(data.toString());
    if (envelope === undefined) return;
    const whole = envelope.type === 'server_message_chunk' ? chunks(envelope) : envelope;
    if (envelope.type === 'server_message' || envelope.type === 'server_message_chunk') {
      const { client_id, stream_id, seq_id, segment_id } = envelope;
      send({
        type: 'ack',
        client_id,
        stream_id,
        seq_id,
        ...(segment_id === undefined ? {} : { segment_id }),
      });
    }
    if (whole === undefined) return;
    for (const hear of listeners.get(textField(whole, 'client_id')) ?? []) hear(whole);
  });

  return {
    send,
    listen,
    close: (code, reason) => socket.close(code, reason),
    call: (clientId, method, params, timeoutMs) =>
      new Promise((resolve, reject) => {
        const streamId = newId();
        let sequence = 0;
        const say = (message: object) => {
          sequence += 1;
          send({
            type: 'client_message',
            client_id: clientId,
            stream_id: streamId,
            seq_id: sequence,
            message,
          });
        };
        const finish = () => {
          clearTimeout(timer);
          stop();
          send({ type: 'client_closed', client_id: clientId, stream_id: streamId });
        };
        const timer = setTimeout(() => {
          finish();
          reject(new Error(`the machine did not answer ${method} within ${timeoutMs} ms`));
        }, timeoutMs);
        const stop = listen(clientId, (envelope) => {
          const message = rpcMessage(envelope, streamId);
          if (message?.id === 'initialize') {
            say({ method: 'initialized' });
            say({ id: 'call', method, ...(params === undefined ? {} : { params }) });
          }
          if (message?.id === 'call') {
            finish();
            resolve(message.error === undefined ? { result: message.result } : { error: message.error });
          }
        });
        say({
          id: 'initialize',
          method: 'initialize',
          params: {
            clientInfo: { name: 'steward_lab', title: 'steward lab', version: '1' },
            capabilities: { experimentalApi: true },
          },
        });
      }),
  };
}

function rpcMessage(envelope: Envelope, streamId: string): Envelope | undefined {
  if (envelope.stream_id !== streamId || envelope.type === 'pong') return undefined;
  return parseFields(JSON.stringify(envelope.message ?? null));
}

/** Puts chunked messages together; gives the whole envelope when its last part has come. */
export function createChunkJoiner(): (chunk: Envelope) => Envelope | undefined {
  const parts = new Map<string, Map<number, Buffer>>();
  return (chunk) => {
    const key = `${textField(chunk, 'client_id')}/${textField(chunk, 'stream_id')}/${String(chunk.seq_id)}`;
    const known = parts.get(key) ?? new Map<number, Buffer>();
    parts.set(key, known);
    known.set(Number(chunk.segment_id), Buffer.from(textField(chunk, 'message_chunk_base64'), 'base64'));
    if (known.size < Number(chunk.segment_count)) return undefined;
    parts.delete(key);
    const ordered = [...known.entries()].sort(([left], [right]) => left - right).map(([, part]) => part);
    const message = parseFields(Buffer.concat(ordered).toString('utf8'));
    if (message === undefined) return undefined;
    const { client_id, stream_id, seq_id } = chunk;
    return { type: 'server_message', client_id, stream_id, seq_id, message };
  };
}
