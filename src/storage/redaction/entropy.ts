/**
 * Strings that nobody would type: long runs in which letters, capitals and digits alternate at random. Words, versions,
 * CamelCase names, paths, uuids, request ids and named checksums stay.
 */
import { REDACTED } from './secret-names.ts';

const MIN_LENGTH = 20;
const RUN = /[A-Za-z0-9+/_=~-]{20,}/g;
const UUID = /[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}/;
/** Identifiers that servers give out to be quoted in bug reports. */
const IDENTIFIER =
  /(?<![A-Za-z0-9])(?:req|resp|msg|call|rs|fc|ws|item|thread|turn|env|conv|org|user|proj|run|step|evt|batch|file|chatcmpl|task|device|client|cli|srv|cus|acct|ctc|exec|ig)[_-]+[A-Za-z0-9]{8,}(?![A-Za-z0-9+/=])/;
const CF_RAY = /(?<![0-9a-f])[0-9a-f]{16}-[A-Z]{3}(?![A-Za-z0-9])/;
const INTEGRITY = /(?<![A-Za-z0-9])sha(?:1|256|384|512)-[A-Za-z0-9+/]{20,}={0,2}/;
const NIX_STORE = /\/nix\/store\/[0-9a-z]{32}-/;
const HARMLESS = new RegExp(
  [UUID, IDENTIFIER, CF_RAY, INTEGRITY, NIX_STORE].map((pattern) => pattern.source).join('|'),
  'g',
);
/** What stands before a hexadecimal string that is a checksum or an identifier. */
const NAMES_A_HASH =
  /(?:sha-?\d*|digest|checksum|md5|etag|hash|commit|revision|rev|git|blob|tree|trace|span|request|ray|fingerprint)[\w-]{0,12}["'\s:=@([/\\-]{0,6}$/i;
const PATH_START =
  /^["'`([{<=:,]*(?:[\w.-]+[=:])?["'`]?(?:~[/\\]|\.{1,2}[/\\]|[A-Za-z]:[\\/]|(?:file:\/\/)?\/(?:home|Users|usr|opt|var|tmp|private|nix|mnt|root|etc|Applications|Library|srv|snap|proc|run|dev|Volumes|data|work|workspace)\/)/;

/** The text with every random-looking string replaced. Linear: each word and each run is looked at once. */
export function redactHighEntropy(text: string): string {
  return text.replace(/\S{20,}/g, (word, offset: number) => {
    const inPath = PATH_START.test(word.slice(0, 80));
    let result = '';
    let done = 0;
    for (const match of word.matchAll(HARMLESS)) {
      result += redactRuns(word.slice(done, match.index), text, offset + done, inPath) + match[0];
      done = match.index + match[0].length;
    }
    return result + redactRuns(word.slice(done), text, offset + done, inPath);
  });
}

function redactRuns(part: string, text: string, offset: number, inPath: boolean): string {
  return part.replace(RUN, (run, at: number) => {
    const before = text.slice(Math.max(0, offset + at - 40), offset + at);
    if (!inPath && run.includes('/') && isRandom(run, 0.25, before)) return REDACTED;
    return run
      .split('/')
      .map((segment) => {
        if (segment.length < MIN_LENGTH) return segment;
        // A path names files, also temporary and content-addressed ones; only what is far too long for that goes.
        if (inPath && segment.length < 40) return segment;
        return isRandom(segment, 0.16, before) ? REDACTED : segment;
      })
      .join('/');
  });
}

/**
 * Counts the changes between small letters, capitals and digits, except a capital that starts a word. Random base64,
 * base36 and hexadecimal change at 40 to 47 % of their characters, CamelCase names at about 12 %.
 */
function isRandom(run: string, rate: number, before: string): boolean {
  if (/^[0-9a-fA-F]+$/.test(run)) {
    return run.length >= 32 && !/^\d+$/.test(run) && !NAMES_A_HASH.test(before);
  }
  let changes = 0;
  let digits = 0;
  let last = '';
  for (const character of run) {
    const kind = kindOf(character);
    if (kind === 'digit') digits++;
    if (kind !== last && kind !== '' && last !== '' && !(last === 'capital' && kind === 'small')) changes++;
    last = kind;
  }
  return changes >= Math.max(4, rate * run.length) && (digits > 0 || changes >= 0.3 * run.length);
}

function kindOf(character: string): 'small' | 'capital' | 'digit' | '' {
  if (character >= 'a' && character <= 'z') return 'small';
  if (character >= 'A' && character <= 'Z') return 'capital';
  return character >= '0' && character <= '9' ? 'digit' : '';
}
