/** The login with a device code as a person sees it: the address, the code, and how long it is still good. */
import {
  awaitDeviceApproval,
  type DeviceCode,
  type DeviceDeps,
  secondsLeft,
  startDeviceLogin,
} from '../../accounts/login/device-login.ts';
import { failureOfTokens, type LoginFailure, type Step } from '../../accounts/login/login-failure.ts';
import { exchangeCode, type Tokens } from '../../accounts/oauth/token-endpoint.ts';
import { startProgress } from '../render/progress.ts';
import type { Terminal } from '../render/terminal.ts';

export type DeviceLoginResult =
  | { readonly kind: 'tokens'; readonly tokens: Tokens }
  | { readonly kind: 'failed'; readonly step: Step; readonly failure: LoginFailure };

/** Runs the login to its tokens; everything is said on standard error. */
export async function runDeviceLogin(deps: DeviceDeps, terminal: Terminal): Promise<DeviceLoginResult> {
  const started = await startDeviceLogin(deps);
  deps.signal.throwIfAborted();
  if (started.kind === 'failed') return { ...started, step: 'device code' };
  const { code } = started;
  terminal.err(
    `Open this address in a browser, on any machine:  ${terminal.paint('cyan', code.pageUrl)}\n` +
      `and type this code there:  ${terminal.paint('bold', code.userCode)}\n` +
      'Type it only if you started this login yourself: whoever types it gives this machine the account.\n',
  );
  const approved = await withCountdown(deps, terminal, code);
  if (approved.kind === 'failed') return { ...approved, step: 'device login' };
  const { deviceRedirectUri: redirectUri } = deps.endpoints;
  const outcome = await exchangeCode(deps, { ...approved, redirectUri });
  deps.signal.throwIfAborted();
  if (outcome.kind === 'tokens') return { kind: 'tokens', tokens: outcome };
  return { kind: 'failed', step: 'token exchange', failure: failureOfTokens(outcome) };
}

async function withCountdown(deps: DeviceDeps, terminal: Terminal, code: DeviceCode) {
  const left = () => {
    const seconds = secondsLeft(code, deps.now());
    return `waiting for the code to be typed: ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')} left`;
  };
  if (!terminal.canRedraw) {
    terminal.err(`Waiting for up to ${Math.ceil(secondsLeft(code, deps.now()) / 60)} minutes.\n`);
  }
  const progress = startProgress(terminal, left());
  const tick = setInterval(() => progress.update(left()), 500);
  try {
    return await awaitDeviceApproval(deps, code);
  } finally {
    clearInterval(tick);
    progress.stop();
  }
}
