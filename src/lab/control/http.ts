/** The control endpoint over HTTP: loopback, behind the lab's own token, outside faults and log. */
import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as v from 'valibot';
import { messageOf, StewardError } from '../../errors.ts';
import { json, type LabAnswer } from '../answer.ts';
import { readBody } from '../exchange.ts';
import type { RequestLog } from '../request-log.ts';
import { sendAnswer } from '../send.ts';
import { type ControlDeps, executeControl, labState } from './execute.ts';
import { CONTROL_PATH, controlSchema } from './protocol.ts';

export interface ControlHttpDeps extends ControlDeps {
  readonly log: RequestLog;
  readonly token: string;
}

/** Whether the request is for the control endpoint and not for the simulated world. */
export function isControlRequest(request: IncomingMessage): boolean {
  return request.url?.startsWith(`${CONTROL_PATH}/`) === true;
}

/** Answers one control request. */
export async function answerControl(
  request: IncomingMessage,
  response: ServerResponse,
  deps: ControlHttpDeps,
): Promise<void> {
  sendAnswer(response, await controlAnswer(request, deps), undefined, deps.world.clock);
}

async function controlAnswer(request: IncomingMessage, deps: ControlHttpDeps): Promise<LabAnswer> {
  if (!isAllowed(request.headers.authorization, deps.token))
    return json(401, { error: 'wrong control token' });
  switch (`${request.method} ${request.url?.slice(CONTROL_PATH.length)}`) {
    case 'GET /state':
      return json(200, labState(deps));
    case 'GET /requests':
      return json(200, deps.log.all());
    case 'DELETE /requests':
      deps.log.clear();
      return json(200, null);
    case 'POST /do':
      return execute((await readBody(request))?.toString('utf8') ?? '', deps);
    default:
      return json(404, { error: 'unknown control path' });
  }
}

async function execute(body: string, deps: ControlHttpDeps): Promise<LabAnswer> {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    return json(400, { error: `the body is not JSON: ${messageOf(error)}` });
  }
  const command = v.safeParse(controlSchema, value);
  if (!command.success) return json(400, { error: v.summarize(command.issues) });
  try {
    return json(200, (await executeControl(command.output, deps)) ?? null);
  } catch (error) {
    if (error instanceof StewardError) return json(400, { error: error.message });
    return json(500, { error: messageOf(error) });
  }
}

function isAllowed(authorization: string | undefined, token: string): boolean {
  const expected = Buffer.from(`Bearer ${token}`);
  const given = Buffer.from(authorization ?? '');
  return given.length === expected.length && timingSafeEqual(given, expected);
}
