/** Which events of a model's answer a client shows, and which end it (Responses API as Codex 0.133 to 0.169 read it). */

/** Sent before the model has said anything; a client shows nothing of them, so that until then a replay goes unnoticed. */
const NOT_SHOWN: ReadonlySet<string> = new Set([
  'response.created',
  'response.queued',
  'response.in_progress',
  'response.metadata',
  'keepalive',
]);

/** Whether a client has nothing to show for that event. An unknown one counts as shown. */
export function isSilentEvent(type: string): boolean {
  return NOT_SHOWN.has(type) || type.startsWith('codex.');
}

const FINAL: ReadonlySet<string> = new Set([
  'response.completed',
  'response.failed',
  'response.incomplete',
  'error',
]);

/** Whether that event ends the answer. */
export function isFinalEvent(type: string): boolean {
  return FINAL.has(type);
}
