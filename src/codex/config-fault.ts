/** One entry of `config.toml` that Codex refuses, and the change that would make it acceptable. */
import type { KeyPath, TomlEdit, TomlValue } from '../storage/steps.ts';
import type { Era } from './config-schema.ts';

export interface ConfigFault {
  readonly key: KeyPath;
  /** `deprecated`: Codex once took it. `value`: never valid. */
  readonly kind: 'value' | 'deprecated';
  /** Which versions refuse it. */
  readonly era: Era;
  /** "a boolean", "one of read-only, workspace-write, danger-full-access". */
  readonly expected: string;
  /** "text", "the number 5"; never a value that may be a secret. */
  readonly found: string;
  readonly correction: ConfigCorrection;
}

export type ConfigCorrection =
  /** The right form is evident. */
  | { readonly kind: 'edit'; readonly edits: readonly TomlEdit[]; readonly what: string }
  /** It is not: the entry goes, kept as a comment. */
  | { readonly kind: 'comment-out'; readonly key: KeyPath; readonly what: string };

/** A correction that sets one value. */
export function setTo(key: KeyPath, value: TomlValue, what: string): ConfigCorrection {
  return { kind: 'edit', edits: [{ op: 'set', key, value }], what };
}
