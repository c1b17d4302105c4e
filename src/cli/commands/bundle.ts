/** `steward bundle`: everything a maintainer needs, in one zip, shown before it is written. */
import { resolve } from 'node:path';
import process from 'node:process';
import { resolveCodexHome } from '../../codex/home.ts';
import { EXIT, StewardError } from '../../errors.ts';
import { type Bundle, createBundle } from '../../evidence/bundle/bundle.ts';
import { draftBundle } from '../../evidence/bundle/contents.ts';
import { hasGaps, NEW_ISSUE_URL } from '../../evidence/bundle/issue-body.ts';
import { createHost } from '../../host.ts';
import { writeFileAtomic } from '../../storage/atomic-file.ts';
import { gatherReport } from '../gather-report.ts';
import type { CommandDeps } from '../main.ts';
import { renderBundlePreview } from '../render/bundle.ts';
import type { Terminal } from '../render/terminal.ts';

export interface BundleOptions {
  readonly yes?: boolean;
  readonly out?: string;
  readonly dryRun?: boolean;
  readonly live?: boolean;
  /** Text files to add: the output of the command that failed. */
  readonly add?: readonly string[];
  readonly maxMb?: number;
  readonly json?: boolean;
}

const DEFAULT_MAX_MB = 5;

/** Shows what would be packed and, with consent, writes it. Throws `ERR_BUNDLE_CONSENT` where nobody can be asked. */
export async function runBundle(options: BundleOptions, { terminal, signal }: CommandDeps): Promise<number> {
  const host = createHost();
  const scope = { host, home: resolveCodexHome(host), signal };
  const gathered = await gatherReport(scope, terminal, options.live === true);
  const extra = (options.add ?? []).map((path) => resolve(host.cwd, path));
  const bundle = createBundle(await draftBundle(scope, gathered, extra), {
    scrubber: gathered.scrubber,
    maxBytes: (options.maxMb ?? DEFAULT_MAX_MB) * 1024 * 1024,
    now: host.now(),
    stewardVersion: gathered.report.stewardVersion,
  });
  const path = resolve(host.cwd, options.out ?? defaultName(host.now()));
  const isDry = options.dryRun === true;
  if (!options.json) {
    terminal.out(renderBundlePreview(bundle, terminal));
    if (isDry) terminal.out(`\n${terminal.paint('bold', 'issue.md')}\n\n${issueOf(bundle)}\n`);
  }
  const written = !isDry && (await isWanted(options, path, terminal));
  if (written) await writeFileAtomic(path, bundle.zip, { mode: 0o600 });
  if (options.json) {
    const files = bundle.files.map(({ name, about, bytes }) => ({ name, about, bytes }));
    const { omitted, zip } = bundle;
    const payload = {
      files,
      omitted,
      bytes: zip.length,
      path,
      written,
      issueUrl: NEW_ISSUE_URL,
      issueBody: issueOf(bundle),
    };
    terminal.out(`${JSON.stringify({ schemaVersion: 1, command: 'bundle', ...payload }, null, 2)}\n`);
    return EXIT.ok;
  }
  if (!written) {
    terminal.out(isDry ? '\nNothing was written.\n' : 'Nothing was written, as you wished.\n');
    return EXIT.ok;
  }
  const gaps = hasGaps(issueOf(bundle)) ? ', with gaps that only you can fill' : '';
  terminal.out(`\n${terminal.paint('green', '✔')} Written to ${path}\n`);
  terminal.out(
    `${terminal.paint('cyan', '→')} The text of a bug report is in issue.md${gaps}: ${NEW_ISSUE_URL}\n`,
  );
  return EXIT.ok;
}

async function isWanted(options: BundleOptions, path: string, terminal: Terminal): Promise<boolean> {
  if (options.yes === true) return true;
  if (!terminal.interactive || options.json === true) {
    throw new StewardError(
      'ERR_BUNDLE_CONSENT',
      'user',
      'nothing was written: nobody is there to agree to it',
      {
        hint: 'Look at it with --dry-run, then write it with --yes.',
        exitCode: EXIT.usage,
      },
    );
  }
  const { confirm, isCancel } = await import('@clack/prompts');
  const answer = await confirm({
    message: `Write it to ${path}? It stays on this machine until you hand it on.`,
    initialValue: true,
    output: process.stderr,
  });
  if (isCancel(answer))
    throw new StewardError('ERR_INTERRUPTED', 'user', 'Interrupted; nothing was written.', {
      exitCode: EXIT.interrupted,
    });
  return answer;
}

function issueOf({ files }: Bundle): string {
  return files.find(({ name }) => name === 'issue.md')?.text ?? '';
}

/** `codex-bundle-20260727-093000.zip`, in UTC. */
function defaultName(now: number): string {
  const stamp = new Date(now).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  return `codex-bundle-${stamp}.zip`;
}
