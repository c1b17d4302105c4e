/**
 * Loads the program's chunks with the code that V8 compiled for them on an earlier run: compiling anew is a quarter of
 * what the doctor takes. Node 22 does the same by itself (`module.enableCompileCache`); this is for Node 20 and goes with it.
 *
 * Compiled code is kept beside the chunks and nowhere else: whoever can write there can change the program itself, which
 * is not so in a temporary folder. Where steward may not write, each run compiles. A chunk's name holds the hash of its
 * text, so kept code never meets another text; V8 itself refuses code of another V8 or of other flags.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import module from 'node:module';
import { basename, join } from 'node:path';
import process from 'node:process';
import { Script } from 'node:vm';

/** Chunks that one dynamic import brought in, and their compiled code: a file each, so that it holds what that use runs. */
interface Group {
  readonly file: string;
  readonly kept: ReadonlyMap<string, Buffer>;
  readonly scripts: Map<string, Script>;
  stale: boolean;
}

export interface ChunkLoader {
  /**
   * The exports of that chunk. Only what a run calls is compiled; `use` names what the chunk is loaded for where runs call
   * different things, so that each use has its own.
   */
  load(name: string, use?: string): unknown;
  /** Keeps what was compiled on this run for the next ones; call it when the work is done. */
  keep(): void;
}

/** A loader of the chunks in `folder`. What they require with `./` is a chunk too; all else is Node's to find. */
export function createChunkLoader(folder: string): ChunkLoader {
  const keptFolder = join(folder, `compiled-${process.version}-${process.platform}-${process.arch}`);
  const loaded = new Map<string, { exports: unknown }>();
  const groups: Group[] = [];
  let current: Group | undefined;
  const others = module.createRequire(join(folder, 'chunk.cjs'));

  function load(name: string, use?: string): unknown {
    const known = loaded.get(name);
    if (known !== undefined) return known.exports;
    if (current !== undefined) return run(name, current);
    const file = join(keptFolder, use === undefined ? `${name}.bin` : `${name}.${use}.bin`);
    current = { file, kept: readKept(file), scripts: new Map(), stale: false };
    groups.push(current);
    try {
      return run(name, current);
    } finally {
      current = undefined;
    }
  }

  function run(name: string, group: Group): unknown {
    const filename = join(folder, name);
    const cachedData = group.kept.get(name);
    const script = new Script(module.wrap(readFileSync(filename, 'utf8')), { filename, cachedData });
    if (cachedData === undefined || script.cachedDataRejected === true) group.stale = true;
    group.scripts.set(name, script);
    const chunk: { exports: unknown } = { exports: {} };
    loaded.set(name, chunk);
    script.runInThisContext()(chunk.exports, requireFrom, chunk, filename, folder);
    return chunk.exports;
  }

  function requireFrom(name: string): unknown {
    return name.startsWith('./') ? load(basename(name)) : others(name);
  }

  return {
    load,
    keep: () => {
      for (const { file, scripts, stale } of groups) if (stale) keepGroup(keptFolder, file, scripts);
    },
  };
}

function readKept(file: string): ReadonlyMap<string, Buffer> {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch {
    return new Map(); // none yet, or not readable: compiled anew, and kept again if possible
  }
  return unpack(bytes) ?? new Map();
}

function keepGroup(folder: string, file: string, scripts: ReadonlyMap<string, Script>): void {
  const fresh = `${file}.${process.pid}`;
  try {
    mkdirSync(folder, { recursive: true });
    const descriptor = openSync(fresh, 'wx');
    try {
      writeSync(descriptor, pack(scripts));
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(fresh, file);
  } catch {
    // Somebody else's folder, a full disk: the next run compiles, which only takes longer.
    try {
      rmSync(fresh, { force: true });
    } catch {
      // No such folder.
    }
  }
}

const DIGEST_BYTES = 32;

/** A digest of all that follows, a line with names and lengths, and the compiled code. */
function pack(scripts: ReadonlyMap<string, Script>): Buffer {
  const chunks = [...scripts].map(([name, script]) => ({ name, code: script.createCachedData() }));
  const index = JSON.stringify(chunks.map(({ name, code }) => [name, code.length]));
  const rest = Buffer.concat([Buffer.from(`${index}\n`), ...chunks.map(({ code }) => code)]);
  return Buffer.concat([digestOf(rest), rest]);
}

/** `undefined` for what `pack` did not write: V8 does not look itself whether code is damaged, and dies of it. */
function unpack(bytes: Buffer): ReadonlyMap<string, Buffer> | undefined {
  const rest = bytes.subarray(DIGEST_BYTES);
  if (!digestOf(rest).equals(bytes.subarray(0, DIGEST_BYTES))) return undefined;
  let offset = rest.indexOf('\n') + 1;
  const index = JSON.parse(rest.toString('utf8', 0, offset)) as [name: string, length: number][];
  const kept = new Map<string, Buffer>();
  for (const [name, length] of index) {
    kept.set(name, rest.subarray(offset, offset + length));
    offset += length;
  }
  return kept;
}

function digestOf(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}
