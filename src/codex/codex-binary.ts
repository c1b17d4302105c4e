/** One copy of Codex on this machine, as facts. */

/** What put it there. `shim`: a script that starts another copy. `app`, `ide`: the copy inside another program. */
export type InstallMethod =
  | 'npm'
  | 'pnpm'
  | 'bun'
  | 'brew'
  | 'standalone'
  | 'app'
  | 'ide'
  | 'shim'
  | 'unknown';

/** Why a copy cannot start. */
export type BinaryProblem =
  | { readonly kind: 'dangling'; readonly target: string }
  | { readonly kind: 'not-executable'; readonly path: string }
  /** npm's launcher is there, the package with the native program is not (`--omit=optional`, a broken update). */
  | { readonly kind: 'missing-native'; readonly packageName: string; readonly expected: string }
  | {
      readonly kind: 'wrong-platform';
      readonly path: string;
      readonly found: string;
      readonly wanted: string;
    }
  /** The loader or interpreter that the file asks for does not exist: glibc on a musl system, `node` not on PATH. */
  | { readonly kind: 'missing-interpreter'; readonly path: string; readonly interpreter: string }
  | { readonly kind: 'not-a-program'; readonly path: string; readonly what: string }
  | { readonly kind: 'unreadable'; readonly path: string; readonly code: string }
  /** It was started to ask for its version and failed: `output` is the end of what it said. */
  | { readonly kind: 'fails-to-start'; readonly path: string; readonly output: string };

export interface CodexBinary {
  /** As it was found, `/usr/local/bin/codex`. */
  readonly path: string;
  /** Where that leads; `null` when it leads nowhere. */
  readonly realPath: string | null;
  /** Position of its folder in `PATH`, from 0; `null` for a copy that no shell finds. */
  readonly pathIndex: number | null;
  readonly method: InstallMethod;
  readonly version: string | null;
  /** Folder of the `@openai/codex` package, of npm, pnpm and bun installs. */
  readonly packageRoot: string | null;
  /** The program that does the work; `null` when it cannot be found. */
  readonly native: string | null;
  readonly problem: BinaryProblem | null;
}
