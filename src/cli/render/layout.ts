/** Text layout shared by all screens: wrapping below an indent, aligned columns, short paths and durations. */
import getStringWidth from 'fast-string-width';
import { wrapAnsi } from 'fast-wrap-ansi';

/** The text wrapped to `width` columns, every line after the first starting with `indent` spaces. */
export function hang(text: string, width: number, indent: number): string {
  const room = Math.max(20, width - indent);
  if (text.length <= room && /^[!-~](?:[ -~]*[!-~])?$/.test(text)) return text; // it fits: lists are long
  const lines = wrapAnsi(text, room, { hard: false, trim: true }).split('\n');
  return lines.join(`\n${' '.repeat(indent)}`);
}

/** Rows with their cells padded to equal display width; the last cell is left as it is. */
export function columns(rows: readonly (readonly string[])[], gap = 2): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, getStringWidth(cell));
    });
  }
  return rows.map((row) =>
    row
      .map((cell, index) => (index === row.length - 1 ? cell : padEnd(cell, (widths[index] ?? 0) + gap)))
      .join('')
      .trimEnd(),
  );
}

function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - getStringWidth(text)));
}

/** `~/…` for a path in the user's home. */
export function tilde(path: string, userHome: string): string {
  return path === userHome || path.startsWith(`${userHome}/`) ? `~${path.slice(userHome.length)}` : path;
}

/** The text with every mention of the user's home folder shortened. */
export function tildeText(text: string, userHome: string): string {
  return userHome.length > 1 ? text.replaceAll(`${userHome}/`, '~/') : text;
}

/** `0.4 s`, `12 s`, `3 min`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  return `${Math.round(ms / 60_000)} min`;
}

/** `1 check`, `3 checks`. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}
