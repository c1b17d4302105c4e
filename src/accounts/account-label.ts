/** How an account is named to a person and in JSON: recognisable to its owner, of little use to anybody else. */
import type { Account } from './account.ts';
import { plainText } from './plain-text.ts';

/** `us***@***.test`, as tools for this pool format print addresses in JSON. */
export function maskAddress(email: string): string {
  const at = email.lastIndexOf('@');
  if (at < 1) return '***';
  const name = email.slice(0, at);
  const dot = email.lastIndexOf('.');
  const shown = name.length > 2 ? name.slice(0, 2) : name.slice(0, 1);
  return `${shown}***@***${dot > at ? email.slice(dot) : ''}`;
}

/** `Account 2 (Work, us***@***.test, id:000002)`; `index` counts from 0, the name from 1. */
export function accountLabel(account: Account, index: number): string {
  const parts: string[] = [];
  if (account.label !== null) parts.push(account.label);
  if (account.email !== null) parts.push(maskAddress(account.email));
  if (account.kind === 'api-key') parts.push('API key');
  else if (account.accountId !== null) parts.push(`id:${account.accountId.slice(-6)}`);
  const words = plainText(parts.join(', '), 160); // the file is anybody's to write
  return words === null ? `Account ${index + 1}` : `Account ${index + 1} (${words})`;
}
