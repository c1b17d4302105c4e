/** For which system a program file was built, by its first bytes: ELF (Linux), Mach-O (macOS), PE (Windows). */
import { type FileHandle, open, stat } from 'node:fs/promises';
import { systemCode } from '../errors.ts';

export interface ProgramHeader {
  readonly format: 'elf' | 'mach-o' | 'pe' | 'script' | 'other';
  /** As Node names them; empty when unknown. A universal Mach-O has two. */
  readonly arches: readonly string[];
  /** The dynamic loader of an ELF file, or the program in a script's first line; `null` for a static program. */
  readonly interpreter: string | null;
  /** The first bytes as text, of a script. */
  readonly text: string;
}

const READ_BYTES = 8192;

/** The header of that file, or the system's code when it cannot be read. Looks at the first 8 KiB only. */
export async function readProgramHeader(path: string): Promise<ProgramHeader | { readonly code: string }> {
  let handle: FileHandle | undefined;
  try {
    if (!(await stat(path)).isFile()) return { code: 'NOT_A_FILE' }; // opening a pipe would wait for its writer
    handle = await open(path, 'r');
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(READ_BYTES), 0, READ_BYTES, 0);
    return parseProgramHeader(buffer.subarray(0, bytesRead));
  } catch (error) {
    return { code: systemCode(error) ?? 'EUNKNOWN' };
  } finally {
    await handle?.close();
  }
}

/** Reads a header out of the first bytes of a file; `other` for anything it does not know, never throws. */
export function parseProgramHeader(bytes: Buffer): ProgramHeader {
  const nothing: ProgramHeader = { format: 'other', arches: [], interpreter: null, text: '' };
  if (bytes.subarray(0, 4).equals(Buffer.from('\x7fELF', 'latin1'))) return parseElf(bytes) ?? nothing;
  if (bytes.subarray(0, 2).equals(Buffer.from('MZ'))) {
    const at = bytes.length >= 64 ? bytes.readUInt32LE(60) : bytes.length;
    return {
      ...nothing,
      format: 'pe',
      arches: at + 6 <= bytes.length ? peArch(bytes.readUInt16LE(at + 4)) : [],
    };
  }
  if (bytes.subarray(0, 2).equals(Buffer.from('#!'))) {
    const text = bytes.toString('utf8');
    const words = (text.slice(2).split('\n')[0] ?? '').trim().split(/\s+/);
    return { ...nothing, format: 'script', interpreter: words[0] ?? null, text };
  }
  if (bytes.length >= 8) {
    const magic = bytes.readUInt32BE(0);
    if (magic === 0xcffaedfe)
      return { ...nothing, format: 'mach-o', arches: machArch(bytes.readUInt32LE(4)) };
    if (magic === 0xcafebabe && bytes.readUInt32BE(4) < 20) {
      const count = Math.min(bytes.readUInt32BE(4), Math.floor((bytes.length - 8) / 20));
      const arches = Array.from({ length: count }, (_, index) =>
        machArch(bytes.readUInt32BE(8 + index * 20)),
      );
      return { ...nothing, format: 'mach-o', arches: arches.flat() };
    }
  }
  return nothing;
}

/** 64-bit little-endian only: Codex exists for nothing else. */
function parseElf(bytes: Buffer): ProgramHeader | null {
  if (bytes.length < 64 || bytes[4] !== 2 || bytes[5] !== 1) return null;
  const machine = bytes.readUInt16LE(18);
  const arches = machine === 0x3e ? ['x64'] : machine === 0xb7 ? ['arm64'] : [`machine ${machine}`];
  const [offset, size, count] = [bytes.readBigUInt64LE(32), bytes.readUInt16LE(54), bytes.readUInt16LE(56)];
  let interpreter: string | null = null;
  for (let index = 0; index < count; index += 1) {
    const at = Number(offset) + index * size;
    if (at + 56 > bytes.length) break;
    if (bytes.readUInt32LE(at) !== 3) continue; // PT_INTERP
    const start = Number(bytes.readBigUInt64LE(at + 8));
    const end = start + Number(bytes.readBigUInt64LE(at + 32));
    if (end <= bytes.length) interpreter = bytes.toString('utf8', start, end).replace(/\0.*$/s, '');
  }
  return { format: 'elf', arches, interpreter, text: '' };
}

function machArch(cpu: number): string[] {
  if (cpu === 0x0100000c) return ['arm64'];
  return cpu === 0x01000007 ? ['x64'] : [];
}

function peArch(machine: number): string[] {
  if (machine === 0x8664) return ['x64'];
  return machine === 0xaa64 ? ['arm64'] : [];
}
