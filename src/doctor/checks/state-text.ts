/** Sizes and paths as the findings of this topic print them. */

/** `1.5 GB`, in steps of 1,000 as disks are sold and `df -H` prints them. */
export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value >= 10 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** A path as one word of a shell command of that system. */
export function shellWord(path: string, platform: NodeJS.Platform): string {
  if (platform === 'win32') return `'${path.replaceAll("'", "''")}'`; // PowerShell
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
