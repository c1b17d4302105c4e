/** Words of strangers (servers, files) on one line of a terminal, where escape sequences would be obeyed. */

/** A word for people or logs: one line, no control characters, not too long; `null` when nothing is left. */
export function plainText(value: unknown, maxLength = 80): string | null {
  if (typeof value !== 'string') return null;
  const text = value
    .slice(0, 4 * maxLength)
    .replaceAll(/[\p{C}\s]+/gu, ' ')
    .trim()
    .slice(0, maxLength)
    .trim();
  return text === '' ? null : text;
}
