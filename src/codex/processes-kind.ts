/**
 * Which program a process runs, told by its executable and its arguments, and what it does with a Codex home.
 *
 * Names as of Codex 0.133 to 0.169; the desktop app is Electron, so one app is a dozen processes of one name.
 */
import { realpathSync } from 'node:fs';
import { REDACTED, redact } from '../storage/redact.ts';
import type { SystemProcess } from './processes-system.ts';

export type CodexProcessKind =
  | 'cli'
  | 'app-server'
  | 'daemon'
  | 'updater'
  | 'mcp-server'
  | 'desktop'
  | 'sandbox';

export interface CodexKind {
  readonly kind: CodexProcessKind;
  /**
   * `launcher`: npm's `node codex.js`, which only waits for the native program. `renderer`: a helper of the desktop
   * app. Both stand for nothing of their own while the process they belong to is listed.
   */
  readonly part?: 'launcher' | 'renderer';
}

/** Programs that the native binary plays when called by these names. */
const SANDBOX_NAMES =
  /^(codex-linux-sandbox|codex-execve-wrapper|codex-windows-sandbox.*|codex-command-runner|apply_?patch)$/;
/** `codex`, and the release assets that people unpack as they are (`codex-x86_64-unknown-linux-musl`). */
const NATIVE_NAMES = /^codex(-(x86_64|aarch64)-[a-z0-9_-]+)?$/;
const DESKTOP_NAMES = /^(Codex|ChatGPT)( Helper( \([A-Za-z]+\))?)?$/;
const DESKTOP_FOLDERS =
  /\/Codex\.app\/Contents\/(MacOS|Frameworks)\/|\/OpenAI\.Codex_[^/]*\/app\/Codex\.exe$/;
const ELECTRON_PART = /^--type=/;
const NODE_NAMES = /^(node|nodejs|bun|deno)$/;
/** Options of `codex` that take a value as the next argument, so that the value is not taken for the subcommand. */
const VALUE_OPTIONS =
  /^(-c|--config|--enable|--disable|-i|--image|-m|--model|--local-provider|-p|--profile|-s|--sandbox|-a|--ask-for-approval|-C|--cd|--add-dir|--remote|--remote-auth-token-env)$/;

/** What that process is to Codex, or `null` when it is none of ours. */
export function codexKind(process: SystemProcess, platform: NodeJS.Platform): CodexKind | null {
  // An update replaces the file of a running program; Linux then says so at the end of its path.
  const path = process.executable.replace(/ \(deleted\)$/, '').replaceAll('\\', '/');
  const name = baseName(path, platform);
  const calledAs = baseName((process.argv[0] ?? '').replaceAll('\\', '/'), platform);
  const isElectronPart = process.argv.some((argument) => ELECTRON_PART.test(argument));
  if (isDesktop(path, name, platform) || (isElectronPart && /^codex(-desktop)?$/i.test(name))) {
    return isElectronPart || / Helper/.test(name)
      ? { kind: 'desktop', part: 'renderer' }
      : { kind: 'desktop' };
  }
  if (SANDBOX_NAMES.test(name)) return { kind: 'sandbox' };
  if (NATIVE_NAMES.test(name)) {
    return { kind: SANDBOX_NAMES.test(calledAs) ? 'sandbox' : kindOfArguments(process.argv.slice(1)) };
  }
  if (NODE_NAMES.test(name)) {
    const script = process.argv.slice(1).find((argument) => !argument.startsWith('-'));
    if (script !== undefined && isLauncher(script)) {
      return {
        kind: kindOfArguments(process.argv.slice(process.argv.indexOf(script) + 1)),
        part: 'launcher',
      };
    }
  }
  return null;
}

function isDesktop(path: string, name: string, platform: NodeJS.Platform): boolean {
  if (DESKTOP_FOLDERS.test(path)) return true;
  // Windows tells no paths and folds case: the native program inside the app is `codex.exe`, the app `Codex.exe`.
  if (platform === 'win32') return name === 'Codex' || name === 'ChatGPT';
  if (platform === 'darwin') return DESKTOP_NAMES.test(name);
  return name === 'Codex' || name === 'codex-desktop';
}

function kindOfArguments(args: readonly string[]): CodexProcessKind {
  const words = positionals(args);
  if (words[0] === 'mcp-server') return 'mcp-server';
  if (words[0] === 'sandbox') return 'sandbox';
  if (words[0] !== 'app-server') return 'cli';
  if (words[1] === 'daemon') return args.includes('pid-update-loop') ? 'updater' : 'cli';
  if (words[1] !== undefined) return 'cli'; // `proxy`, `generate-ts`: short-lived, and no state of their own
  const listens = args.some((argument) => /^(--listen=)?unix:\/\//.test(argument));
  return listens || args.includes('--remote-control') || args.includes('--managed-daemon')
    ? 'daemon'
    : 'app-server';
}

function positionals(args: readonly string[]): string[] {
  const words: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const argument = args[index] ?? '';
    if (argument === '--') break;
    if (VALUE_OPTIONS.test(argument) || argument === '--listen') index += 1;
    else if (!argument.startsWith('-')) words.push(argument);
  }
  return words;
}

/** `codex.js` of the npm package, also through the `codex` link that npm puts on PATH. */
function isLauncher(script: string): boolean {
  const path = script.replaceAll('\\', '/');
  if (/\/@openai\/codex[^/]*\/bin\/codex\.js$/.test(path)) return true;
  if (!/(^|\/)codex(\.js)?$/.test(path)) return false;
  try {
    return /\/bin\/codex\.js$/.test(realpathSync(script).replaceAll('\\', '/'));
  } catch {
    return false; // a relative path, or one of another mount namespace: then its native child speaks for it
  }
}

function baseName(path: string, platform: NodeJS.Platform): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return platform === 'win32' ? name.replace(/\.exe$/i, '') : name;
}

const SECRET_NAME = /(token|secret|password|passwd|api[_-]?key|authorization|bearer|credential)/i;

/** The arguments as one line for a person: no secrets, and not the whole of a long prompt. */
export function commandText(argv: readonly string[]): string {
  const words = argv.map((argument, index) => {
    const before = argv[index - 1] ?? '';
    // As two arguments, a name and its secret are not told apart by the text alone.
    const isValue = /^--?[\w-]+$/.test(before) && SECRET_NAME.test(before) && !before.endsWith('-env');
    return isValue ? REDACTED : argument.replace(/\s+/g, ' ');
  });
  const text = redact(words.join(' '));
  return text.length > 300 ? `${text.slice(0, 299)}…` : text;
}
