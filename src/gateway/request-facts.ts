/** What a request's headers say about whose it is. */
import type { IncomingHttpHeaders } from 'node:http';

/** In the order in which they are believed; Codex 0.133 to 0.169 send the first two, other clients the rest. */
const THREAD_HEADERS = ['thread-id', 'session-id', 'session_id', 'conversation_id'] as const;

/** The thread that a request belongs to, or `null`. */
export function threadOf(headers: IncomingHttpHeaders): string | null {
  for (const name of THREAD_HEADERS) {
    const value = headers[name];
    if (typeof value === 'string' && value !== '') return value.slice(0, 200);
  }
  return null;
}

/** The account that the client itself is logged in to; 0.133 may send it twice. `null` for an API key. */
export function ownAccountOf(headers: IncomingHttpHeaders): string | null {
  const value = headers['chatgpt-account-id'];
  const first = (typeof value === 'string' ? value : (value?.[0] ?? '')).split(',')[0]?.trim() ?? '';
  return first === '' ? null : first;
}

/** Whether a path asks the model, so that the answer is a stream that may fail inside a 200. */
export function isModelPath(path: string): boolean {
  return path === 'responses' || path.startsWith('responses/');
}
