/** Lines of the desktop app's log that speak of a controller's enrolment or of an environment that is gone. */
import { redact } from '../storage/redact.ts';

export interface PairingNote {
  readonly kind: 'client-revoked' | 'key-missing' | 'environment-gone';
  /** Epoch ms: of the line, else of the file. */
  readonly at: number;
  readonly where: string;
  /** The line, redacted and cut. */
  readonly text: string;
  /** `cli_…` ids in the line. */
  readonly clientIds: readonly string[];
  /** `env_…` ids in the line. */
  readonly environmentIds: readonly string[];
}

/** What that line reports, or `null`. */
export function pairingNoteOf(line: string, where: string, fallbackAt: number): PairingNote | null {
  const kind = kindOf(line);
  if (kind === null) return null;
  const stamp = Date.parse(/\d{4}-\d\d-\d\d[T ][\d:.]+Z?/.exec(line)?.[0] ?? '');
  return {
    kind,
    at: Number.isNaN(stamp) ? fallbackAt : stamp,
    where,
    text: redact(line.trim()).slice(0, 300),
    clientIds: idsIn(line, 'cli'),
    environmentIds: idsIn(line, 'env'),
  };
}

/** A controller's enrolment or token refresh that went well: earlier complaints are settled by it. */
export function isPairingSuccess(line: string): boolean {
  return (
    /remote[-_ ]?control/i.test(line) &&
    /client[/_ -](?:enroll|refresh)[/_ -]finish/i.test(line) &&
    /\b(?:status|statusCode)["=: ]+2\d\d\b|\b(?:succeeded|success)\b/i.test(line)
  );
}

function kindOf(line: string): PairingNote['kind'] | null {
  if (/client has been revoked/i.test(line)) return 'client-revoked';
  if (/client key material missing/i.test(line)) return 'key-missing';
  const gone =
    /\benvironment(?:\s+["'`]?env_[\w-]+["'`]?)? (?:was |is |has )?(?:not found|gone|deleted|unknown)|environment_not_found|no longer exists/i;
  return idsIn(line, 'env').length > 0 && gone.test(line) ? 'environment-gone' : null;
}

function idsIn(line: string, prefix: 'cli' | 'env'): readonly string[] {
  return [...new Set(line.match(new RegExp(`\\b${prefix}_[A-Za-z0-9-]{4,}`, 'g')) ?? [])];
}
