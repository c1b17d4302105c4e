/** `steward lab`: rehearse a failure with the real Codex against a simulated OpenAI. */
import { createHost } from '../../host.ts';
import { startLab } from '../../lab/lab.ts';
import { formatRequest, type LabRequest } from '../../lab/request-log.ts';
import { runInLab } from '../../lab/run.ts';
import { findScenario, listScenarios } from '../../lab/scenarios/find.ts';
import { findCodexForLab } from '../lab-codex.ts';
import type { CommandDeps } from '../main.ts';
import { columns, count } from '../render/layout.ts';

export async function runLabList(options: { json?: boolean }, { terminal }: CommandDeps): Promise<number> {
  const scenarios = listScenarios();
  if (options.json) {
    terminal.out(`${JSON.stringify({ schemaVersion: 1, command: 'lab list', scenarios }, null, 2)}\n`);
    return 0;
  }
  const rows = columns(scenarios.map(({ name, summary }) => [terminal.paint('bold', name), summary]));
  terminal.out(`${rows.join('\n')}\n\n`);
  terminal.out(`${terminal.paint('cyan', '→')} steward lab run mfa-required -- codex remote-control start\n`);
  return 0;
}

export async function runLabStart(
  scenario: string,
  options: { port?: number; trace?: boolean },
  { terminal, signal }: CommandDeps,
): Promise<number> {
  const lab = await startLab({
    scenario,
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.trace
      ? { onRequest: (request: LabRequest) => terminal.out(`${formatRequest(request)}\n`) }
      : {}),
  });
  try {
    const environment = Object.entries(lab.environment())
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `export ${name}=${value}`);
    terminal.out(
      [
        `${terminal.paint('green', '✔')} lab "${scenario}" listens on ${terminal.paint('bold', lab.url)} (loopback only)`,
        '',
        'config.toml of a throw-away Codex home:',
        ...lab.codexConfig().map((line) => `  ${line}`),
        '',
        'environment of that Codex:',
        ...environment.map((line) => `  ${line}`),
        '',
        `control endpoint: ${lab.url}/__lab (Authorization: Bearer ${lab.controlToken})`,
        'Ctrl-C stops it.',
        '',
      ].join('\n'),
    );
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    terminal.out(`${count(lab.requests().length, 'request')} served.\n`);
    return 0;
  } finally {
    await lab.stop();
  }
}

export async function runLabRun(
  scenario: string,
  command: readonly string[],
  options: { trace?: boolean; codexVersion?: string },
  { terminal, signal }: CommandDeps,
): Promise<number> {
  const host = createHost();
  findScenario(scenario); // a mistyped name is told before anything is fetched
  const codexBinary = await findCodexForLab(host, terminal, { version: options.codexVersion, signal });
  const run = await runInLab({
    scenario,
    argv: commandLine(command),
    host,
    codexBinary,
    output: 'inherit',
    signal,
    ...(options.trace
      ? { onRequest: (request: LabRequest) => terminal.err(`${formatRequest(request)}\n`) }
      : {}),
  });
  terminal.err(
    `\n${terminal.paint('bold', `lab "${scenario}"`)}: the server saw ${count(run.requests.length, 'request')}\n`,
  );
  if (!options.trace) for (const request of run.requests) terminal.err(`  ${formatRequest(request)}\n`);
  for (const leftover of run.leftovers)
    terminal.err(`  ended pid ${leftover.pid} (${leftover.record}), which the command had left behind\n`);
  return run.exitCode;
}

/** `steward` inside a rehearsal is this very steward. */
function commandLine(command: readonly string[]): readonly [string, ...string[]] {
  const [first = '', ...rest] = command;
  return first === 'steward' ? [process.execPath, process.argv[1] ?? '', ...rest] : [first, ...rest];
}
