/** The page that the browser ends on: says how it went, takes the code out of the address bar, and closes itself. */
import { createHash } from 'node:crypto';
import type { OutgoingHttpHeaders } from 'node:http';

export interface CallbackPage {
  readonly status: number;
  readonly title: string;
  readonly text: string;
  /** Closing would hide bad news. */
  readonly closes: boolean;
}

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1rem;color-scheme:light dark}';
const CLEAN = "history.replaceState(null,'',location.pathname);";
// A browser lets a page close only a window that a script opened; where it refuses, the text says what to do.
const CLOSE = 'setTimeout(()=>window.close(),1500);';

/** Body and headers of the page. Nothing in it is loaded from anywhere, and only its own script runs. */
export function renderCallbackPage(page: CallbackPage): {
  readonly body: string;
  readonly headers: OutgoingHttpHeaders;
} {
  const script = page.closes ? CLEAN + CLOSE : CLEAN;
  const body =
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escapeHtml(page.title)}</title>` +
    `<style>${STYLE}</style><h1>${escapeHtml(page.title)}</h1><p>${escapeHtml(page.text)}</p><script>${script}</script></html>`;
  return {
    body,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-length': Buffer.byteLength(body),
      'content-security-policy': `default-src 'none'; script-src '${hashOf(script)}'; style-src '${hashOf(STYLE)}'; frame-ancestors 'none'`,
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      connection: 'close',
    },
  };
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
