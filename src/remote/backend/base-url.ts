/**
 * Where the remote-control backend of this Codex home is. Codex itself accepts OpenAI's hosts over HTTPS and this machine
 * (0.133 to 0.169); a login token of ours goes nowhere else either.
 */
import { effectiveText, readConfigLayers } from '../../codex/config-layers.ts';
import type { CodexReader } from '../../codex/home.ts';

const DEFAULT_BASE = 'https://chatgpt.com/backend-api/';

export type RemoteBase =
  /** Ends with a slash. */
  | { readonly kind: 'ok'; readonly url: URL }
  | { readonly kind: 'refused'; readonly value: string; readonly message: string };

/** `chatgpt_base_url` of this home, or the default, if remote control may be used with it. */
export const readRemoteBase: CodexReader<RemoteBase> = async (scope) => {
  const value = effectiveText(await readConfigLayers(scope), 'chatgpt_base_url')?.value ?? DEFAULT_BASE;
  return parseRemoteBase(value);
};

/** Judges one setting as Codex does. */
export function parseRemoteBase(value: string): RemoteBase {
  let url: URL;
  try {
    url = new URL(value.endsWith('/') ? value : `${value}/`);
  } catch {
    return { kind: 'refused', value, message: 'it is not a URL' };
  }
  const name = url.hostname;
  const isOpenAi = ['chatgpt.com', 'chatgpt-staging.com'].some(
    (host) => name === host || name.endsWith(`.${host}`),
  );
  if (isOpenAi && url.protocol === 'https:') return { kind: 'ok', url };
  const isHere = name === 'localhost' || /^127(?:\.\d{1,3}){3}$/.test(name) || name === '[::1]';
  if (isHere && (url.protocol === 'http:' || url.protocol === 'https:')) return { kind: 'ok', url };
  return {
    kind: 'refused',
    value,
    message: 'remote control works with chatgpt.com over HTTPS, or with this machine, and nothing else',
  };
}
