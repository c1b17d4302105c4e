/**
 * A certificate authority and server certificates made on the spot, for tests of TLS: real ones, without the openssl
 * program, which a clean machine may not have.
 */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

export interface MadeCertificate {
  readonly commonName: string;
  /** PEM. */
  readonly certificate: string;
  readonly privateKey: string;
  readonly key: KeyObject;
}

/** A self-signed authority. */
export function makeAuthority(commonName: string): MadeCertificate {
  return make(commonName, null, []);
}

/** A certificate for those DNS names, and for 127.0.0.1, signed by that authority. */
export function makeServerCertificate(names: readonly string[], authority: MadeCertificate): MadeCertificate {
  return make(names[0] ?? 'localhost', authority, names);
}

function make(
  commonName: string,
  authority: MadeCertificate | null,
  names: readonly string[],
): MadeCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const algorithm = sequence(oid([1, 2, 840, 10045, 4, 3, 2])); // ecdsa-with-SHA256
  const now = Date.now();
  const body = sequence(
    tlv(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    name(authority?.commonName ?? commonName),
    sequence(time(now - 86_400_000), time(now + 30 * 86_400_000)),
    name(commonName),
    spki,
    tlv(0xa3, sequence(...(authority === null ? authorityExtensions(spki) : serverExtensions(names)))),
  );
  const signature = sign('sha256', body, authority?.key ?? privateKey);
  const der = sequence(body, algorithm, tlv(0x03, Buffer.from([0]), signature));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return {
    commonName,
    certificate: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    key: privateKey,
  };
}

function authorityExtensions(spki: Buffer): Buffer[] {
  const keyId = createHash('sha1').update(spki).digest();
  return [
    extension([2, 5, 29, 19], sequence(tlv(0x01, Buffer.from([0xff])))), // basicConstraints: CA
    extension([2, 5, 29, 15], tlv(0x03, Buffer.from([1, 0x06]))), // keyUsage: certificate and list signing
    extension([2, 5, 29, 14], tlv(0x04, keyId)),
  ];
}

function serverExtensions(names: readonly string[]): Buffer[] {
  const entries = [
    ...names.map((dns) => tlv(0x82, Buffer.from(dns))),
    tlv(0x87, Buffer.from([127, 0, 0, 1])),
  ];
  return [
    extension([2, 5, 29, 17], sequence(...entries)), // subjectAltName
    extension([2, 5, 29, 37], sequence(oid([1, 3, 6, 1, 5, 5, 7, 3, 1]))), // extendedKeyUsage: serverAuth
  ];
}

function extension(id: readonly number[], value: Buffer): Buffer {
  return sequence(oid(id), tlv(0x04, value));
}

function name(commonName: string): Buffer {
  return sequence(tlv(0x31, sequence(oid([2, 5, 4, 3]), tlv(0x0c, Buffer.from(commonName)))));
}

function time(at: number): Buffer {
  const digits = new Date(at).toISOString().replace(/\D/g, '').slice(2, 14);
  return tlv(0x17, Buffer.from(`${digits}Z`));
}

function oid(parts: readonly number[]): Buffer {
  const [first = 0, second = 0, ...rest] = parts;
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const groups = [part & 0x7f];
    for (let left = part >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return tlv(0x06, Buffer.from(bytes));
}

function integer(value: Buffer): Buffer {
  return tlv(0x02, value);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tlv(0x30, ...parts);
}

function tlv(tag: number, ...parts: readonly Buffer[]): Buffer {
  const value = Buffer.concat(parts);
  const length =
    value.length < 128
      ? [value.length]
      : value.length < 256
        ? [0x81, value.length]
        : [0x82, value.length >> 8, value.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), value]);
}
