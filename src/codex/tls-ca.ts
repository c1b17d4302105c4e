/**
 * The extra certificate authorities of the Codex process.
 *
 * Measured with 0.133.0 and 0.169.0: `CODEX_CA_CERTIFICATE` counts before `SSL_CERT_FILE`, an empty value is no value, and
 * the file is added to the system's roots. A file that is missing, empty or not PEM is dropped with a log line, and Codex
 * goes on without it; parts of it refuse to work. `SSL_CERT_DIR` and the variables of other programs do nothing.
 */
import { X509Certificate } from 'node:crypto';
import { resolve } from 'node:path';
import { type CodexReader, type CodexScope, readIn } from './home.ts';
import { CA_VARIABLES, type NetworkVariable, readNetworkEnvironment } from './network-env.ts';
import { readBytes } from './reading.ts';

export type CaBundle =
  | { readonly kind: 'ok'; readonly certificates: readonly X509Certificate[] }
  | { readonly kind: 'missing' }
  | { readonly kind: 'empty' }
  | { readonly kind: 'not-pem' }
  | { readonly kind: 'unreadable'; readonly code: string };

export interface CaSetting {
  readonly variable: NetworkVariable;
  /** Absolute. */
  readonly path: string;
  /** Whether Codex takes its authorities from it. */
  readonly honoured: boolean;
  readonly bundle: CaBundle;
}

export interface CaSettings {
  /** Those that are set and not empty. */
  readonly settings: readonly CaSetting[];
  /** `CODEX_CA_CERTIFICATE` in `.env`, which Codex ignores. */
  readonly ignored: readonly NetworkVariable[];
}

/** System bundles are below 1 MB. */
const MAX_BYTES = 16 * 1024 * 1024;
const BLOCK =
  /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[\s\S]*?-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;

/** The CA variables in play, each with what its file holds. */
export const readCaSettings: CodexReader<CaSettings> = async (scope) => {
  const env = await readIn(scope, readNetworkEnvironment);
  const set = CA_VARIABLES.map((name) => env.variables.get(name)).filter(
    (v) => v !== undefined && v.value !== '',
  );
  const honoured = set.find((v) => v?.name === 'CODEX_CA_CERTIFICATE' || v?.name === 'SSL_CERT_FILE');
  const settings = await Promise.all(
    set
      .filter((variable) => variable !== undefined)
      .filter((variable) => variable.name !== 'SSL_CERT_DIR')
      .map((variable) => readSetting(scope, variable, variable === honoured)),
  );
  return { settings, ignored: env.ignored };
};

async function readSetting(
  scope: CodexScope,
  variable: NetworkVariable,
  honoured: boolean,
): Promise<CaSetting> {
  const path = resolve(scope.host.cwd, variable.value);
  return { variable, path, honoured, bundle: await readCaBundle(path) };
}

/** The certificates of a PEM file; unreadable blocks in it are left out. */
export async function readCaBundle(path: string): Promise<CaBundle> {
  const bytes = await readBytes(path, MAX_BYTES);
  if (bytes.kind === 'missing') return { kind: 'missing' };
  if (bytes.kind !== 'ok')
    return { kind: 'unreadable', code: bytes.kind === 'unreadable' ? bytes.code : 'EUNKNOWN' };
  const text = bytes.value.toString('latin1');
  if (text.trim() === '') return { kind: 'empty' };
  const certificates = (text.match(BLOCK) ?? []).flatMap((block) => {
    try {
      return [new X509Certificate(block.replaceAll(/(BEGIN|END) (?:TRUSTED|X509) /g, '$1 '))];
    } catch {
      return []; // one bad block does not spoil the others
    }
  });
  return certificates.length === 0 ? { kind: 'not-pem' } : { kind: 'ok', certificates };
}
