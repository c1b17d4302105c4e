/**
 * Whether a text is about Codex at all. A wrong answer on another program's error does more harm than none, so a
 * message that any program could print counts only beside one of these signs.
 */
import { type Folded, fold } from './fold.ts';
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
  '(localhost|127.0.0.1):1455',
  '1455/auth/callback',
  '[mcp_servers.',
  'remote control websocket',
  'you canceled the request to run',
];

/** Signs of the vendor, which other clients carry as well. */
export const VENDOR_SIGNS: readonly string[] = [
  'openai',
  'chatgpt',
  '¦gpt-5',
  '¦gpt-6',
  'auth.json',
  'config.toml',
  'app-server',
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
  '.config/*/config.toml',
];

/** Other programs of the same name: a comic reader, a storage network. */
export const NAMESAKES: readonly string[] = [
  'codex.librarian',
  'codex-storage',
  'nim-codex',
  'ajslater/codex',
];

export interface ContextReader {
  /** Reads a text as a whole. */
  read(folded: Folded, source: string): TextContext;
  /** All signs, for an index; `open().seen` takes their places in this list. */
  readonly signs: readonly CompiledWording[];
  /** Reads a long text, place by place. */
  open(): ContextCollector;
}

export interface ContextCollector {
  /** Tells that a piece of that sign ends at byte `end`. */
  seen(sign: number, bytes: Buffer, end: number): void;
  current(): TextContext;
}

/** How far around a piece the whole sign is looked for, in bytes; and how often, for one sign. */
const AROUND = 128;
const MAX_LOOKS = 256;

/** Compiles the signs once. */
export function createContextReader(): ContextReader {
  const codex = compileWording(CODEX_SIGNS);
  const vendor = compileWording(VENDOR_SIGNS);
  const foreign = compileWording(FOREIGN_SIGNS);
  const namesakes = compileWording(NAMESAKES);
  const kinds = [
    ...codex.map((sign) => ({ sign, kind: 'codex' })),
    ...vendor.map((sign) => ({ sign, kind: 'vendor' })),
    ...foreign.map((sign) => ({ sign, kind: 'foreign' })),
    ...namesakes.map((sign) => ({ sign, kind: 'namesake' })),
  ];
  const signs = kinds.map(({ sign }) => sign);
  const toContext = (has: (kind: string) => boolean): TextContext => ({
    codex: has('namesake') ? 'none' : has('codex') ? 'named' : has('vendor') ? 'hinted' : 'none',
    foreign: has('foreign') || has('namesake'),
  });
  return {
    signs,
    read: (folded, source) =>
      toContext((wanted) =>
        kinds.some(({ sign, kind }) => kind === wanted && findWording(sign, folded, source) !== undefined),
      ),
    open() {
      const known = new Set<string>();
      const looks = new Uint16Array(signs.length);
      return {
        seen(sign, bytes, end) {
          const kind = kinds[sign]?.kind as string;
          if (known.has(kind) || (looks[sign] as number) >= MAX_LOOKS) return;
          looks[sign] = (looks[sign] as number) + 1;
          const around = bytes.toString('utf8', Math.max(0, end - AROUND), end + AROUND);
          if (findWording(signs[sign] as CompiledWording, fold(around), around) !== undefined)
            known.add(kind);
        },
        // A long text is somebody's log: one mention of a namesake does not make all of it theirs.
        current: () => toContext((kind) => kind !== 'namesake' && known.has(kind)),
      };
    },
  };
}
