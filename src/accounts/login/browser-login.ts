/**
 * Login in a browser: its call back to this machine and a pasted answer race each other, so that it works on the desk, over
 * SSH with and without a forwarded port, and where something blocks the way back.
 */
import { setTimeout as sleepFor } from 'node:timers/promises';
import { exchangeCode, type OauthDeps, type Tokens } from '../oauth/token-endpoint.ts';
import {
  CALLBACK_PATH,
  CALLBACK_PORTS,
  type CallbackServer,
  startCallbackServer,
} from './callback-server.ts';
import { failureOfTokens, type LoginFailure } from './login-failure.ts';
import { createSignIn, type SignIn } from './pkce.ts';
import { parsePasted, readSignInAnswer } from './sign-in-answer.ts';

/** What the sign-in tells while it runs, and where pasted lines come from. */
export interface BrowserLoginTalk {
  /** The address is ready to be opened. `held`: nobody can call back, because of these ports. */
  ready(
    signIn: SignIn,
    held: readonly { readonly port: number; readonly code: string }[] | null,
  ): Promise<void>;
  /** The next line the person pasted; `null` at the end of input. Rejects when `signal` aborts. */
  readLine(signal: AbortSignal): Promise<string | null>;
  /** What was pasted is of no use. `true`: ask again. */
  complain(failure: LoginFailure): boolean;
}

export interface BrowserLoginDeps extends OauthDeps {
  readonly signal: AbortSignal;
  readonly talk: BrowserLoginTalk;
  /** Only what is pasted counts for sure: an empty line, or the end of input, is a no. */
  readonly isManual: boolean;
  /** For the address (`allowed_workspace_id`). */
  readonly workspace: string | null;
  /** Let the person choose who signs in, although the browser may be signed in already. */
  readonly askWho: boolean;
  /** Default: Codex's ports. */
  readonly ports?: readonly number[];
}

export type BrowserLoginResult =
  /** `settle` tells the waiting browser how it ended; it has to be called. */
  | {
      readonly kind: 'tokens';
      readonly tokens: Tokens;
      readonly settle: (failure: string | null) => Promise<void>;
    }
  | { readonly kind: 'cancelled' }
  | {
      readonly kind: 'failed';
      readonly step: 'sign-in' | 'token exchange';
      readonly failure: LoginFailure;
    };

/** How long the browser is waited for. */
const LIMIT_MINUTES = 15;

type Raced =
  | { readonly kind: 'code'; readonly code: string }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'failed'; readonly failure: LoginFailure };

/** Runs the sign-in to its tokens. Nothing listens any more when it returns without them or throws. */
export async function loginWithBrowser(deps: BrowserLoginDeps): Promise<BrowserLoginResult> {
  const started = await startCallbackServer(deps.ports ?? CALLBACK_PORTS);
  const server = started.kind === 'listening' ? started.server : null;
  const port = server?.port ?? (deps.ports ?? CALLBACK_PORTS)[0];
  const signIn = createSignIn(deps.endpoints, {
    redirectUri: `http://localhost:${port}${CALLBACK_PATH}`,
    workspace: deps.workspace,
    askWho: deps.askWho,
  });
  let isOpen = true;
  const close = async (page?: Parameters<CallbackServer['close']>[0]) => {
    if (isOpen) await server?.close(page);
    isOpen = false;
  };
  try {
    const answered = await race(deps, signIn, server, started.kind === 'held' ? started.ports : null);
    if (answered.kind === 'cancelled') {
      await close();
      return answered;
    }
    if (answered.kind === 'failed') {
      await close(failurePage('The sign-in was refused.'));
      return { ...answered, step: 'sign-in' };
    }
    const outcome = await exchangeCode(deps, { ...signIn, code: answered.code });
    deps.signal.throwIfAborted();
    if (outcome.kind !== 'tokens') {
      await close(failurePage('The sign-in server gave no tokens.'));
      return { kind: 'failed', step: 'token exchange', failure: failureOfTokens(outcome) };
    }
    const settle = (failure: string | null) => close(failure === null ? DONE : failurePage(failure));
    return { kind: 'tokens', tokens: outcome, settle };
  } catch (error) {
    await close();
    throw error;
  }
}

async function race(
  deps: BrowserLoginDeps,
  signIn: SignIn,
  server: CallbackServer | null,
  held: readonly { readonly port: number; readonly code: string }[] | null,
): Promise<Raced> {
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, deps.signal]);
  const called = server?.wait(signIn.state);
  try {
    await deps.talk.ready(signIn, held);
    const runners: Promise<Raced>[] = [
      pasted(deps, signIn, signal, server !== null),
      sleepFor(LIMIT_MINUTES * 60_000, undefined, { signal }).then(() => {
        return { kind: 'failed', failure: { kind: 'nobody', minutes: LIMIT_MINUTES } };
      }),
    ];
    if (called !== undefined) {
      runners.push(
        called.then((answer) => {
          if (answer.kind === 'code') return answer;
          const { code, message } = answer;
          return { kind: 'failed', failure: { kind: 'denied', code, message } };
        }),
      );
    }
    return await Promise.race(runners);
  } finally {
    stop.abort();
  }
}

/** Lines until one of them ends the sign-in. After the end of input the browser alone decides. */
async function pasted(
  { talk, isManual }: BrowserLoginDeps,
  signIn: SignIn,
  signal: AbortSignal,
  browserCanAnswer: boolean,
): Promise<Raced> {
  for (;;) {
    const line = await talk.readLine(signal);
    if (line === null) {
      if (isManual || !browserCanAnswer) return { kind: 'cancelled' };
      return new Promise(() => {}); // the race is decided by the others
    }
    if (line.trim() === '' && !isManual) continue; // somebody pressed Enter while the browser was open
    const answer = parsePasted(line);
    if (answer.kind === 'cancelled') return answer;
    const judged = readSignInAnswer(answer.query, signIn.state);
    if (judged.kind === 'code') return judged;
    if (judged.kind === 'refused') {
      return { kind: 'failed', failure: { ...judged, kind: 'denied' } };
    }
    const failure = PASTE_FAULTS[judged.kind];
    if (!talk.complain(failure)) return { kind: 'failed', failure };
  }
}

const PASTE_FAULTS = {
  'wrong-state': { kind: 'state-mismatch' },
  'no-state': { kind: 'state-missing' },
  'no-code': { kind: 'code-missing' },
} as const satisfies Record<string, LoginFailure>;

const DONE = {
  status: 200,
  title: 'Signed in',
  text: 'The account is stored. You can close this tab and go back to the terminal.',
  closes: true,
} as const;

function failurePage(text: string) {
  return {
    status: 400,
    title: 'Not signed in',
    text: `${text} The terminal says why, and what to do.`,
    closes: false,
  } as const;
}
