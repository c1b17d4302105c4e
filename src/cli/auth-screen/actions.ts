/**
 * What the keys set going: the very commands of the same names, run for one account, with what they say caught for the
 * screen. So a key can do nothing that its command cannot, and says the same.
 */
import { accountLabel } from '../../accounts/account-label.ts';
import { probePool } from '../../accounts/forecast/probe-pool.ts';
import type { CodexScope } from '../../codex/home.ts';
import { readHealthyPool } from '../commands/auth/stored-view.ts';
import type { CommandDeps } from '../main.ts';
import { asStewardError } from '../render/error.ts';
import { count } from '../render/layout.ts';
import { redacted } from '../render/redacted.ts';
import type { Terminal } from '../render/terminal.ts';
import type { AccountActionKind, Action } from './keys.ts';

export interface ActionDeps extends CommandDeps {
  readonly scope: CodexScope;
  /** Says how far it is. */
  readonly onProgress: (text: string) => void;
}

/** What is going on, for the line beside the sign of progress. */
export function progressText({ kind }: Action): string {
  return PROGRESS[kind];
}

const PROGRESS: Readonly<Record<Action['kind'], string>> = {
  switch: 'switching',
  unpin: 'unpinning',
  check: 'asking about the account',
  'check-all': 'asking about all accounts',
  refresh: 'asking for the limits of all accounts',
  enable: 'enabling',
  disable: 'disabling',
  remove: 'removing',
};

/** Runs it; the lines that its command says, errors included: with code, message and what to do. */
export async function performAction(action: Action, deps: ActionDeps): Promise<readonly string[]> {
  const caught = catchOutput(deps.terminal);
  const quiet: CommandDeps = { terminal: caught.terminal, signal: deps.signal };
  try {
    if ('key' in action) await runForAccount(action.kind, action.key, quiet);
    else if (action.kind === 'refresh') return await refreshLimits(deps);
    else await runForAll(action.kind, quiet);
  } catch (error) {
    const failure = deps.signal.aborted
      ? [`${deps.terminal.paint('yellow', '▲')} Interrupted while ${progressText(action)}.`]
      : errorLines(error, deps.terminal);
    return [...caught.lines(), ...failure];
  }
  return caught.lines();
}

async function runForAll(kind: 'unpin' | 'check-all', deps: CommandDeps): Promise<number> {
  if (kind === 'unpin') return await (await import('../commands/auth/unpin.ts')).runUnpin({}, deps);
  return await (await import('../commands/auth/check.ts')).runCheck([], {}, deps);
}

async function runForAccount(kind: AccountActionKind, key: string, deps: CommandDeps): Promise<number> {
  switch (kind) {
    case 'switch':
      return await (await import('../commands/auth/switch.ts')).runSwitch(key, {}, deps);
    case 'check':
      return await (await import('../commands/auth/check.ts')).runCheck([key], {}, deps);
    case 'enable':
    case 'disable':
      return await (await import('../commands/auth/enable.ts')).runEnable(kind, key, {}, deps);
    case 'remove': // the screen has asked
      return await (await import('../commands/auth/remove.ts')).runRemove(key, { yes: true }, deps);
  }
}

/** As `forecast --live` does; every failure is named. */
async function refreshLimits({ scope, terminal, onProgress }: ActionDeps): Promise<readonly string[]> {
  const { pool } = await readHealthyPool(scope);
  const { answered, failures } = await probePool(scope, pool, {
    onProgress: (done, all) => onProgress(`limits: ${done} of ${count(all, 'account')} asked`),
  });
  const failed = pool.accounts.flatMap((account, index) => {
    const failure = failures.get(account.key);
    if (failure === undefined) return [];
    const mark = failure.isPermanent ? terminal.paint('red', '✖') : terminal.paint('yellow', '▲');
    const code = failure.code === null ? '' : `${failure.code}: `;
    return [`${mark} ${accountLabel(account, index)}: ${code}${redacted(failure.message)}`];
  });
  const mark = failures.size === 0 ? `${terminal.paint('green', '✔')} ` : '';
  return [...failed, `${mark}Limits of ${count(answered.size, 'account')} refreshed.`];
}

/** Logs in on the whole terminal: again the account with that key, or for `null` whichever the person wants. */
export async function performLogin(
  key: string | null,
  { scope, terminal, signal }: Omit<ActionDeps, 'onProgress'>,
): Promise<readonly string[]> {
  const lines: string[] = [];
  const told: Terminal = {
    ...terminal,
    out: (text) => {
      terminal.out(text);
      lines.push(...linesOf(text));
    },
  };
  try {
    const before = (await readHealthyPool(scope)).pool.accounts;
    const target = before.findIndex((account) => account.key === key);
    const withApiKey = before[target]?.kind === 'api-key';
    await (await import('../commands/auth/login.ts')).runLogin(withApiKey ? { withApiKey } : {}, {
      terminal: told,
      signal,
    });
    const after = (await readHealthyPool(scope)).pool.accounts;
    const account = before[target];
    if (account?.kind !== 'chatgpt') return lines;
    const known = new Set(before.map((each) => (each.kind === 'chatgpt' ? each.refreshToken : each.apiKey)));
    const fresh = after.filter((each) => each.kind === 'chatgpt' && !known.has(each.refreshToken));
    if (fresh.length === 0 || fresh.some((each) => each.key === account.key)) return lines;
    const label = accountLabel(account, target);
    return [...lines, `${terminal.paint('yellow', '▲')} ${label} is as it was: somebody else signed in.`];
  } catch (error) {
    return [...lines, ...errorLines(error, terminal)];
  }
}

/** An error as the screen shows it: its code, what happened, what to do. */
export function errorLines(error: unknown, { paint }: Pick<Terminal, 'paint'>): readonly string[] {
  const { code, message, hint } = asStewardError(error);
  const lines = [`${paint('red', '✖')} ${code}: ${redacted(message)}`];
  return hint === undefined ? lines : [...lines, `  ${paint('cyan', '→')} ${redacted(hint)}`];
}

/** A terminal that keeps what it is told: nobody to be asked, nothing to redraw, the colours of the real one. */
function catchOutput(real: Terminal): { readonly terminal: Terminal; lines(): readonly string[] } {
  let text = '';
  const keep = (more: string) => {
    text += more;
  };
  const terminal: Terminal = {
    ...real,
    out: keep,
    err: keep,
    interactive: false,
    canRedraw: false,
    isTerminal: false,
  };
  return { terminal, lines: () => linesOf(text) };
}

function linesOf(text: string): readonly string[] {
  return text.split('\n').filter((line) => line.trim() !== '');
}
