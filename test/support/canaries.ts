/** Invented secrets that are planted everywhere in a world, and looked for in whatever comes out. */
import { createHash } from 'node:crypto';
import { unsignedJwt } from './codex-home.ts';

/** 30 letters and digits, the same in every run. */
function core(name: string): string {
  const digest = createHash('sha512').update(`canary ${name}`).digest('base64');
  return digest.replaceAll(/[^A-Za-z0-9]/g, '').slice(0, 30);
}

export interface Canaries {
  readonly key: (name: string) => string;
  readonly refresh: (name: string) => string;
  readonly jwt: (name: string) => string;
  /** Nothing tells that it is one but the place where it stands. */
  readonly word: (name: string) => string;
  readonly email: (name: string) => string;
  /** Which of all that was asked for stand in that text, whole or in parts, plain or encoded. */
  readonly leaks: (text: string) => readonly string[];
}

/** How much of a secret in a row is too much. */
const PART = 10;

export function createCanaries(): Canaries {
  const planted = new Map<string, readonly string[]>();
  const plant = (label: string, secret: string, ...parts: readonly string[]): string => {
    planted.set(label, parts);
    return secret;
  };
  return {
    key: (name) => plant(`key ${name}`, `sk-proj-${core(`key ${name}`)}`, core(`key ${name}`)),
    refresh: (name) => plant(`refresh ${name}`, `rt_${core(`rt ${name}`)}`, core(`rt ${name}`)),
    jwt: (name) => {
      const account = core(`jwt ${name}`);
      const token = unsignedJwt({ exp: 4_000_000_000, email: `${account}@example.test`, sub: account });
      const [, payload = ''] = token.split('.');
      return plant(`jwt ${name}`, token, account, payload.slice(20, 80));
    },
    word: (name) => plant(`word ${name}`, core(`word ${name}`), core(`word ${name}`)),
    email: (name) => {
      const local = core(`mail ${name}`).toLowerCase();
      return plant(`e-mail ${name}`, `${local}@example.test`, local);
    },
    leaks: (text) => {
      const labels = new Map<string, string>();
      for (const [label, parts] of planted)
        for (const part of parts) for (const piece of piecesOf(part)) labels.set(piece, label);
      const found = new Set<string>();
      for (const form of readable(text)) {
        for (const piece of piecesOf(form)) {
          const label = labels.get(piece);
          if (label !== undefined) found.add(label);
        }
      }
      return [...found];
    },
  };
}

/** Every run of that many characters. */
function* piecesOf(text: string): Generator<string> {
  for (let at = 0; at + PART <= text.length; at += 1) yield text.slice(at, at + PART);
}

/**
 * The text as it stands, without line breaks, with escapes undone, what its base64 words decode to (also joined over line
 * breaks, also twice), and what its hexadecimal digits and numbered letters spell.
 */
function readable(text: string): readonly string[] {
  const joined = text.replaceAll(/\s+/g, '');
  const byte = (_: string, hex: string) => String.fromCharCode(Number.parseInt(hex, 16));
  const unescaped = text
    .replaceAll(/(?:%|\\x|\\u00|&#x)([0-9a-f]{2});?/gi, byte)
    .replaceAll(/&#(\d{2,3});/g, (_, code: string) => String.fromCharCode(Number(code)));
  const decoded = fromBase64(text);
  const hex = (text.match(/(?:[0-9a-f]{2}[ :-]?){8,}/gi) ?? []).map((run) =>
    Buffer.from(run.replaceAll(/[ :-]/g, ''), 'hex').toString('latin1'),
  );
  return [text, joined, unescaped, decoded, fromBase64(decoded), fromBase64(joined), hex.join('\n')];
}

/** A word may begin anywhere in a group of four. */
function fromBase64(text: string): string {
  const words = text.match(/[A-Za-z0-9+/_=-]{16,}/g) ?? [];
  return words
    .flatMap((word) => [0, 1, 2, 3].map((skip) => Buffer.from(word.slice(skip), 'base64').toString('latin1')))
    .join('\n');
}
