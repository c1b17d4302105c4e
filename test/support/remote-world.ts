/** A Codex home with a real Codex, a lab as its backend, and `steward` run in it as a user would. */
import { spawn } from 'node:child_process';
import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createHost, type Host } from '../../src/host.ts';
import { makeLabHome } from '../../src/lab/home.ts';
import { type Lab, startLab } from '../../src/lab/lab.ts';
import { stopLeftovers } from '../../src/lab/leftovers.ts';
import { type CodexAlias, codexBinary, type Ran, runProgram, temporaryFolder } from './real-codex.ts';
import { STEWARD, type StewardRun, startSteward, steward } from './steward.ts';

/** Another build, for a long bench beside somebody who builds. */
const ENTRY = process.env.STEWARD_ENTRY ?? STEWARD;

/** What the tests read of `steward remote … --json`. */
export interface RemoteJson {
  readonly status: string;
  readonly environmentId: string | null;
  readonly lastError: Readonly<Record<string, unknown>> | null;
  readonly cause: { readonly kind: string; readonly id: string; readonly steps: readonly string[] } | null;
  readonly findings: readonly { readonly id: string; readonly subject: string; readonly severity: string }[];
  readonly result?: string;
  readonly reason?: string | null;
  readonly official?: { readonly exitCode: number; readonly said: string };
  readonly learnedInMs?: number;
  readonly events?: readonly Readonly<Record<string, unknown>>[];
  readonly actions?: Readonly<Record<string, unknown>>;
  readonly [key: string]: unknown;
}

export interface RemoteWorld {
  readonly alias: CodexAlias;
  readonly lab: Lab;
  /** `CODEX_HOME`. */
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  /** As steward sees this world, for code that is called in this process. */
  readonly host: Host;
  codex(...args: string[]): Promise<Ran>;
  steward(...args: string[]): Promise<StewardRun>;
  /** `steward ARGS --json`; must print one object. */
  json(...args: string[]): Promise<RemoteJson & { readonly exitCode: number }>;
  /** `steward remote foreground --json`, interrupted after that time unless it ended before. */
  foreground(patienceMs: number): Promise<RemoteJson & { readonly exitCode: number }>;
  /** Writes both global-state files of the desktop app. */
  writeGlobalState(state: object): Promise<void>;
  stop(): Promise<void>;
}

/** Starts it. `managed`: with the install that 0.133 wants for its daemon. */
export async function startRemoteWorld(
  alias: CodexAlias,
  scenario: string,
  options: { readonly managed?: boolean } = {},
): Promise<RemoteWorld> {
  const lab = await startLab({ scenario });
  const binary = codexBinary(alias);
  const user = await temporaryFolder('steward-user');
  const bare = createHost({ env: { PATH: process.env.PATH }, userHome: user.path, cwd: user.path });
  const home = await makeLabHome(lab, {
    host: bare,
    ...(options.managed === false ? {} : { codexBinary: binary }),
  });
  await mkdir(join(user.path, 'bin'));
  await symlink(binary, join(user.path, 'bin', 'codex'));
  const wiring = Object.entries(lab.environment()).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const env = {
    ...Object.fromEntries(wiring),
    HOME: user.path,
    CODEX_HOME: home.path,
    PATH: `${join(user.path, 'bin')}:${process.env.PATH}`,
    TERM: 'xterm-256color',
  };
  const place = { env, project: user.path };
  const host = createHost({ env, userHome: user.path, cwd: user.path });
  const parse = (ran: StewardRun) => {
    try {
      const json = JSON.parse(ran.stdout) as RemoteJson;
      if (json.error !== undefined) throw new Error(ran.stdout);
      return { ...json, exitCode: ran.code ?? -1 };
    } catch {
      throw new Error(`no JSON object: ${ran.stdout}\n${ran.stderr}`);
    }
  };
  const run = (args: readonly string[]) => steward(place, args, { timeoutMs: 110_000, entry: ENTRY });
  return {
    alias,
    lab,
    home: home.path,
    env,
    host,
    codex: (...args) => runProgram(binary, args, { env, cwd: user.path }),
    steward: (...args) => run(args),
    json: async (...args) => parse(await run([...args, '--json'])),
    foreground: async (patienceMs) => {
      const started = startSteward(place, ['remote', 'foreground', '--json'], {
        timeoutMs: 60_000,
        entry: ENTRY,
      });
      const timer = setTimeout(() => started.child.kill('SIGINT'), patienceMs);
      const ran = await started.ended;
      clearTimeout(timer);
      return parse(ran);
    },
    writeGlobalState: async (state) => {
      for (const name of ['.codex-global-state.json', '.codex-global-state.json.bak'])
        await writeFile(join(home.path, name), JSON.stringify(state, null, 2));
    },
    stop: async () => {
      await stopLeftovers(home.path, host);
      await home.remove();
      await user.remove();
      await lab.stop();
    },
  };
}

/** A program that a process list takes for the desktop app: its name is what counts. */
export async function startFakeApp(
  world: Pick<RemoteWorld, 'env'>,
  folder: string,
): Promise<{ pid: number; stop(): void }> {
  const path = join(folder, 'Codex');
  await copyFile('/bin/sleep', path);
  const child = spawn(path, ['600'], { env: { ...world.env }, stdio: 'ignore' });
  await new Promise((resolve) => child.once('spawn', resolve));
  return { pid: child.pid ?? 0, stop: () => void child.kill('SIGKILL') };
}

/** The key and value of one client enrolment, as the desktop app stores it for a lab account. */
export function clientEnrollment(
  lab: Lab,
  clientId: string,
  userId: string,
): Readonly<Record<string, object>> {
  const key = [
    'Codex Desktop',
    'http://localhost:8000/api',
    `${lab.url}/backend-api`,
    'after-first-unlock-device-key-v1',
    userId,
  ].join('\n');
  const value = { accountUserId: userId, clientId, keyId: 'key_1', algorithm: 'ecdsa_p256_sha256' };
  return { [key]: { ...value, protectionClass: 'os_protected_nonextractable' } };
}
