/** The preview of a feedback bundle: each file, its size, what it is, and what was left out. */
import type { Bundle } from '../../evidence/bundle/bundle.ts';
import { columns } from './layout.ts';
import type { Terminal } from './terminal.ts';

/** The screen before anything is written, ending with a newline. */
export function renderBundlePreview({ files, omitted, zip }: Bundle, terminal: Terminal): string {
  const { paint } = terminal;
  const rows = files.map(({ name, about, bytes }) => [`  ${name}`, sizeWords(bytes), paint('dim', about)]);
  const lines = [paint('bold', `The bundle (${sizeWords(zip.length)} packed)`), ...columns(rows)];
  for (const line of omitted) lines.push(`${paint('yellow', '▲')} ${line}`);
  lines.push(
    '',
    'Secrets are removed: by name, by shape, by randomness, and every one found on this machine by value.',
    'No conversation is in it: of a log line that may quote one, only the time, the part of Codex and the ids stay.',
  );
  return `${lines.join('\n')}\n`;
}

function sizeWords(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 * 1024 ? `${Math.round(bytes / 1024)} kB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
