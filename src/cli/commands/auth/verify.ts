/** `steward auth verify`: whether the files are where they should be and can be used, and whether flagged accounts live. */
import { EXIT } from '../../../errors.ts';
import { openAuthSession } from '../../auth-session.ts';
import type { CommandDeps } from '../../main.ts';
import { tilde } from '../../render/layout.ts';
import { verifyPaths } from './verify-paths.ts';

export interface VerifyOptions {
  readonly paths?: boolean;
  readonly flagged?: boolean;
  readonly all?: boolean;
  readonly dryRun?: boolean;
  readonly restore?: boolean;
  readonly json?: boolean;
}

/** `--paths` (also without any flag), `--flagged`, or `--all`; 1 when a step fails. */
export async function runVerify(options: VerifyOptions, deps: CommandDeps): Promise<number> {
  const mode = options.all ? 'all' : options.flagged ? 'flagged' : 'paths';
  if (mode === 'flagged') return (await verifyFlaggedToo(options, deps)).exitCode;
  const session = await openAuthSession(deps, { command: 'verify', json: options.json, readOnly: true });
  const { terminal, scope } = session;
  const paths = await verifyPaths(scope);
  for (const { name, output, ok, error } of paths.steps) {
    const mark = ok ? terminal.paint('green', '✔') : terminal.paint('red', '✖');
    const shown = output === undefined ? '' : `  ${tilde(output, scope.host.userHome)}`;
    session.say(`${mark} ${name}${shown}${error === undefined ? '' : `: ${error}`}`);
  }
  for (const { name, ok } of paths.sandboxTests) {
    session.say(`${ok ? terminal.paint('green', '✔') : terminal.paint('red', '✖')} ${name}`);
  }
  const report = { command: 'verify', mode: 'paths', ...paths };
  if (mode === 'paths') {
    session.answer({ mode, ok: paths.ok, paths: report });
    return paths.ok ? EXIT.ok : EXIT.problems;
  }
  const flagged = await verifyFlaggedToo(options, deps);
  const ok = paths.ok && flagged.exitCode === 0;
  session.answer({ mode, ok, paths: report, flaggedExitCode: flagged.exitCode, flagged: flagged.answer });
  return ok ? EXIT.ok : EXIT.problems;
}

/** `verify-flagged`; with `--all --json` its answer becomes a part of ours. */
async function verifyFlaggedToo(options: VerifyOptions, deps: CommandDeps) {
  const { runVerifyFlagged } = await import('./verify-flagged.ts');
  const { dryRun, restore, json } = options;
  const given = {
    ...(dryRun === undefined ? {} : { dryRun }),
    ...(restore === undefined ? {} : { restore }),
    ...(json === undefined ? {} : { json }),
  };
  if (!(options.all && json)) return { exitCode: await runVerifyFlagged(given, deps), answer: null };
  const parts: string[] = [];
  const terminal = { ...deps.terminal, out: (part: string) => void parts.push(part) };
  const exitCode = await runVerifyFlagged(given, { ...deps, terminal });
  const answer: unknown = JSON.parse(parts.join(''));
  return { exitCode, answer };
}
