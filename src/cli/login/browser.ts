/** The sign-in in a browser as a person sees it: what to open, what to paste, who is in the way. */
import {
  type BrowserLoginResult,
  type BrowserLoginTalk,
  loginWithBrowser,
} from '../../accounts/login/browser-login.ts';
import { loginError } from '../../accounts/login/login-failure.ts';
import type { OauthDeps } from '../../accounts/oauth/token-endpoint.ts';
import { findPortOwner } from '../../codex/ports.ts';
import { StewardError } from '../../errors.ts';
import type { Host } from '../../host.ts';
import { redact } from '../../storage/redact.ts';
import { createLineReader } from '../line-reader.ts';
import type { Terminal } from '../render/terminal.ts';

export interface BrowserTurn extends OauthDeps {
  readonly host: Host;
  readonly terminal: Terminal;
  readonly input: NodeJS.ReadStream;
  readonly signal: AbortSignal;
  readonly isManual: boolean;
  readonly workspace: string | null;
  readonly askWho: boolean;
}

/**
 * Runs the sign-in; everything is said on standard error. Throws `ERR_LOGIN_NOBODY` where standard input was at its end and no
 * person had closed it: that is no cancelling.
 */
export async function runBrowserLogin(turn: BrowserTurn): Promise<BrowserLoginResult> {
  const lines = createLineReader(turn.input);
  let isInputOver = false;
  const readLine: BrowserLoginTalk['readLine'] = async (signal) => {
    const line = await lines.next(signal);
    isInputOver = line === null;
    return line;
  };
  try {
    const result = await loginWithBrowser({ ...turn, talk: talkOf(turn, readLine) });
    if (result.kind === 'cancelled' && isInputOver && !turn.terminal.interactive) throw nobodyThere();
    return result;
  } finally {
    lines.close();
  }
}

function nobodyThere(): StewardError {
  return new StewardError('ERR_LOGIN_NOBODY', 'user', 'nothing was pasted: standard input is at its end', {
    hint: 'Pipe the address in, or use `steward auth login --device-auth`, which needs no input.',
  });
}

function talkOf(turn: BrowserTurn, readLine: BrowserLoginTalk['readLine']): BrowserLoginTalk {
  const { terminal } = turn;
  const say = (line: string) => terminal.err(`${line}\n`);
  return {
    readLine,
    ready: async ({ authorizeUrl, redirectUri }, held) => {
      for (const { port, code } of held ?? []) say(await describeHeld(turn, port, code));
      const opened = turn.isManual ? false : await openBrowser(authorizeUrl);
      if (!turn.isManual && !opened) say('No browser could be started here.');
      say(
        opened
          ? 'Sign in in the browser. If it did not open, open this address:'
          : 'Open this address in a browser:',
      );
      say(`\n  ${authorizeUrl}\n`);
      if (held === null) {
        say(`This machine waits for the browser at ${redirectUri.replace(/\/auth.*/, '')}.`);
        say('Is the browser on another one? Then paste the address it ends on here (q to give up):');
      } else {
        say('The browser will end on a page that cannot be shown. Paste its address here (q to give up):');
      }
    },
    complain: (failure) => {
      if (!terminal.interactive) return false;
      const { message, hint } = loginError(failure, 'sign-in');
      say(`${terminal.paint('yellow', '▲')} ${message}. ${hint ?? ''}`);
      return true;
    },
  };
}

async function describeHeld({ host, terminal }: BrowserTurn, port: number, code: string): Promise<string> {
  const owner = await findPortOwner(host, port);
  const mark = terminal.paint('yellow', '▲');
  switch (owner.kind) {
    case 'held':
      return `${mark} Port ${port} is held by process ${owner.pid}: ${redact(owner.command)}`;
    case 'reserved':
      return `${mark} Port ${port} is reserved by the system (${owner.code}).`;
    default:
      return `${mark} Port ${port} cannot be used (${code}); who holds it cannot be seen from here.`;
  }
}

/** `false` when there is nothing to open it with. Whether a window really came up only the person can see. */
async function openBrowser(url: string): Promise<boolean> {
  const { default: open } = await import('open');
  try {
    const child = await open(url);
    return await new Promise((resolve) => {
      child.once('error', () => resolve(false)); // the program that opens addresses is missing
      child.once('spawn', () => resolve(true));
      if (child.pid !== undefined) resolve(true);
    });
  } catch {
    return false; // the address is shown all the same
  }
}
