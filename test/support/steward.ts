/** Runs the built `steward` as a user would: as a process of its own, in exactly the environment of a test world. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Finding } from '../../src/knowledge/finding.ts';
import type { FaultWorld } from './fault-world.ts';

/** The entry that `npm run build` makes. */
export const STEWARD = fileURLToPath(new URL('../../dist/steward.cjs', import.meta.url));

/** What is needed of a world to run something in it. */
export type Place = Pick<FaultWorld, 'env' | 'project'>;

export interface StewardOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Another copy of the program. */
  readonly entry?: string;
  readonly uid?: number;
  readonly gid?: number;
  /** After it the process is killed, and `signal` is `SIGKILL`. Default 30 s. */
  readonly timeoutMs?: number;
}

export interface StewardRun {
  /** `null` when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running steward, for tests that interrupt it. */
export interface StewardProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<StewardRun>;
}

export function startSteward(
  place: Place,
  args: readonly string[],
  options: StewardOptions = {},
): StewardProcess {
  const child = spawn(process.execPath, [options.entry ?? STEWARD, ...args], {
    cwd: place.project,
    env: { ...place.env, ...options.env },
    timeout: options.timeoutMs ?? 30_000,
    killSignal: 'SIGKILL',
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.gid ?? options.uid }),
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  child.stdin.on('error', () => {}); // it need not read its input
  child.stdin.end(options.input ?? '');
  const ended = new Promise<StewardRun>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { child, ended };
}

export function steward(
  place: Place,
  args: readonly string[],
  options: StewardOptions = {},
): Promise<StewardRun> {
  return startSteward(place, args, options).ended;
}

/** What tests read of `doctor --json`. */
export interface DoctorJson {
  readonly schemaVersion: number;
  readonly command: string;
  readonly generatedAt: string;
  readonly overallStatus: string;
  readonly codexVersion: string | null;
  readonly checks: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly findings: readonly Finding[];
  readonly dryRun?: boolean;
  readonly repairs?: readonly {
    readonly id: string;
    readonly subject: string;
    readonly result: string;
    readonly reason: string | null;
    readonly journalId: string | null;
    readonly steps: readonly string[];
  }[];
  readonly recovered: readonly { readonly kind: string; readonly id: string }[];
}

/** `steward doctor --json …`, which must end with 0 or 1 and print one object and nothing else. */
export async function doctorJson(
  place: Place,
  args: readonly string[] = [],
  options: StewardOptions = {},
): Promise<DoctorJson & { readonly exitCode: number }> {
  const ran = await steward(place, ['doctor', '--json', ...args], options);
  if ((ran.code !== 0 && ran.code !== 1) || ran.stderr !== '') {
    throw new Error(`steward doctor ended with ${ran.code ?? ran.signal}: ${ran.stdout}${ran.stderr}`);
  }
  return { ...(JSON.parse(ran.stdout) as DoctorJson), exitCode: ran.code };
}

export function idsOf(report: DoctorJson): readonly string[] {
  return report.findings.map(({ id }) => id);
}
