/** Why a text cannot be an OpenAI API key, as far as its shape tells. The key itself never leaves this function. */

const PLACEHOLDER =
  /^(?:<.*>|\[.*\]|\$\{?\w+\}?|%\w+%|x{3,}|\.{3}|your[-_ ]?.*|my[-_ ]?api[-_ ]?key|changeme|todo|none|null|undefined|sk-\.{2,}.*|sk-…|sk-x{3,}|sk-(?:proj-)?your.*|(?:openai|codex)_api_key|replace.*|insert.*)$/i;

const FOREIGN: readonly (readonly [RegExp, string])[] = [
  [/^eyJ[\w-]+\./, 'a login token (JWT), not an API key'],
  [/^rt_/, 'a refresh token, not an API key'],
  [/^sk-ant-/, 'a key of Anthropic'],
  [/^sk-or-/, 'a key of OpenRouter'],
  [/^AIza/, 'a key of Google'],
  [/^gsk_/, 'a key of Groq'],
  [/^xai-/, 'a key of xAI'],
  [/^(ghp|gho|ghs|ghu)_|^github_pat_/, 'a token of GitHub'],
  [/^hf_/, 'a token of Hugging Face'],
];

/** What is wrong with it, or `null`. `foreign`: also tell keys of other services, which a custom endpoint may want. */
export function apiKeyFault(key: string, options: { readonly foreign: boolean }): string | null {
  if (key === '') return 'empty';
  if (key.trim() === '') return 'blank';
  if (/^["'`]|["'`]$/.test(key.trim())) return 'in quotes that belong to the key now';
  if (/[\r\n]/.test(key)) return 'with a line break in it';
  if (key !== key.trim()) return 'with spaces around it';
  if (/\s/.test(key)) return 'with spaces in it';
  if (/[^\x21-\x7e]/.test(key)) return 'with characters that no key has';
  if (/^bearer$/i.test(key) || /^(OPENAI|CODEX)_API_KEY=/.test(key)) return 'with more than the key in it';
  if (PLACEHOLDER.test(key)) return 'a placeholder';
  return options.foreign ? (FOREIGN.find(([pattern]) => pattern.test(key))?.[1] ?? null) : null;
}
