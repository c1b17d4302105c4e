/** The authorities that the Codex process trusts: the system's, and those of its CA variable. */
import { access } from 'node:fs/promises';
import * as tls from 'node:tls';
import { type Host, systemPath } from '../host.ts';
import { type CaSettings, readCaBundle } from './tls-ca.ts';

export interface TrustedRoots {
  /** For a handshake; made once, because taking in some hundred certificates costs tens of milliseconds. */
  readonly secureContext: tls.SecureContext;
  /** Where they come from, for the report. */
  readonly sources: readonly string[];
  /** Whether the system's own store could be read; without it "not trusted" may be wrong. */
  readonly systemSeen: boolean;
}

/** Where Linux distributions and the BSDs keep the bundle; the first that exists counts. */
const BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
  '/usr/local/share/certs/ca-root-nss.crt',
];

/** The roots for a handshake. Where the system keeps none, Node's own copy of Mozilla's list, as Codex carries one too. */
export async function readTrustedRoots(host: Host, settings: CaSettings): Promise<TrustedRoots> {
  const system = await systemRoots(host);
  const honoured = settings.settings.find((setting) => setting.honoured);
  const extra = honoured?.bundle.kind === 'ok' ? honoured.bundle.certificates.map(String) : [];
  return {
    secureContext: trust([...system.certificates, ...tls.rootCertificates, ...extra]),
    sources: [
      system.source ?? 'the Mozilla list in Node (the system store cannot be read here)',
      ...(extra.length === 0 || honoured === undefined
        ? []
        : [`${honoured.variable.where}: ${honoured.path}`]),
    ],
    systemSeen: system.source !== null,
  };
}

/** A context that trusts these certificates (PEM) and no others. */
export function trust(certificates: readonly string[]): tls.SecureContext {
  return tls.createSecureContext({ ca: [...certificates] });
}

async function systemRoots(host: Host): Promise<{ certificates: readonly string[]; source: string | null }> {
  if (host.platform === 'darwin') return macRoots(host);
  if (host.platform === 'win32') return nodeSystemRoots();
  for (const path of BUNDLES.map((bundle) => systemPath(host, bundle))) {
    try {
      await access(path);
    } catch {
      continue; // another distribution's place
    }
    const bundle = await readCaBundle(path);
    if (bundle.kind === 'ok') return { certificates: bundle.certificates.map(String), source: path };
  }
  return { certificates: [], source: null };
}

async function macRoots(host: Host): Promise<{ certificates: readonly string[]; source: string | null }> {
  const keychains = [
    '/Library/Keychains/System.keychain',
    `${host.userHome}/Library/Keychains/login.keychain-db`,
  ];
  const ran = await host.run('security', ['find-certificate', '-a', '-p', ...keychains], { timeoutMs: 5000 });
  if (ran.kind !== 'exited' || ran.code !== 0) return { certificates: [], source: null };
  const blocks = ran.stdout.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  return { certificates: blocks, source: 'the system keychain' };
}

/** Node 22.15 and later can read the Windows store. */
function nodeSystemRoots(): { certificates: readonly string[]; source: string | null } {
  const read: unknown = Reflect.get(tls, 'getCACertificates');
  if (typeof read !== 'function') return { certificates: [], source: null };
  const found: unknown = read('system');
  if (!Array.isArray(found)) return { certificates: [], source: null };
  return { certificates: found.filter((pem) => typeof pem === 'string'), source: 'the system store' };
}
