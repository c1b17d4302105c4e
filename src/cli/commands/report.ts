/** `steward report`: one object that says how this Codex is: versions, accounts, findings, remote control, logs, surroundings. */
import { resolve } from 'node:path';
import { resolveCodexHome } from '../../codex/home.ts';
import { EXIT } from '../../errors.ts';
import { createHost } from '../../host.ts';
import { writeFileAtomic } from '../../storage/atomic-file.ts';
import { gatherReport } from '../gather-report.ts';
import type { CommandDeps } from '../main.ts';
import { renderHealthReport } from '../render/health-report.ts';

export interface ReportOptions {
  readonly live?: boolean;
  readonly json?: boolean;
  readonly out?: string;
}

/** Shows or writes the report; 0 whatever it says. Throws `ERR_STORAGE_FILE` when `--out` cannot be written. */
export async function runHealthReport(
  options: ReportOptions,
  { terminal, signal }: CommandDeps,
): Promise<number> {
  const host = createHost();
  const scope = { host, home: resolveCodexHome(host), signal };
  const { report } = await gatherReport(scope, terminal, options.live === true);
  const text = `${JSON.stringify(report, null, 2)}\n`;
  const path = options.out === undefined ? null : resolve(host.cwd, options.out);
  if (path !== null) await writeFileAtomic(path, text, { mode: 0o600 });
  if (options.json) terminal.out(text);
  else {
    terminal.out(renderHealthReport(report, terminal));
    const next =
      path === null
        ? `${terminal.paint('bold', 'steward report --json')}  gives all of it; ${terminal.paint('bold', 'steward bundle')} packs it with the logs`
        : `Report written to ${path}`;
    terminal.out(`\n${terminal.paint('cyan', '→')} ${next}\n`);
  }
  return EXIT.ok;
}
