/**
 * Names for everything the lab invents, drawn from a seed: the same seed and the same order of requests give the
 * same ids, so that a recorded session can be compared with the next one.
 */
import { createHash } from 'node:crypto';

export interface LabIds {
  /** `length` hexadecimal characters (at most 64). */
  hex(length: number): string;
  uuid(): string;
  /** A short code that a person can type, such as `KQTX-4821`. */
  code(): string;
  /** 32 bytes for a signing key; the same for the same seed, whatever was drawn before. */
  keyBytes(): Buffer;
}

const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ';

/** A generator that draws from `seed` alone. */
export function createIds(seed: string): LabIds {
  let drawn = 0;
  const next = () => createHash('sha256').update(`${seed}:${drawn++}`).digest();
  return {
    hex: (length) => next().toString('hex').slice(0, length),
    uuid: () => {
      const bytes = next();
      bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
      bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
      const hex = bytes.toString('hex');
      return [
        hex.slice(0, 8),
        hex.slice(8, 12),
        hex.slice(12, 16),
        hex.slice(16, 20),
        hex.slice(20, 32),
      ].join('-');
    },
    code: () => {
      const bytes = next();
      const letters = [...bytes.subarray(0, 4)].map((byte) => LETTERS[byte % LETTERS.length]).join('');
      return `${letters}-${String(bytes.readUInt16BE(4) % 10_000).padStart(4, '0')}`;
    },
    keyBytes: () => createHash('sha256').update(`${seed}:signing-key`).digest(),
  };
}
