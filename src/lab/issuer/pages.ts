/** The issuer's pages: plain forms that a person, or a test, can submit. */
import type { LabAccount } from '../accounts.ts';

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function page(title: string, body: string): string {
  return (
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title>` +
    '<style>body{font:16px/1.5 system-ui;max-width:32rem;margin:4rem auto}button,select,input{font:inherit;padding:.4rem}</style>' +
    `<h1>${title}</h1><p><em>This is a steward lab. Nothing here reaches OpenAI.</em></p>${body}</html>`
  );
}

/** The consent form; `query` (the client's authorize parameters) travels in a hidden field. */
export function consentPage(options: {
  readonly query: string;
  readonly accounts: readonly LabAccount[];
  readonly selected: string;
}): string {
  const choices = options.accounts
    .map(({ name, email, plan }) => {
      const chosen = name === options.selected ? ' selected' : '';
      return `<option value="${name}"${chosen}>${escapeHtml(email)} (${plan})</option>`;
    })
    .join('');
  return page(
    'Sign in to Codex',
    '<form method="post" action="/oauth/authorize">' +
      `<input type="hidden" name="query" value="${escapeHtml(options.query)}">` +
      `<p><label>Account <select name="account">${choices}</select></label></p>` +
      '<p><label><input type="checkbox" name="mfa" value="yes" checked> pass a second factor</label></p>' +
      '<button name="decision" value="allow">Continue</button> <button name="decision" value="deny">Cancel</button></form>',
  );
}

/** Where a person types the device code. */
export function devicePage(message: string): string {
  return page(
    'Enter the code',
    `<p>${escapeHtml(message)}</p><form method="post" action="/codex/device">` +
      '<p><label>Code <input name="user_code" autocomplete="off"></label></p>' +
      '<button name="decision" value="approved">Continue</button> <button name="decision" value="denied">Cancel</button></form>',
  );
}
