/** A running gateway, asked from another process. */
import * as v from 'valibot';
import type { CodexScope } from '../codex/home.ts';
import { messageOf, StewardError } from '../errors.ts';
import { type GatewayFile, readGatewayFile } from './gateway-file.ts';

const StatusSchema = v.looseObject({
  pid: v.number(),
  port: v.number(),
  startedAt: v.number(),
  stewardVersion: v.string(),
  counters: v.record(v.string(), v.number()),
  accounts: v.array(
    v.looseObject({
      key: v.string(),
      number: v.number(),
      label: v.string(),
      isAvailable: v.boolean(),
      reason: v.nullable(v.string()),
      untilMs: v.nullable(v.number()),
      inFlight: v.number(),
    }),
  ),
  memoryBytes: v.number(),
});

export type GatewayStatus = v.InferOutput<typeof StatusSchema>;

export type FoundGateway =
  | { readonly kind: 'running'; readonly file: GatewayFile; readonly status: GatewayStatus }
  /** None was started, it was stopped, or its process is gone. */
  | { readonly kind: 'absent'; readonly died: boolean }
  /** Its process is there and does not answer. */
  | { readonly kind: 'mute'; readonly pid: number; readonly reason: string }
  | { readonly kind: 'unreadable'; readonly path: string; readonly reason: string };

const TIMEOUT_MS = 3_000;

/** Looks for the gateway of this home, and asks it. */
export async function findGateway(scope: CodexScope): Promise<FoundGateway> {
  const reading = await readGatewayFile(scope.home.path);
  if (reading.kind === 'missing') return { kind: 'absent', died: false };
  if (reading.kind !== 'ok') return { kind: 'unreadable', path: reading.path, reason: reading.message };
  const file = reading.value;
  if (file.pid === undefined) return { kind: 'absent', died: false };
  if (!isAlive(file.pid)) return { kind: 'absent', died: true };
  try {
    const status = v.parse(StatusSchema, await askGateway(file, 'GET', '/status'));
    // Another program may have that pid, and another one that port.
    return status.pid === file.pid ? { kind: 'running', file, status } : { kind: 'absent', died: true };
  } catch (error) {
    if (error instanceof StewardError && error.code === 'ERR_GATEWAY_GONE')
      return { kind: 'absent', died: true };
    return { kind: 'mute', pid: file.pid, reason: messageOf(error) };
  }
}

/**
 * Has a running gateway forget why it leaves accounts alone: all, or the one with that key. Whether one runs. Throws as
 * {@link askGateway}.
 */
export async function forgetInGateway(scope: CodexScope, account: string | null): Promise<boolean> {
  const found = await findGateway(scope);
  if (found.kind !== 'running') return false;
  await askGateway(found.file, 'POST', '/forget', { account });
  return true;
}

/** One request to the control API; its JSON. Throws `ERR_GATEWAY_GONE` or `ERR_GATEWAY_CONTROL`. */
export async function askGateway(
  file: Pick<GatewayFile, 'controlUrl' | 'controlToken'>,
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
): Promise<unknown> {
  const init: RequestInit = {
    method,
    headers: { authorization: `Bearer ${file.controlToken}` },
    signal: AbortSignal.timeout(TIMEOUT_MS),
    redirect: 'error',
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
  let response: Response;
  let text: string;
  try {
    response = await fetch(`${file.controlUrl}${path}`, init);
    text = await response.text();
  } catch (error) {
    const isRefused = /ECONNREFUSED/.test(messageOf(error instanceof Error ? error.cause : error));
    throw new StewardError(
      isRefused ? 'ERR_GATEWAY_GONE' : 'ERR_GATEWAY_CONTROL',
      'environment',
      isRefused ? 'the gateway is gone' : `the gateway does not answer: ${messageOf(error)}`,
      { hint: 'steward gateway start', cause: error },
    );
  }
  if (!response.ok)
    throw new StewardError('ERR_GATEWAY_CONTROL', 'environment', `the gateway answered ${response.status}`, {
      hint: 'steward gateway status',
    });
  return path === '/metrics' ? text : (JSON.parse(text) as unknown);
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
