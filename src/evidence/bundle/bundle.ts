/**
 * Drafts to a zip: scrubbed, kept below the limit with every omission named, and proved free of this machine's secrets
 * on the very bytes that go into it.
 */
import { strToU8, unzipSync, zipSync } from 'fflate';
import { StewardError } from '../../errors.ts';
import type { Scrubber } from '../scrubber.ts';
import type { Draft } from './contents.ts';

export interface BundleFile {
  readonly name: string;
  readonly about: string;
  readonly text: string;
  readonly bytes: number;
}

export interface Bundle {
  readonly files: readonly BundleFile[];
  /** Left out or cut, to stay below the limit; a sentence each. */
  readonly omitted: readonly string[];
  readonly zip: Uint8Array;
}

export interface BundleOptions {
  readonly scrubber: Scrubber;
  /** Of all texts together, unpacked. */
  readonly maxBytes: number;
  /** Epoch ms. */
  readonly now: number;
  readonly stewardVersion: string;
}

/** Makes the bundle. Throws `ERR_BUNDLE_SECRET` rather than to give out one secret, `ERR_BUNDLE_SIZE` if the core alone is too large. */
export function createBundle(drafts: readonly Draft[], options: BundleOptions): Bundle {
  const { scrubber, maxBytes } = options;
  const all = drafts.map((draft) => ({ draft, file: toFile(draft, scrubber) }));
  const omitted: string[] = [];
  const kept = new Set(all);
  const total = () => [...kept].reduce((sum, { file }) => sum + file.bytes, README_BYTES);
  const order = all
    .filter(({ draft }) => draft.expendable > 0)
    .sort((a, b) => b.draft.expendable - a.draft.expendable);
  for (const each of order) {
    if (total() <= maxBytes) break;
    kept.delete(each);
    omitted.push(
      `${each.file.name} (${each.file.bytes} bytes) was left out: the bundle would be larger than ${maxBytes} bytes.`,
    );
  }
  if (total() > maxBytes)
    throw new StewardError('ERR_BUNDLE_SIZE', 'user', `the report alone is larger than ${maxBytes} bytes`, {
      hint: 'Allow more with --max-mb.',
    });
  const contents = all.filter((each) => kept.has(each)).map(({ file }) => file);
  const readme = fileOf('README.md', 'this page', scrubber.text(renderReadme(contents, omitted, options)));
  const files = [readme, ...contents];
  for (const { name, text } of files) prove(name, text, scrubber);
  const mtime = new Date(options.now);
  const zip = zipSync(Object.fromEntries(files.map(({ name, text }) => [name, strToU8(text)])), {
    level: 9,
    mtime,
  });
  const unpacked = Object.keys(unzipSync(zip));
  if (unpacked.length !== files.length)
    throw new StewardError('ERR_BUNDLE_ZIP', 'bug', 'the zip does not hold what was put into it');
  return { files, omitted, zip };
}

/** Room for the README, which is written last. */
const README_BYTES = 16 * 1024;

function toFile({ name, about, content }: Draft, scrubber: Scrubber): BundleFile {
  if (content.kind === 'text') return fileOf(scrubber.text(name), about, scrubber.text(content.text));
  const text = `${JSON.stringify(scrubber.data(content.value), bigintToText, 2)}\n`;
  return fileOf(scrubber.text(name), about, scrubber.hasSecret(text) ? scrubber.text(text) : text);
}

function bigintToText(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

function fileOf(name: string, about: string, text: string): BundleFile {
  return { name, about, text, bytes: Buffer.byteLength(text) };
}

function prove(name: string, text: string, scrubber: Scrubber): void {
  if (!scrubber.hasSecret(text) && !scrubber.hasSecret(name)) return;
  throw new StewardError(
    'ERR_BUNDLE_SECRET',
    'bug',
    `${scrubber.text(name)} would hold a secret of this machine; nothing was written`,
  );
}

function renderReadme(
  files: readonly BundleFile[],
  omitted: readonly string[],
  options: BundleOptions,
): string {
  const rows = files.map(({ name, about, bytes }) => `| \`${name}\` | ${bytes} | ${about} |`);
  const left =
    omitted.length === 0 ? ['Nothing was left out for its size.'] : omitted.map((line) => `- ${line}`);
  return `# What is in this bundle

Made by codex-steward ${options.stewardVersion} on ${new Date(options.now).toISOString()}, on the machine it describes.

| file | bytes | what it is |
|---|---|---|
${rows.join('\n')}

## Left out

${left.join('\n')}

## Secrets

Tokens, keys, passwords, cookies and e-mail addresses were replaced by \`<redacted>\` or shortened: by the names under which they
stand, by their shape, by their randomness, and by value, for every secret found in the Codex home and in the environment, also
in part and in base64 and URL encoding. The finished files were searched once more before they were packed. The home folder is
written \`~\`. Request, thread and session ids are kept, because OpenAI finds a request by them. Conversations are not in here:
a log line stays as it is only where it comes from a part of Codex that never sees what is said (connections, logins, settings,
files); of any other the time, the part and the ids stay. Files of your own (\`added/\`) are as you gave them, without secrets.
`;
}
