/** The Codex of an editor's extension: "Codex process is not available" has its reason in one of two places. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readCodexBinaries } from '../../codex/binaries.ts';
import { ideExtensions } from '../../codex/binaries-places.ts';
import { readIdeSettings } from '../../codex/ide-settings.ts';
import { finding } from '../../knowledge/finding.ts';
import { isThere } from '../../storage/is-there.ts';
import type { Check, CheckContext, CheckResult, FoundProblem } from '../check.ts';
import { explainProblem } from './install-problem.ts';

export const ideCheck: Check = {
  id: 'steward.ide',
  category: 'install',
  title: 'Editor extensions',
  finds: ['install.ide_process'],
  timeoutMs: 8000,
  run,
};

async function run(context: CheckContext): Promise<CheckResult> {
  const { host } = context;
  const [binaries, extensions, settings] = await Promise.all([
    context.read(readCodexBinaries),
    ideExtensions(host),
    readIdeSettings(host),
  ]);
  if (extensions.length === 0 && settings.length === 0) {
    return { status: 'ok', summary: 'no editor extension of Codex', details: {}, problems: [] };
  }
  const problems: FoundProblem[] = [];
  for (const setting of settings) {
    const file = await stat(setting.executable).catch(() => null);
    const usable = file?.isFile() === true && (host.platform === 'win32' || (file.mode & 0o111) !== 0);
    if (usable) continue;
    const what = file === null ? 'does not exist' : 'is not an executable file';
    problems.push({
      finding: finding('install.ide_process', {
        subject: setting.file,
        cause: `The editor is told to start ${setting.executable}, which ${what}.`,
        evidence: [
          {
            source: 'file',
            where: `${setting.file}:${setting.line}`,
            what: `"chatgpt.cliExecutable": "${setting.executable}"`,
          },
          { source: 'file', where: setting.executable, what },
        ],
        summary: 'Remove the setting: the extension brings its own Codex.',
        steps: [
          `Delete "chatgpt.cliExecutable" at ${setting.file}:${setting.line}.`,
          'Reload the editor window.',
        ],
      }),
    });
  }
  for (const extension of extensions) {
    // Older extensions start the `codex` on PATH and bring none: nothing can be missing then.
    if (!(await isThere(join(extension, 'bin')))) continue;
    const own = binaries.find((binary) => binary.path.startsWith(extension));
    if (own !== undefined && own.problem === null) continue;
    const said = own?.problem == null ? null : explainProblem(own, own.problem);
    const cause =
      said?.cause ?? `${extension} has no Codex for this machine (${host.platform} ${host.arch}).`;
    problems.push({
      finding: finding('install.ide_process', {
        subject: extension,
        cause,
        evidence: [
          {
            source: 'file',
            where: said?.where ?? join(extension, 'bin'),
            what: said?.what ?? 'no program in it',
          },
        ],
        summary: 'Reinstall the extension for this machine.',
        steps: [
          'In the editor: Extensions, Codex, Uninstall, Reload, Install.',
          'If it stays: View, Output, Codex shows why the process ends.',
        ],
      }),
    });
  }
  return {
    status: problems.length > 0 ? 'problems' : 'ok',
    summary: problems[0]?.finding.cause ?? `${extensions.length} with a Codex that can be started`,
    details: { extensions, 'named executables': settings.map(({ executable }) => executable) },
    problems,
  };
}
