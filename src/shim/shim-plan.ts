/** Putting the shim in place and taking it away, as plans for the journal: both can be undone. */
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Reading, readText } from '../codex/reading.ts';
import { StewardError, systemCode } from '../errors.ts';
import type { Host } from '../host.ts';
import { fingerprint } from '../storage/fingerprint.ts';
import type { RepairPlan, Step } from '../storage/steps.ts';
import { SHIM_MARK } from './script-posix.ts';
import { findBlock, pathBlock, SHELLS, type Shell, shellFiles } from './shell-files.ts';
import { type ShimFile, shimFolder } from './shim-state.ts';

const MAX_BYTES = 1024 * 1024;

/** The plan that writes the files and puts their folder first on `PATH` in those shells; `null` when all is in place. */
export async function planShimInstall(
  host: Host,
  files: readonly ShimFile[],
  shells: readonly Shell[],
): Promise<RepairPlan | null> {
  const folder = shimFolder(host);
  const steps: Step[] = [];
  const folderNow = await fingerprint(folder);
  if (folderNow.kind === 'absent') {
    steps.push({ kind: 'make-folder', path: folder, expect: folderNow, mode: 0o755 });
  }
  for (const file of files) {
    const reading = await readText(file.path, MAX_BYTES);
    if (reading.kind === 'ok' && reading.value === file.content) continue;
    if (reading.kind === 'ok' && !reading.value.slice(0, 400).includes(SHIM_MARK)) {
      throw new StewardError('ERR_SHIM_FOREIGN_FILE', 'user', `${file.path} is not a shim of ours`, {
        hint: 'Move it away, then run `steward shim install` again.',
      });
    }
    steps.push({
      kind: 'write-file',
      path: file.path,
      expect: await fingerprint(file.path),
      content: file.content,
      mode: 0o755,
    });
  }
  for (const shell of shells) steps.push(...(await blockSteps(host, shell, folder)));
  if (steps.length === 0) return null;
  return {
    repairId: 'shim.install',
    summary: `Put a codex with steward in front on PATH (${folder}).`,
    steps,
    requiresStopped: 'nothing',
  };
}

/** The plan that takes the block out of every start-up file and the files out of their folder; `null`: nothing is there. */
export async function planShimUninstall(host: Host, names: readonly string[]): Promise<RepairPlan | null> {
  const steps: Step[] = [];
  for (const { path } of SHELLS.flatMap((shell) => shellFiles(host, shell))) {
    const reading = await readText(path, MAX_BYTES);
    const block = reading.kind === 'ok' ? findBlock(reading.value) : null;
    if (block === null) continue;
    const before = reading.kind === 'ok' ? reading.value.slice(0, block.start) : '';
    // The line end before the block was ours too: an empty line, or the one that the user's last line did not have.
    const start = block.start - (/\r?\n$/.exec(before)?.[0].length ?? 0);
    steps.push({
      kind: 'text-edit',
      path,
      expect: await fingerprint(path),
      splices: [{ start, end: block.end, text: '' }],
      mustParse: null,
    });
  }
  for (const path of await ownPaths(host, names)) {
    const expect = await fingerprint(path);
    if (expect.kind !== 'absent') steps.push({ kind: 'move-aside', path, expect, sidecars: [] });
  }
  if (steps.length === 0) return null;
  return {
    repairId: 'shim.uninstall',
    summary: 'Take the codex with steward in front off PATH.',
    steps,
    requiresStopped: 'nothing',
  };
}

/** The shim's folders as a whole, or only the files when somebody put something of their own there. */
async function ownPaths(host: Host, names: readonly string[]): Promise<readonly string[]> {
  const folder = shimFolder(host);
  const inFolder = await namesIn(folder);
  if (inFolder.some((name) => !names.includes(join(folder, name)))) return names;
  const parent = dirname(folder);
  return (await namesIn(parent)).every((name) => join(parent, name) === folder) ? [parent] : [folder];
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}

async function blockSteps(host: Host, shell: Shell, folder: string): Promise<readonly Step[]> {
  const steps: Step[] = [];
  const block = pathBlock(shell, folder);
  let hasLoginFile = false;
  for (const { path, mayCreate } of shellFiles(host, shell)) {
    const reading = await readText(path, MAX_BYTES);
    if (reading.kind === 'missing') {
      if (!mayCreate) continue;
      const parent = dirname(path);
      const parentNow = await fingerprint(parent);
      if (parentNow.kind === 'absent') {
        steps.push({ kind: 'make-folder', path: parent, expect: parentNow, mode: 0o755 });
      }
      const expect = await fingerprint(path);
      steps.push({ kind: 'write-file', path, expect, content: block, mode: 0o644 });
      continue;
    }
    if (!mayCreate && hasLoginFile) continue; // bash reads only the first of its login files
    if (!mayCreate) hasLoginFile = true;
    steps.push(...(await editStep(path, requireText(reading), block)));
  }
  return steps;
}

async function editStep(path: string, text: string, block: string): Promise<readonly Step[]> {
  const present = findBlock(text);
  const lineEnd = text.includes('\r\n') ? '\r\n' : '\n';
  const wanted = block.replaceAll('\n', lineEnd);
  if (present !== null && text.slice(present.start, present.end) === wanted) return [];
  const gap = text === '' ? '' : lineEnd;
  const splice =
    present === null
      ? { start: text.length, end: text.length, text: gap + wanted }
      : { start: present.start, end: present.end, text: wanted };
  const expect = await fingerprint(path);
  return [{ kind: 'text-edit', path, expect, splices: [splice], mustParse: null }];
}

function requireText(reading: Reading<string>): string {
  if (reading.kind === 'ok') return reading.value;
  const why = reading.kind === 'missing' ? 'it is gone' : reading.message;
  throw new StewardError('ERR_SHIM_SHELL_FILE', 'environment', `${reading.path} cannot be edited: ${why}`, {
    hint: 'Name other shells with --shell, or use --no-path and set PATH yourself.',
  });
}
