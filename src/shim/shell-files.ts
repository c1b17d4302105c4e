/** Which start-up files put the shim's folder in front of `PATH`, and the lines that do it. */
import { join } from 'node:path';
import type { Host } from '../host.ts';

export const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const;

export type Shell = (typeof SHELLS)[number];

export interface ShellFile {
  readonly shell: Shell;
  readonly path: string;
  /** Whether it is made when the user has none; the other files are left alone where they do not exist. */
  readonly mayCreate: boolean;
}

const BEGIN = '# >>> codex-steward shim >>>';
const END = '# <<< codex-steward shim <<<';

/** The files a shell reads when a person opens a terminal, those of a login shell included. */
export function shellFiles(host: Host, shell: Shell): readonly ShellFile[] {
  const home = host.userHome;
  const config = host.env.XDG_CONFIG_HOME || join(home, '.config');
  switch (shell) {
    case 'bash':
      return [
        { shell, path: join(home, '.bashrc'), mayCreate: true },
        // The first of these that exists is the only one that a login shell reads.
        { shell, path: join(home, '.bash_profile'), mayCreate: false },
        { shell, path: join(home, '.bash_login'), mayCreate: false },
        { shell, path: join(home, '.profile'), mayCreate: false },
      ];
    case 'zsh':
      return [{ shell, path: join(host.env.ZDOTDIR || home, '.zshrc'), mayCreate: true }];
    case 'fish':
      return [{ shell, path: join(config, 'fish', 'config.fish'), mayCreate: true }];
    case 'powershell':
      return host.platform === 'win32'
        ? [
            {
              shell,
              path: join(home, 'Documents', 'PowerShell', 'Microsoft.PowerShell_profile.ps1'),
              mayCreate: true,
            },
            {
              shell,
              path: join(home, 'Documents', 'WindowsPowerShell', 'Microsoft.PowerShell_profile.ps1'),
              mayCreate: false,
            },
          ]
        : [{ shell, path: join(config, 'powershell', 'Microsoft.PowerShell_profile.ps1'), mayCreate: true }];
  }
}

/** The shells whose start-up file is there, and the one that `SHELL` names. */
export async function shellsInUse(
  host: Host,
  exists: (path: string) => Promise<boolean>,
): Promise<readonly Shell[]> {
  const used: Shell[] = [];
  for (const shell of SHELLS) {
    const isDefault = shell === 'powershell' ? host.platform === 'win32' : host.env.SHELL?.endsWith(shell);
    const files = shellFiles(host, shell);
    const there = await Promise.all(files.map(({ path }) => exists(path)));
    if (isDefault || there.some(Boolean)) used.push(shell);
  }
  return used;
}

/** The block that puts the folder first, once. */
export function pathBlock(shell: Shell, folder: string): string {
  return `${BEGIN}\n${pathLine(shell, folder)}\n${END}\n`;
}

function pathLine(shell: Shell, folder: string): string {
  switch (shell) {
    case 'bash':
    case 'zsh': {
      const word = `"${folder.replaceAll(/[\\"$`]/g, '\\$&')}"`;
      return `case "$PATH" in ${word}:*) ;; *) PATH=${word}:"$PATH"; export PATH ;; esac`;
    }
    case 'fish': {
      const word = `'${folder.replaceAll(/[\\']/g, '\\$&')}'`;
      return `test "$PATH[1]" = ${word}; or set -gx PATH ${word} $PATH`;
    }
    case 'powershell': {
      const word = `'${folder.replaceAll("'", "''")}'`;
      return `if (-not $env:PATH.StartsWith(${word})) { $env:PATH = ${word} + [IO.Path]::PathSeparator + $env:PATH }`;
    }
  }
}

/** Where a block of ours stands in a file: UTF-16 offsets, the line end after it included. */
export function findBlock(text: string): { readonly start: number; readonly end: number } | null {
  const start = text.indexOf(BEGIN);
  if (start === -1) return null;
  const last = text.indexOf(END, start);
  if (last === -1) return null;
  let end = last + END.length;
  if (text.startsWith('\r\n', end)) end += 2;
  else if (text.startsWith('\n', end)) end += 1;
  return { start, end };
}
