/**
 * Injects one fault into a home made by the real binary, and follows it: found? what does the official doctor say?
 * repaired and verified? undone to the last byte? Used by `fault-suite.ts` and `bench/faults.ts`.
 */
import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FailureId } from '../../src/knowledge/ids.ts';
import { type FaultWorld, type Layout, makeWorld } from './fault-world.ts';
import type { CodexAlias } from './real-codex.ts';
import { codexBinary, runProgram } from './real-codex.ts';

const STEWARD = fileURLToPath(new URL('../../dist/steward.cjs', import.meta.url));

export interface Fault {
  /** What was done to the machine, as a short sentence: "auth.json cut in half". */
  readonly name: string;
  readonly id: FailureId;
  readonly layout?: Layout;
  /** Does it; may return what has to be undone outside the world's folders (a process, a port). */
  inject(world: FaultWorld): Promise<(() => Promise<void>) | undefined> | Promise<void>;
  /** Further arguments of `steward doctor`, such as `--live`. */
  readonly args?: readonly string[];
  /** Whether this fault has a repair on this machine; `false` for faults that the user, an admin or time must mend. */
  readonly repairable: boolean;
  /** Files that the fault's own background process keeps changing; left out of the byte comparison. */
  readonly volatile?: readonly string[];
}

export interface FaultResult {
  readonly fault: Fault;
  readonly alias: CodexAlias;
  readonly found: boolean;
  /** Other `fail` findings that the fault brought up, by id. */
  readonly alsoFailed: readonly string[];
  readonly repaired: boolean | null;
  readonly undone: boolean | null;
  /** What the official `codex doctor` says of it: its failing or warning checks, or `ok`; `null` when it was not asked. */
  readonly official: string | null;
  /** Why something is not as it should be, for the test's message. */
  readonly trouble: readonly string[];
}

interface DoctorJson {
  readonly findings: readonly { id: string; severity: string; subject: string; cause: string }[];
  readonly repairs?: readonly { id: string; result: string; reason?: string }[];
}

/** Runs one fault from a fresh world to the undo. `askOfficial`: have the official doctor look at it too. */
export async function runFault(
  fault: Fault,
  alias: CodexAlias,
  { askOfficial = false }: { readonly askOfficial?: boolean } = {},
): Promise<FaultResult> {
  const world = await makeWorld(alias, fault.layout ?? 'npm');
  const trouble: string[] = [];
  const cleanUp = (await fault.inject(world)) ?? (async () => {});
  const snapshot = async () => {
    const tree = await treeOf(world.root, fault.volatile);
    return fault.args?.includes('--live') ? withoutOfficialTraces(tree) : tree;
  };
  try {
    const before = await snapshot();
    const seen = await doctor(world, fault.args ?? []);
    const changed = difference(before, await snapshot());
    if (changed !== '') trouble.push(`a plain doctor run changed files: ${changed}`);
    const found = seen.findings.some((finding) => finding.id === fault.id);
    if (!found)
      trouble.push(`not found; findings: ${seen.findings.map((finding) => finding.id).join(', ') || 'none'}`);
    const alsoFailed = seen.findings
      .filter((finding) => finding.severity === 'fail' && finding.id !== fault.id)
      .map((finding) => finding.id);
    const official = askOfficial ? await officialVerdict(world) : null;

    let repaired: boolean | null = null;
    let undone: boolean | null = null;
    if (fault.repairable && found) {
      // The official doctor may have written housekeeping files: compare against what is there now.
      const faulty = await snapshot();
      const fixed = await doctor(world, ['--fix', '--yes', '--only', fault.id, ...(fault.args ?? [])]);
      const mine = fixed.repairs?.filter((repair) => repair.id === fault.id) ?? [];
      repaired =
        mine.some((repair) => repair.result === 'repaired') &&
        !fixed.findings.some((finding) => finding.id === fault.id && finding.severity === 'fail');
      if (!repaired)
        trouble.push(
          `not repaired: ${JSON.stringify(mine)} ${fixed.findings.map((f) => f.cause).join(' | ')}`,
        );
      for (let n = mine.filter((repair) => repair.result === 'repaired').length; n > 0; n -= 1) {
        const undo = await steward(world, ['undo', '--json']);
        if (undo.code !== 0) trouble.push(`undo failed: ${undo.stdout}${undo.stderr}`);
      }
      const left = difference(faulty, await snapshot());
      undone = left === '';
      if (!undone) trouble.push(`undo left a difference: ${left}`);
    }
    return { fault, alias, found, alsoFailed, repaired, undone, official, trouble };
  } finally {
    await cleanUp();
    await world.remove();
  }
}

