/**
 * Whether a text is about Codex at all. A wrong answer on another program's error does more harm than none, so a
 * message that any program could print counts only beside one of these signs.
 */
import type { Folded } from './fold.ts';
import { type CompiledWording, compileWording, findWording } from './wording.ts';

export interface TextContext {
  /** `named`: Codex or its backend is named. `hinted`: only OpenAI, ChatGPT or one of its models is. */
  readonly codex: 'named' | 'hinted' | 'none';
  /** Another product is named as the one that speaks. */
  readonly foreign: boolean;
}

/** Names, paths, hosts and modules that only Codex has. */
export const CODEX_SIGNS: readonly string[] = [
  'codex',
  'chatgpt.com/backend-api',
  'backend-api/wham',
  '/wham/',
  'app-server-control',
  'app_server_transport',
  'auth.openai.com/oauth/token',
  'auth.openai.com/deviceauth',
  'logs_2.sqlite',
  'state_5.sqlite',
];

/** Signs of the vendor, which other clients carry as well. */
export const VENDOR_SIGNS: readonly string[] = [
  'openai',
  'chatgpt',
  '¦gpt-5',
  '¦gpt-6',
  'auth.json',
  'config.toml',
];

/** Products whose errors look like ours. */
export const FOREIGN_SIGNS: readonly string[] = [
  'opencode',
  'claude',
  'anthropic',
  'gemini cli',
  'gemini-cli',
  'google cloud code',
  'github copilot',
  'copilot cli',
  'cursor-agent',
  'cursor agent',
  'cursor.com',
  '¦windsurf',
  '¦cline¦',
  'roo code',
  'kilo code',
  'continue.dev',
  'aider¦',
  'goose¦',
  'langchain',
  'anything-llm',
  'anythingllm',
  'open webui',
  'open-webui',
  'librechat',
  'lobechat',
  'dify¦',
  'n8n¦',
  '¦qwen code',
  'qwen-code',
  'kimi cli',
  'kiro¦',
  'antigravity',
  'grok cli',
  '¦zed¦',
  'desktop commander',
  'remote-desktop-commander',
  'desktop-commander',
  'teamviewer',
  'anydesk',
  'rustdesk',
  'parsec¦',
  'microsoft remote desktop',
  'google-chrome',
  'home assistant',
  'homeassistant',
  'spotify',
  'nextcloud',
  'jellyfin',
  'plex media',
  'bitwarden',
  '¦ollama serve',
  'terraform',
  'kubectl',
  'minecraft',
  'flatpak',
  'steam¦',
];

export interface ContextReader {
  read(folded: Folded, source: string): TextContext;
}

/** Compiles the signs once. */
export function createContextReader(): ContextReader {
  const codex = compileWording(CODEX_SIGNS);
  const vendor = compileWording(VENDOR_SIGNS);
  const foreign = compileWording(FOREIGN_SIGNS);
  return {
    read(folded, source) {
      const has = (signs: readonly CompiledWording[]) =>
        signs.some((sign) => findWording(sign, folded, source) !== undefined);
      return { codex: has(codex) ? 'named' : has(vendor) ? 'hinted' : 'none', foreign: has(foreign) };
    },
  };
}
