/**
 * The network variables as the Codex process sees them: its environment, and over it `.env` of the Codex home.
 *
 * Measured with 0.133.0 and 0.169.0: `.env` wins over the environment, lines that are not assignments are skipped, and
 * every `CODEX_…` variable in it is ignored (so `CODEX_CA_CERTIFICATE` there does nothing, `SSL_CERT_FILE` works).
 */
import { join } from 'node:path';
import type { CodexReader } from './home.ts';
import { type DotenvLine, parseDotenv } from './network-dotenv.ts';
import { type Reading, readText } from './reading.ts';

export const PROXY_VARIABLES = [
  'HTTPS_PROXY',
  'https_proxy',
  'HTTP_PROXY',
  'http_proxy',
  'ALL_PROXY',
  'all_proxy',
  'NO_PROXY',
  'no_proxy',
] as const;

export const CA_VARIABLES = [
  'CODEX_CA_CERTIFICATE',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'NODE_EXTRA_CA_CERTS',
  'REQUESTS_CA_BUNDLE',
  'CURL_CA_BUNDLE',
] as const;

export interface NetworkVariable {
  readonly name: string;
  readonly value: string;
  readonly source: 'environment' | 'dotenv';
  /** `the environment`, or the file with its line. */
  readonly where: string;
  /** The assignment in `.env`. */
  readonly line: DotenvLine | null;
}

export interface NetworkEnvironment {
  /** What Codex sees, by name. An empty value is a value: it hides the lower-case twin. */
  readonly variables: ReadonlyMap<string, NetworkVariable>;
  /** Assignments in `.env` that Codex ignores because of their `CODEX_` name. */
  readonly ignored: readonly NetworkVariable[];
  readonly dotenv: Reading<readonly DotenvLine[]>;
}

const MAX_BYTES = 1024 * 1024;
const NAMES: ReadonlySet<string> = new Set([...PROXY_VARIABLES, ...CA_VARIABLES]);

/** Proxy and CA variables of this home. */
export const readNetworkEnvironment: CodexReader<NetworkEnvironment> = async ({ host, home }) => {
  const path = join(home.path, '.env');
  const text = await readText(path, MAX_BYTES);
  const dotenv: NetworkEnvironment['dotenv'] =
    text.kind === 'ok' ? { kind: 'ok', path, value: parseDotenv(text.value, host.env) } : text;

  const variables = new Map<string, NetworkVariable>();
  for (const name of NAMES) {
    const value = host.env[name];
    if (value !== undefined) {
      variables.set(name, {
        name,
        value,
        source: 'environment',
        where: `${name} in the environment`,
        line: null,
      });
    }
  }
  const ignored: NetworkVariable[] = [];
  for (const line of dotenv.kind === 'ok' ? dotenv.value : []) {
    if (!NAMES.has(line.name)) continue;
    const variable: NetworkVariable = {
      name: line.name,
      value: line.value,
      source: 'dotenv',
      where: `${path}:${line.line}`,
      line,
    };
    if (line.name.toUpperCase().startsWith('CODEX_')) ignored.push(variable);
    else variables.set(line.name, variable);
  }
  return { variables, ignored, dotenv };
};