/** The ids of all findings that are not mere information, in a world without any fault. */
export async function healthyFindings(
  alias: CodexAlias,
  layout: Layout,
  login: 'chatgpt' | 'apikey',
): Promise<readonly string[]> {
  const world = await makeWorld(alias, layout, login);
  try {
    const seen = await doctor(world, []);
    return seen.findings.filter((f) => f.severity !== 'info').map((f) => `${f.id}: ${f.cause}`);
  } finally {
    await world.remove();
  }
}

async function doctor(world: FaultWorld, args: readonly string[]): Promise<DoctorJson> {
  const ran = await steward(world, ['doctor', '--json', ...args]);
  if (ran.code !== 0 && ran.code !== 1)
    throw new Error(`steward doctor ended with ${ran.code}: ${ran.stdout}${ran.stderr}`);
  return JSON.parse(ran.stdout) as DoctorJson;
}

function steward(world: FaultWorld, args: readonly string[]) {
  return runProgram(process.execPath, [STEWARD, ...args], { env: world.env, cwd: world.project });
}

async function officialVerdict(world: FaultWorld): Promise<string> {
  const env = { ...world.env, HTTPS_PROXY: 'http://127.0.0.1:9', HTTP_PROXY: 'http://127.0.0.1:9' };
  const ran = await runProgram(codexBinary(world.alias), ['doctor', '--json'], { env, cwd: world.project });
  try {
    const report = JSON.parse(ran.stdout) as { checks: Record<string, { status: string }> };
    const bad = Object.entries(report.checks)
      // These look at the network and the terminal, which a test machine does not have.
      .filter(
        ([id, check]) => check.status !== 'ok' && !/^(network|updates|terminal|runtime\.search)/.test(id),
      )
      .map(([id, check]) => `${id} ${check.status}`);
    return bad.length === 0 ? 'ok' : bad.join(', ');
  } catch {
    return `no report (exit ${ran.code})`;
  }
}

/** Every path below the folder with its kind, mode, owner and content hash; steward's own folder is left out. */
export async function treeOf(
  folder: string,
  volatile: readonly string[] = [],
): Promise<ReadonlyMap<string, string>> {
  const tree = new Map<string, string>();
  const walk = async (path: string, name: string): Promise<void> => {
    const stat = await lstat(path);
    const owner = `${(stat.mode & 0o7777).toString(8)} ${stat.uid}:${stat.gid}`;
    if (stat.isDirectory()) {
      if (path.endsWith('.codex/steward')) return;
      if (name !== '') tree.set(name, `folder ${owner}`);
      for (const child of await readdir(path))
        await walk(join(path, child), name === '' ? child : `${name}/${child}`);
    } else if (volatile.some((end) => name.endsWith(end))) {
      return;
    } else if (stat.isSymbolicLink()) tree.set(name, `link ${await readlink(path)}`);
    else if (stat.isFile()) tree.set(name, `file ${owner} ${await contentHash(path, stat.size)}`);
    else tree.set(name, `other ${owner}`);
  };
  await walk(folder, '');
  return tree;
}

/**
 * `--live` runs the official doctor on the real home, which opens every database there and links itself into `tmp/`:
 * SQLite's shared memory, empty write-ahead logs and those links come, change and stay. All that holds data is compared.
 */
function withoutOfficialTraces(tree: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const empty = createHash('sha256').digest('hex');
  const isTrace = (name: string, what: string) =>
    name.endsWith('.sqlite-shm') ||
    (name.endsWith('.sqlite-wal') && what.endsWith(empty)) ||
    /^\.codex\/tmp(\/|$)/.test(name);
  return new Map([...tree].filter(([name, what]) => !isTrace(name, what)));
}

/** Binaries and huge sparse files are told apart by size: reading them would take longer than the test. */
async function contentHash(path: string, size: number): Promise<string> {
  if (size > 64 * 1024 * 1024) return `size ${size}`;
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

/** The first few paths that differ between two trees. */
function difference(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): string {
  const names = new Set([...a.keys(), ...b.keys()]);
  return [...names]
    .filter((name) => a.get(name) !== b.get(name))
    .slice(0, 5)
    .map((name) => `${name}: ${a.get(name) ?? 'absent'} → ${b.get(name) ?? 'absent'}`)
    .join('; ');
}
