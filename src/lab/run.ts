/** Runs one command inside a lab: starts the lab, makes a home, runs, cleans up, tells what the server saw. */
import { spawn } from 'node:child_process';
import { mkdir, symlink } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { EXIT, messageOf, StewardError, systemCode } from '../errors.ts';
import type { Host } from '../host.ts';
import { makeLabHome } from './home.ts';
import { type Lab, startLab } from './lab.ts';
import { type Leftover, stopLeftovers } from './leftovers.ts';
import type { LabRequest } from './request-log.ts';

const DRAIN_MS = 500;

export interface LabRunOptions {
  /** A scenario, or several joined by `+`. */
  readonly scenario: string;
  /** The command; a first word `codex` means `codexBinary` when that is given. */
  readonly argv: readonly [string, ...string[]];
  readonly host: Host;
  /** Absolute path of an official native binary. */
  readonly codexBinary?: string;
  /** `inherit`: the command talks to the terminal; `collect`: its output is returned. */
  readonly output: 'inherit' | 'collect';
  readonly cwd?: string;
  readonly seed?: string;
  /** More top-level lines of the home's `config.toml`. */
  readonly config?: readonly string[];
  /** More variables for the command. */
  readonly env?: Readonly<Record<string, string>>;
  /** Ends the command, and the run, early. */
  readonly signal?: AbortSignal;
  readonly onRequest?: (request: LabRequest) => void;
}

export interface LabRun {
  /** The command's own; 130 when it was interrupted. */
  readonly exitCode: number;
  /** Empty with `inherit`. */
  readonly stdout: string;
  readonly stderr: string;
  readonly requests: readonly LabRequest[];
  /** Daemons that the command had left behind and that were ended. */
  readonly leftovers: readonly Leftover[];
}

/** Runs the command. Throws `ERR_LAB_SCENARIO`, or `ERR_LAB_COMMAND` when it cannot be started; cleans up either way. */
export async function runInLab(options: LabRunOptions): Promise<LabRun> {
  const lab = await startLab({
    scenario: options.scenario,
    now: options.host.now,
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    ...(options.onRequest === undefined ? {} : { onRequest: options.onRequest }),
  });
  try {
    const home = await makeLabHome(lab, options);
    const leftovers: Leftover[] = [];
    let ended: Awaited<ReturnType<typeof runCommand>>;
    try {
      ended = await runCommand(lab, home.path, options);
    } finally {
      leftovers.push(...(await stopLeftovers(home.path, options.host)));
      await home.remove();
    }
    return { ...ended, requests: lab.requests(), leftovers };
  } finally {
    await lab.stop();
  }
}

async function runCommand(lab: Lab, homePath: string, options: LabRunOptions) {
  const { argv, codexBinary, host } = options;
  const [named, ...args] = argv;
  const file = named === 'codex' && codexBinary !== undefined ? codexBinary : named;
  const env = {
    ...host.env,
    ...lab.environment(),
    CODEX_HOME: homePath,
    PATH: await pathWithCodex(homePath, codexBinary, host),
    ...options.env,
  };
  return new Promise<Pick<LabRun, 'exitCode' | 'stdout' | 'stderr'>>((resolve, reject) => {
    const child = spawn(file, withIssuer(named, args, lab.url), {
      cwd: options.cwd ?? host.cwd,
      env,
      stdio: options.output === 'inherit' ? 'inherit' : ['ignore', 'pipe', 'pipe'],
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    let stdout = '';
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    child.on('error', (error) => {
      if (options.signal?.aborted) return; // "close" follows and tells how it ended
      reject(
        new StewardError('ERR_LAB_COMMAND', 'user', `"${file}" could not be started: ${messageOf(error)}`, {
          hint:
            systemCode(error) === 'ENOENT' ? 'Give the full path, or install it first.' : 'Check the file.',
          cause: error,
        }),
      );
    });
    // A daemon that the command leaves behind may keep the pipes open, so that `close` need not come after `exit`.
    child.on('exit', (code) => {
      const end = () => resolve({ exitCode: code ?? EXIT.interrupted, stdout, stderr });
      child.on('close', end);
      setTimeout(end, DRAIN_MS);
    });
  });
}

/** The device login knows its issuer only by a hidden option. */
function withIssuer(named: string, args: readonly string[], issuer: string): readonly string[] {
  const isDeviceLogin = named === 'codex' && args[0] === 'login' && args.includes('--device-auth');
  return isDeviceLogin && !args.includes('--experimental_issuer')
    ? [...args, '--experimental_issuer', issuer]
    : args;
}

/** PATH with that very binary in front as `codex`, for commands that look for it themselves. */
async function pathWithCodex(homePath: string, codexBinary: string | undefined, host: Host): Promise<string> {
  const path = host.env.PATH ?? '';
  if (codexBinary === undefined) return path;
  const folder = join(homePath, 'lab-bin');
  await mkdir(folder, { recursive: true });
  await symlink(codexBinary, join(folder, 'codex'));
  return `${folder}${delimiter}${path}`;
}
