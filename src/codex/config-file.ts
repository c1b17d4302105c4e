/**
 * `config.toml`: its text, its value, or exactly why Codex cannot load it. Positions of keys are found on demand
 * (`config-positions.ts`), because a healthy file needs none.
 */
import { join } from 'node:path';
import type { CodexReader } from './home.ts';
import { type Reading, readBytes } from './reading.ts';
import { parseToml, type TomlTable } from './toml.ts';
import { classifyTomlFault, type TomlFault } from './toml-fault.ts';

/** Real ones have a few kB; `projects` tables make some of them long. */
export const MAX_CONFIG_BYTES = 8 * 1024 * 1024;

export interface ConfigFile {
  /** Without byte order mark; offsets of positions and splices count in it. */
  readonly text: string;
  readonly value: TomlTable;
}

export type EncodingFault = { readonly kind: 'utf-16le' | 'utf-16be' | 'not-utf-8' };

export type ConfigReading =
  | Exclude<Reading<ConfigFile>, { kind: 'malformed' }>
  | {
      readonly kind: 'malformed';
      readonly path: string;
      readonly message: string;
      readonly line: number;
      readonly column: number;
      /** The text, where the bytes could be decoded. */
      readonly text: string | null;
      readonly fault: TomlFault | EncodingFault;
    };

/** The user's `config.toml`. */
export const readConfig: CodexReader<ConfigReading> = ({ home }) =>
  readConfigFile(join(home.path, 'config.toml'));

/** Any file in the same language: a profile, a project's, a system-wide one. */
export async function readConfigFile(path: string): Promise<ConfigReading> {
  const bytes = await readBytes(path, MAX_CONFIG_BYTES);
  if (bytes.kind === 'malformed')
    return { ...bytes, line: 1, column: 1, text: null, fault: { kind: 'not-utf-8' } };
  if (bytes.kind !== 'ok') return bytes;
  const decoded = decodeConfig(bytes.value);
  if (decoded.encoding !== 'utf-8') {
    const message =
      decoded.encoding === 'not-utf-8'
        ? 'not UTF-8 text'
        : `saved as ${decoded.encoding.toUpperCase()}; Codex reads UTF-8 only`;
    const fault = { kind: decoded.encoding };
    return { kind: 'malformed', path, message, line: 1, column: 1, text: decoded.text, fault };
  }
  const { text } = decoded;
  const parsed = await parseToml(text);
  if (parsed.kind === 'ok') return { kind: 'ok', path, value: { text, value: parsed.value } };
  return { ...parsed, path, text, fault: classifyTomlFault(text, parsed) };
}

type Decoded =
  | { readonly encoding: 'utf-8' | 'utf-16le' | 'utf-16be'; readonly text: string }
  | { readonly encoding: 'not-utf-8'; readonly text: null };

/** UTF-16 is what Windows PowerShell 5 writes with `>`. A UTF-8 byte order mark is fine with Codex. */
function decodeConfig(bytes: Buffer): Decoded {
  const encoding = utf16Of(bytes);
  try {
    const text = new TextDecoder(encoding ?? 'utf-8', { fatal: true }).decode(bytes);
    return { encoding: encoding ?? 'utf-8', text };
  } catch {
    return { encoding: 'not-utf-8', text: null };
  }
}

function utf16Of(bytes: Buffer): 'utf-16le' | 'utf-16be' | null {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  if (bytes.length >= 4 && bytes.length % 2 === 0) {
    // Without a mark: ASCII text has a zero in every other byte.
    if (bytes[1] === 0 && bytes[3] === 0 && bytes[0] !== 0) return 'utf-16le';
    if (bytes[0] === 0 && bytes[2] === 0 && bytes[1] !== 0) return 'utf-16be';
  }
  return null;
}
