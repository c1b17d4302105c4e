/**
 * The typed steps of a repair. A repair is data: a list of steps and what they were planned against. The journal
 * (`journal.ts`) checks, backs up, applies, verifies and undoes them; nothing else writes into Codex's files.
 */
import type { FileFingerprint } from './fingerprint.ts';

/** A TOML key path: `['mcp_servers', 'a.b', 'command']`. */
export type KeyPath = readonly string[];

export type TomlValue =
  | string
  | number
  | boolean
  | readonly TomlValue[]
  | { readonly [key: string]: TomlValue };

export type TomlEdit =
  | { readonly op: 'set'; readonly key: KeyPath; readonly value: TomlValue }
  /** Removes one key, or one table with its header and body. */
  | { readonly op: 'delete'; readonly key: KeyPath };

export type JsonEdit =
  | { readonly op: 'set'; readonly path: readonly (string | number)[]; readonly value: unknown }
  | { readonly op: 'delete'; readonly path: readonly (string | number)[] };

/** Replaces UTF-16 offsets `start`..`end` of the text (after a BOM, if any) by `text`. */
export interface TextSplice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The state of the file that the step was planned against; the step is refused when it is no longer so. */
interface OnFile {
  readonly path: string;
  readonly expect: FileFingerprint;
}

export type Step =
  | ({ readonly kind: 'toml-edit'; readonly edits: readonly TomlEdit[] } & OnFile)
  | ({ readonly kind: 'json-edit'; readonly edits: readonly JsonEdit[] } & OnFile)
  /** For text that no parser accepts yet. `mustParse`: the result has to be valid in that language. */
  | ({
      readonly kind: 'text-edit';
      readonly splices: readonly TextSplice[];
      readonly mustParse: 'toml' | 'json' | null;
    } & OnFile)
  /** Creates or replaces a whole file. `mode` is for a new file; an existing one keeps its own. */
  | ({ readonly kind: 'write-file'; readonly content: string; readonly mode: number } & OnFile)
  /**
   * Moves a file or folder out of the way, together with those siblings that exist: `-wal`, `-shm` are endings of its
   * own name, anything else is the name of a neighbour or a whole path.
   */
  | ({ readonly kind: 'move-aside'; readonly sidecars: readonly string[] } & OnFile)
  | ({ readonly kind: 'make-folder'; readonly mode: number } & OnFile)
  | ({ readonly kind: 'set-mode'; readonly mode: number } & OnFile)
  | ({ readonly kind: 'set-owner'; readonly uid: number; readonly gid: number } & OnFile)
  /** Runs statements in one SQLite transaction; before-image is the database with its `-wal` and `-shm`. */
  | ({ readonly kind: 'sqlite'; readonly statements: readonly SqlStatement[] } & OnFile)
  /** Asks one process to end (SIGTERM) and waits; refused unless pid, start time and command still match. */
  | {
      readonly kind: 'stop-process';
      readonly pid: number;
      /** As the kernel reports it (`/proc/PID/stat` field 22, or `ps lstart`): guards against a reused pid. */
      readonly startTime: string;
      readonly command: string;
      readonly timeoutMs: number;
    }
  /** Runs a program that changes `touches` (files or folders), whose before-images are taken first. */
  | {
      readonly kind: 'command';
      readonly argv: readonly string[];
      readonly env: Readonly<Record<string, string>>;
      readonly touches: readonly string[];
      readonly timeoutMs: number;
    };

export interface SqlStatement {
  readonly sql: string;
  readonly params: readonly (string | number | null)[];
}

/** What a repair wants to do, before anything is checked or changed. Pure data; planning has no side effect. */
export interface RepairPlan {
  /** Stable, `area.what.how`: `remote.client_revoked.minimal`. */
  readonly repairId: string;
  /** One sentence in the imperative: "Remove the revoked client from both global-state files". */
  readonly summary: string;
  readonly steps: readonly Step[];
  /** Refuse while a Codex process of this home runs. `app`: only the desktop app matters. */
  readonly requiresStopped: 'nothing' | 'app' | 'all';
  /**
   * The files hold tokens: before-images are removed once the repair is verified, and `undo` refers to the inverse
   * operation instead of putting an old token back.
   */
  readonly credentials?: boolean;
}

/** Why a repair that exists in principle cannot be planned here; said to the person as it stands. */
export interface RepairRefusal {
  readonly refused: string;
}
