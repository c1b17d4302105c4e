/** A typed client of a lab's control endpoint, for tests and scripts in another process. */
import { request } from 'node:http';
import * as v from 'valibot';
import { StewardError } from '../../errors.ts';
import type { LabRequest } from '../request-log.ts';
import { CONTROL_PATH, type ControlCommand, type LabState, requestsSchema, stateSchema } from './protocol.ts';

export interface LabControl {
  /** Does one thing; gives what the lab said, `null` for most. Throws `ERR_LAB_CONTROL` when the lab refuses. */
  send(command: ControlCommand): Promise<unknown>;
  state(): Promise<LabState>;
  requests(): Promise<readonly LabRequest[]>;
  /** Empties the request log. */
  forgetRequests(): Promise<void>;
}

/** A client for the lab at `url` with the token that it printed (`lab.controlToken`). */
export function createLabControl(url: string, token: string): LabControl {
  const ask = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const answer = await call(new URL(`${CONTROL_PATH}${path}`, url), method, token, text);
    if (answer.status === 200) return JSON.parse(answer.body);
    throw new StewardError('ERR_LAB_CONTROL', 'user', `the lab refused ${method} ${path}: ${answer.body}`, {
      hint: 'Check the command against the protocol, and the token against the one that the lab printed.',
      details: { status: answer.status },
    });
  };
  return {
    send: (command) => ask('POST', '/do', command),
    state: async () => v.parse(stateSchema, await ask('GET', '/state')),
    requests: async () => v.parse(requestsSchema, await ask('GET', '/requests')),
    forgetRequests: async () => {
      await ask('DELETE', '/requests');
    },
  };
}

// node:http instead of fetch: it ignores proxy settings, and the lab sets itself as proxy.
function call(
  url: URL,
  method: string,
  token: string,
  body: string | undefined,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      connection: 'close',
    };
    const sent = request(url, { method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
