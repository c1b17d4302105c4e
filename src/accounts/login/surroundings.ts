/** Whether a browser that a person sees can be opened from here, and why not: decides which sign-in is chosen. */
import { access } from 'node:fs/promises';
import { type Host, systemPath } from '../../host.ts';

export type Surroundings =
  | { readonly kind: 'browser' }
  /** Switched off in the environment; `variable` says so. The person has a browser elsewhere and wants to paste. */
  | { readonly kind: 'no-browser'; readonly variable: 'CODEX_AUTH_NO_BROWSER' | 'BROWSER' }
  | { readonly kind: 'headless'; readonly reason: string };

const OFF: ReadonlySet<string> = new Set(['0', 'false', 'no', 'off', 'none']);

/** Reads the environment; opens and starts nothing. */
export async function readSurroundings(host: Host): Promise<Surroundings> {
  const { env, platform, isWsl } = host;
  const noBrowser = env.CODEX_AUTH_NO_BROWSER?.trim().toLowerCase() ?? '';
  if (noBrowser !== '' && !OFF.has(noBrowser))
    return { kind: 'no-browser', variable: 'CODEX_AUTH_NO_BROWSER' };
  const browser = env.BROWSER?.trim().toLowerCase() ?? '';
  if (OFF.has(browser)) return { kind: 'no-browser', variable: 'BROWSER' };

  if (isSet(env.SSH_CONNECTION) || isSet(env.SSH_CLIENT) || isSet(env.SSH_TTY))
    return { kind: 'headless', reason: 'this is a session over SSH' };
  if (isSet(env.CODESPACES)) return { kind: 'headless', reason: 'this is a codespace' };
  if (platform !== 'linux' || isWsl) return { kind: 'browser' }; // Windows opens it for WSL
  if (browser !== '') return { kind: 'browser' }; // named by the person
  if (await isContainer(host)) return { kind: 'headless', reason: 'this is a container' };
  if (!isSet(env.DISPLAY) && !isSet(env.WAYLAND_DISPLAY))
    return { kind: 'headless', reason: 'there is no display' };
  return { kind: 'browser' };
}

async function isContainer(host: Host): Promise<boolean> {
  const marks = ['/.dockerenv', '/run/.containerenv'].map((path) => access(systemPath(host, path)));
  return (await Promise.allSettled(marks)).some(({ status }) => status === 'fulfilled');
}

function isSet(text: string | undefined): boolean {
  return text !== undefined && text !== '';
}
