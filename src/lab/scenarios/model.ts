/** What the model endpoint says about the request itself. */

import type { FaultInput } from '../fault.ts';
import { MODEL, MODEL_HTTP, MODEL_SOCKET } from './matches.ts';
import { type Scenario, scenario } from './scenario.ts';

function refused(status: number, json: unknown): FaultInput {
  return { match: MODEL, effect: { kind: 'answer', status, json } };
}

function failed(code: string, message: string): FaultInput {
  return {
    match: MODEL,
    effect: {
      kind: 'events',
      events: [
        { type: 'response.created', response: { id: 'resp_lab_failed' } },
        {
          type: 'response.failed',
          response: { id: 'resp_lab_failed', status: 'failed', error: { code, message } },
        },
      ],
    },
  };
}

export const MODEL_SCENARIOS: readonly Scenario[] = [
  scenario({
    name: 'server-error',
    failureId: 'server.error',
    summary: 'The model endpoint answers 500 with a request id.',
    faults: [
      {
        match: MODEL,
        effect: {
          kind: 'answer',
          status: 500,
          headers: { 'x-request-id': 'req_lab_500' },
          json: {
            error: {
              type: 'server_error',
              message:
                'An error occurred while processing your request. Please include the request ID req_lab_500.',
            },
          },
        },
      },
    ],
  }),
  scenario({
    name: 'overloaded',
    failureId: 'server.overloaded',
    summary: 'The stream begins with 200 and then says that the servers are overloaded.',
    faults: [failed('server_is_overloaded', 'Our servers are currently overloaded. Please try again later.')],
  }),
  scenario({
    name: 'overloaded-503',
    failureId: 'server.overloaded',
    summary: 'The model endpoint answers 503 server_is_overloaded.',
    faults: [
      refused(503, {
        error: {
          type: 'service_unavailable_error',
          code: 'server_is_overloaded',
          message: 'Our servers are currently overloaded.',
        },
      }),
    ],
  }),
  scenario({
    name: 'response-failed',
    failureId: 'server.error',
    summary: 'The stream ends with response.failed and a server error.',
    faults: [
      failed(
        'server_error',
        'An error occurred while processing your request. Please include the request ID req_lab_failed in your message.',
      ),
    ],
  }),
  scenario({
    name: 'response-incomplete',
    failureId: 'server.error',
    summary: 'The stream ends with response.incomplete.',
    faults: [
      {
        match: MODEL,
        effect: {
          kind: 'events',
          events: [
            { type: 'response.created', response: { id: 'resp_lab_incomplete' } },
            {
              type: 'response.incomplete',
              response: {
                id: 'resp_lab_incomplete',
                status: 'incomplete',
                incomplete_details: { reason: 'content_filter' },
              },
            },
          ],
        },
      },
    ],
  }),
  scenario({
    name: 'model-not-supported',
    failureId: 'model.unsupported_account',
    summary: 'The model is not for ChatGPT accounts.',
    faults: [
      refused(400, {
        detail: "The 'gpt-lab' model is not supported when using Codex with a ChatGPT account.",
      }),
    ],
  }),
  scenario({
    name: 'model-unknown',
    failureId: 'config.invalid_model',
    summary: 'There is no model of that name.',
    faults: [
      refused(400, {
        error: {
          type: 'invalid_request_error',
          code: 'model_not_found',
          param: 'model',
          message: 'Unsupported model',
        },
      }),
    ],
  }),
  scenario({
    name: 'context-window',
    failureId: 'context.window_exceeded',
    summary: 'The conversation does not fit into the model’s window.',
    faults: [failed('context_length_exceeded', 'Your input exceeds the context window of this model.')],
  }),
  scenario({
    name: 'encrypted-content',
    failureId: 'session.encrypted_content',
    summary: 'The thread carries reasoning that another account’s key encrypted.',
    faults: [
      refused(400, {
        error: {
          type: 'invalid_request_error',
          code: 'invalid_encrypted_content',
          message:
            'The encrypted content gAAA... could not be verified. Reason: Encrypted content organization_id did not match the target organization.',
        },
      }),
    ],
  }),
  scenario({
    name: 'flagged',
    failureId: 'safety.flagged',
    summary: 'The request was flagged by the provider’s safety policy.',
    faults: [
      refused(400, {
        error: {
          type: 'invalid_request_error',
          code: 'cyber_policy_violation',
          message: 'This request has been flagged for potentially high-risk cyber activity.',
        },
      }),
    ],
  }),
  scenario({
    name: 'model-path-gone',
    failureId: 'server.error',
    summary: 'The model endpoint answers 404 to everybody.',
    faults: [refused(404, { detail: 'Not Found' })],
  }),
  scenario({
    name: 'websocket-refused',
    failureId: 'network.stream_disconnected',
    summary: 'WebSocket upgrades are refused with 403; the fallback to server-sent events works.',
    faults: [{ match: MODEL_SOCKET, effect: { kind: 'answer', status: 403, json: { detail: 'Forbidden' } } }],
  }),
  scenario({
    name: 'websocket-limit',
    failureId: 'network.stream_disconnected',
    summary: 'The WebSocket says that too many connections are open; the fallback works.',
    faults: [
      {
        match: MODEL_SOCKET,
        effect: {
          kind: 'events',
          events: [
            {
              type: 'error',
              status: 400,
              error: {
                type: 'invalid_request_error',
                code: 'websocket_connection_limit_reached',
                message: 'Responses websocket connection limit reached (60 minutes).',
              },
            },
          ],
        },
      },
    ],
  }),
  scenario({
    name: 'wrong-content-type',
    failureId: 'server.error',
    summary: 'The model endpoint answers 200 with a page instead of a stream.',
    settings: { websocket: 'upgrade-required' },
    faults: [
      {
        match: MODEL_HTTP,
        effect: {
          kind: 'answer',
          status: 200,
          headers: { 'content-type': 'text/html' },
          text: '<html>Welcome</html>',
        },
      },
    ],
  }),
];
