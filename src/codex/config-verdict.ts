/**
 * What the installed Codex itself says about a configuration: the only judge that knows every key of every version.
 *
 * It is asked with a copy in a private temporary folder (`codex login status` loads the configuration, prints one line
 * and ends in about 10 ms, without network), so the real home is not touched: Codex creates folders in the home it runs
 * with. The credential store is forced to a file, because a keyring might ask the person for a password.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host } from '../host.ts';
import { PROBE_VARIABLE } from './processes.ts';

export type ConfigVerdict =
  | { readonly kind: 'accepted' }
  /** `message` is Codex's own; `line` and `column` where it names them. */
  | {
      readonly kind: 'refused';
      readonly message: string;
      readonly line: number | null;
      readonly column: number | null;
    }
  /** It could not be asked, or said something we do not know. */
  | { readonly kind: 'unknown'; readonly reason: string };

const REFUSAL = /^Error loading configuration: ([\s\S]*)/m;
const PLACE = /^.*config\.toml:(\d+):(\d+): /;

/** Asks that native binary about that text. Never throws, needs no network, leaves nothing behind. */
export async function askCodexAboutConfig(
  host: Host,
  native: string,
  text: string,
  signal: AbortSignal,
): Promise<ConfigVerdict> {
  const folder = await mkdtemp(join(tmpdir(), 'steward-config-'));
  try {
    await writeFile(join(folder, 'config.toml'), text, { mode: 0o600 });
    const args = ['login', 'status', '-c', 'cli_auth_credentials_store="file"'];
    const result = await host.run(native, args, {
      cwd: folder,
      env: { PATH: host.env.PATH, HOME: host.userHome, CODEX_HOME: folder, [PROBE_VARIABLE]: '1' },
      timeoutMs: 3000,
      maxBytes: 64 * 1024,
      signal,
    });
    if (result.kind !== 'exited') return { kind: 'unknown', reason: `codex ${result.kind}` };
    return verdictOf(`${result.stdout}\n${result.stderr}`, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function verdictOf(output: string, folder: string): ConfigVerdict {
  const refusal = REFUSAL.exec(output)?.[1];
  if (refusal === undefined) {
    return /^(Not logged in|Logged in|API key configured|Error checking login status)/m.test(output)
      ? { kind: 'accepted' }
      : { kind: 'unknown', reason: 'codex login status said something unexpected' };
  }
  const lines = refusal.trim().split('\n');
  const first = lines[0] ?? '';
  // A file that the configuration names relative to its folder is not beside the copy; that is no fault of its own.
  if (first.includes(folder) && /failed to read|os error/i.test(first)) {
    return { kind: 'unknown', reason: 'a file beside the configuration is needed to judge it' };
  }
  if (first.includes('/etc/codex/'))
    return { kind: 'unknown', reason: 'a system-wide file is refused first' };
  const place = PLACE.exec(first);
  return {
    kind: 'refused',
    message: place ? first.slice(place[0].length) : first,
    line: place ? Number(place[1]) : null,
    column: place ? Number(place[2]) : null,
  };
}
