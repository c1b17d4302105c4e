/** The settings of editors that name the `codex` which the extension is to start (`chatgpt.cliExecutable`). */
import { join } from 'node:path';
import type { Host } from '../host.ts';
import { readText } from './reading.ts';

export interface IdeSetting {
  /** The settings file. */
  readonly file: string;
  /** Counts from 1. */
  readonly line: number;
  readonly executable: string;
}

const MAX_BYTES = 2 * 1024 * 1024;
const EDITORS = ['Code', 'Code - Insiders', 'Cursor', 'Windsurf', 'VSCodium'];
/** Editors that run on this machine for a window elsewhere (SSH, WSL). */
const SERVERS = ['.vscode-server', '.cursor-server'];

/** The settings that are there; a file that is missing or damaged holds none. */
export async function readIdeSettings(host: Host): Promise<readonly IdeSetting[]> {
  const found: IdeSetting[] = [];
  for (const file of settingsFiles(host)) {
    const text = await readText(file, MAX_BYTES);
    if (text.kind !== 'ok' || !text.value.includes('chatgpt.cliExecutable')) continue;
    const { findNodeAtLocation, parseTree } = await import('jsonc-parser');
    const tree = parseTree(text.value);
    const node = tree === undefined ? undefined : findNodeAtLocation(tree, ['chatgpt.cliExecutable']);
    if (node === undefined || typeof node.value !== 'string' || node.value === '') continue;
    const line = text.value.slice(0, node.offset).split('\n').length;
    found.push({ file, line, executable: node.value });
  }
  return found;
}

function settingsFiles(host: Host): string[] {
  const base =
    host.platform === 'darwin'
      ? join(host.userHome, 'Library', 'Application Support')
      : host.platform === 'win32'
        ? (host.env.APPDATA ?? join(host.userHome, 'AppData', 'Roaming'))
        : (host.env.XDG_CONFIG_HOME ?? join(host.userHome, '.config'));
  return [
    ...EDITORS.map((editor) => join(base, editor, 'User', 'settings.json')),
    ...SERVERS.map((server) => join(host.userHome, server, 'data', 'Machine', 'settings.json')),
  ];
}
