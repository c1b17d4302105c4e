/**
 * What the desktop app's own logs say about pairing: revoked clients, missing keys, environments that are gone.
 *
 * macOS: `~/Library/Logs/com.openai.codex/YYYY/MM/DD/codex-desktop-*.log` (documented by OpenAI). Windows: the same tree
 * below the app's local data (public reports). Only the newest days and files are read, and only their ends.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Host } from '../host.ts';
import { isPairingSuccess, type PairingNote, pairingNoteOf } from './enrollment-pairing-note.ts';
import { readTail } from './enrollment-tail.ts';
import type { CodexReader } from './home.ts';

const MAX_DAYS = 3;
const MAX_FILES = 6;
const MAX_BYTES = 512 * 1024;

export interface PairingNotes {
  /** Newest first. */
  readonly notes: readonly PairingNote[];
  /** Files looked at. */
  readonly files: readonly string[];
}

/** Pairing failures in the newest desktop logs and in `log/` of the home, without those that a later success settled. */
export const readPairingNotes: CodexReader<PairingNotes> = async ({ host, home }) => {
  const files = [
    ...(await newest(await dayFolders(host), /^codex-desktop-.*\.log$/)),
    ...(await newest([join(home.path, 'log')], /\.log$/)),
  ].slice(0, MAX_FILES);
  const notes = (await Promise.all(files.map(notesOf))).flat().sort((a, b) => b.at - a.at);
  return { notes, files };
};

/** A file of the app belongs to one of its runs: a success further down settles what stands above it. */
async function notesOf(path: string): Promise<readonly PairingNote[]> {
  const tail = await readTail(path, MAX_BYTES);
  if (tail.kind !== 'ok') return []; // gone or unreadable: the app's log is a help, not a source we depend on
  const { lines, mtimeMs } = tail.value;
  const settled = lines.findLastIndex(({ text }) => isPairingSuccess(text));
  return lines.slice(settled + 1).flatMap(({ text, where }) => {
    const note = pairingNoteOf(text, where, mtimeMs);
    return note === null ? [] : [note];
  });
}

/** The app writes one folder a day; the newest are taken. */
async function dayFolders(host: Host): Promise<readonly string[]> {
  const days: string[] = [];
  for (const root of logRoots(host)) {
    for (const year of await newestNames(root, /^\d{4}$/, 1)) {
      for (const month of await newestNames(join(root, year), /^\d\d$/, 2)) {
        for (const day of await newestNames(join(root, year, month), /^\d\d$/, MAX_DAYS)) {
          days.push(join(root, year, month, day));
        }
      }
    }
  }
  return days.slice(0, MAX_DAYS);
}

function logRoots(host: Host): readonly string[] {
  if (host.platform === 'darwin') return [join(host.userHome, 'Library', 'Logs', 'com.openai.codex')];
  const local = host.env.LOCALAPPDATA;
  if (host.platform !== 'win32' || local === undefined) return [];
  return [
    join(local, 'Packages', 'OpenAI.Codex_2p2nqsd0c76g0', 'LocalCache', 'Local', 'Codex', 'Logs'),
    join(local, 'Codex', 'Logs'),
  ];
}

async function newest(folders: readonly string[], name: RegExp): Promise<readonly string[]> {
  const found = await Promise.all(
    folders.map(async (folder) =>
      (await newestNames(folder, name, MAX_FILES)).map((file) => join(folder, file)),
    ),
  );
  return found.flat();
}

/** Names sort by time here: they are dates, or begin with what grows. */
async function newestNames(folder: string, name: RegExp, count: number): Promise<readonly string[]> {
  try {
    return (await readdir(folder))
      .filter((entry) => name.test(entry))
      .sort()
      .reverse()
      .slice(0, count);
  } catch {
    return []; // no such app, no such day
  }
}
