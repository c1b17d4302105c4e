/** What to type into the search of openai/codex for a text that no known failure explains: its own rarest words, no secrets. */
import { redact } from '../storage/redact.ts';

export interface SearchTerms {
  /** For GitHub's search; empty where the text holds nothing worth searching. */
  readonly terms: string;
  readonly url: string;
}

const MAX_WORDS = 8;
const COMPLAINS =
  /error|fail|denied|refused|unexpected|invalid|cannot|could not|timed? ?out|panick|unable|not /i;
const STOP =
  /^(?:the|and|for|from|with|that|this|was|were|has|have|had|are|you|your|its|into|while|when|please|redacted|info|warn|debug|trace|codex)$/i;

/** `others`: what the text may be, whose lines were singled out. */
export function searchTerms(
  text: string,
  others: readonly { readonly evidence: readonly { readonly text: string }[] }[],
): SearchTerms {
  const shown = others.flatMap(({ evidence }) => evidence.map((each) => each.text));
  const lines = [...shown, ...text.split('\n')].map((line) => redact(line).slice(0, 400));
  const line = lines.find((each) => COMPLAINS.test(each)) ?? lines.find((each) => each.trim() !== '') ?? '';
  const words = plain(line)
    .split(/\s+/)
    .filter((word) => word.length > 2 && !STOP.test(word))
    .slice(0, MAX_WORDS);
  const terms = words.join(' ');
  const query = new URLSearchParams({ q: `is:issue ${terms}` });
  return { terms, url: `https://github.com/openai/codex/issues?${query}` };
}

/** Without times, addresses, paths, ids, numbers: they are this machine's. Status codes and error names stay. */
function plain(line: string): string {
  return line
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)?/g, ' ')
    .replace(/\b[a-z][a-z0-9+.-]{1,15}:\/\/\S+/gi, ' ')
    .replace(/(?:^|\s)(?:~|\.{0,2})?[/\\][^\s"']+|\b[A-Za-z]:\\[^\s"']+/g, ' ')
    .replace(/\S*[…@]\S*|<redacted>|\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\b(?:req|resp|thread|item)_\w+/gi, ' ')
    .replace(/\b(?![45]\d\d\b)\d[\d.:,]*\b/g, ' ')
    .replace(/[^\p{L}\p{N}_.:-]+/gu, ' ')
    .replace(/(?<![\p{L}\p{N}])[.:-]+|[.:-]+(?![\p{L}\p{N}])/gu, ' ');
}
