/**
 * Is there room where Codex writes. There is no repair: what is set aside on the same disk frees nothing, and what is
 * deleted cannot be undone. So the dead weight is named with its size, and the person decides.
 */
import { type DeadWeight, type DiskSpace, readDeadWeight, readDiskSpace } from '../../codex/disk.ts';
import type { Reading } from '../../codex/reading.ts';
import type { Host } from '../../host.ts';
import { type Evidence, finding } from '../../knowledge/finding.ts';
import type { Check, CheckContext, CheckResult, FoundProblem } from '../check.ts';
import { shellWord, sizeText } from './state-text.ts';

const FULL_BYTES = 200 * 1024 * 1024;
const TIGHT_BYTES = 1024 * 1024 * 1024;
const FULL_INODES = 500;

const WHAT: Readonly<Record<DeadWeight['kind'], string>> = {
  'crash-dump': 'crash dump',
  'aborted-download': 'aborted git download',
  temporary: 'temporary files',
  'old-database': 'database of an older Codex',
  'database-backup': 'copies that Codex made before it rebuilt a database',
};

export const stateDiskCheck: Check = {
  id: 'steward.state-disk',
  category: 'state',
  title: 'disk space',
  finds: ['state.disk_full'],
  timeoutMs: 5_000,
  async run(context): Promise<CheckResult> {
    const places = await context.read(readDiskSpace);
    const known = places.filter(isOk).map(({ value }) => value);
    if (known.length === 0) {
      return { status: 'skipped', summary: 'the file system tells no sizes', details: {}, problems: [] };
    }
    const details = Object.fromEntries(known.map((space) => [space.path, describe(space)]));
    const tight = oneEachDisk(known.filter((space) => severityOf(space) !== null));
    return {
      status: tight.length > 0 ? 'problems' : 'ok',
      summary: known
        .map(describe)
        .filter((text, index, all) => all.indexOf(text) === index)
        .join('; '),
      details,
      problems: await Promise.all(tight.map((space) => problemOf(space, context))),
    };
  },
};

function isOk(reading: Reading<DiskSpace>): reading is Extract<Reading<DiskSpace>, { kind: 'ok' }> {
  return reading.kind === 'ok';
}

/** Two folders with the same numbers lie on the same disk. */
function oneEachDisk(spaces: readonly DiskSpace[]): readonly DiskSpace[] {
  return spaces.filter(
    (space, index) => spaces.findIndex((other) => other.freeBytes === space.freeBytes) === index,
  );
}

function describe({ freeBytes, totalBytes, freeInodes }: DiskSpace): string {
  const inodes = freeInodes !== null && freeInodes < FULL_INODES ? `, ${freeInodes} more files possible` : '';
  return `${sizeText(freeBytes)} of ${sizeText(totalBytes)} free${inodes}`;
}

function severityOf({ freeBytes, freeInodes }: DiskSpace): 'fail' | 'warn' | null {
  if (freeBytes < FULL_BYTES || (freeInodes !== null && freeInodes < FULL_INODES)) return 'fail';
  return freeBytes < TIGHT_BYTES ? 'warn' : null;
}

async function problemOf(space: DiskSpace, context: CheckContext): Promise<FoundProblem> {
  const dead = await context.read(readDeadWeight);
  const evidence: Evidence[] = [{ source: 'file', where: space.path, what: describe(space) }];
  for (const item of dead.slice(0, 8)) {
    evidence.push({ source: 'file', where: item.path, what: `${WHAT[item.kind]}, ${sizeText(item.bytes)}` });
  }
  const sum = dead.reduce((total, item) => total + item.bytes, 0);
  const severity = severityOf(space) ?? 'warn';
  return {
    finding: finding('state.disk_full', {
      subject: space.path,
      severity,
      actor: 'you',
      command: null,
      cause: `${describe(space)} on the disk of ${space.path}: Codex ${severity === 'fail' ? 'cannot write' : 'will soon be unable to write'} its sessions and databases.`,
      evidence,
      summary:
        dead.length > 0
          ? `Close Codex and remove what it no longer needs (${sizeText(sum)} here), or make room elsewhere; keep sessions/.`
          : 'Make room on this disk; Codex itself has nothing here that could go. Keep sessions/.',
      steps: [
        ...dead.slice(0, 8).map((item) => removal(item, context.host)),
        `Look for what else fills it: ${lookAround(space, context.host)}`,
      ],
    }),
  };
}

function removal(item: DeadWeight, host: Host): string {
  const word = shellWord(item.path, host.platform);
  const comment = `# ${WHAT[item.kind]}, ${sizeText(item.bytes)}`;
  if (host.platform === 'win32') return `Remove-Item -Recurse ${word}  ${comment}`;
  const sidecars = item.kind === 'old-database' ? ` ${word}-wal ${word}-shm` : '';
  return `rm -rf ${word}${sidecars}  ${comment}`;
}

function lookAround(space: DiskSpace, host: Host): string {
  if (host.platform === 'win32') return 'Settings, System, Storage';
  return `du -xh --max-depth=2 ${shellWord(host.userHome === '' ? space.path : host.userHome, host.platform)} | sort -h | tail -20`;
}
