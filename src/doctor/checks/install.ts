/** The `codex` that a shell starts: is it there, whole, built for this machine, and the one that gets updated? */
import { dirname } from 'node:path';
import { activeBinary, type CodexBinary, readCodexBinaries, workingBinary } from '../../codex/binaries.ts';
import { readInstallRights } from '../../codex/install-rights.ts';
import { compareVersions } from '../../codex/install-version.ts';
import { finding } from '../../knowledge/finding.ts';
import type { Check, CheckContext, CheckResult, FoundProblem } from '../check.ts';
import {
  canReinstall,
  canUnlink,
  planReinstall,
  planUnlink,
  REINSTALL,
  reinstallCommand,
  UNLINK,
} from '../repairs/install.ts';
import { isUsedHome } from './install-home.ts';
import { explainProblem } from './install-problem.ts';

export const installCheck: Check = {
  id: 'steward.install',
  category: 'install',
  title: 'Installed copies',
  finds: [
    'install.binary_missing',
    'install.path_shadow',
    'install.platform_incompat',
    'install.permission',
    'install.spawn_shim',
  ],
  timeoutMs: 8000,
  run,
};

/** Copies inside other programs are theirs to start and to update. */
const OWNED = ['app', 'ide'];

async function run(context: CheckContext): Promise<CheckResult> {
  const binaries = await context.read(readCodexBinaries);
  const active = activeBinary(binaries);
  const details = {
    copies: binaries.map(describe),
    ...(active === null ? {} : { 'a shell starts': active.path }),
  };
  if (active === null) return withoutActive(context, binaries, details);
  const problems = [
    ...broken(context, active),
    ...(await shadow(context, active, binaries)),
    ...(await rights(context, active)),
    ...(await shim(context, active)),
  ];
  const working = workingBinary(binaries) ?? active;
  const name = `${working.method === 'unknown' ? '' : `${working.method} `}${working.version ?? 'of unknown version'}`;
  const starts = working === active ? name : `starts ${working.path}, ${name}`;
  return {
    summary: problems[0]?.finding.cause ?? `${active.path}: ${starts}`,
    status: problems.length > 0 ? 'problems' : 'ok',
    details,
    problems,
  };
}

async function withoutActive(
  context: CheckContext,
  binaries: readonly CodexBinary[],
  details: CheckResult['details'],
): Promise<CheckResult> {
  const elsewhere = binaries.find((binary) => binary.problem === null && !OWNED.includes(binary.method));
  const brokenOne = binaries.find((binary) => binary.pathIndex !== null);
  const problems: FoundProblem[] = [];
  if (brokenOne?.problem !== undefined && brokenOne.problem !== null) {
    problems.push(...broken(context, brokenOne));
  } else if (elsewhere !== undefined) {
    problems.push({ finding: offPath(elsewhere) });
  } else if (binaries.length === 0 && (await isUsedHome(context.home.path))) {
    problems.push({ finding: gone(context) });
  }
  const app = binaries.find((binary) => OWNED.includes(binary.method));
  const nothing =
    app === undefined ? 'no codex on this machine' : `no codex on PATH; ${app.path} has its own`;
  return {
    summary: problems[0]?.finding.cause ?? nothing,
    status: problems.length > 0 ? 'problems' : 'skipped',
    details,
    problems,
  };
}

function broken(context: CheckContext, binary: CodexBinary): FoundProblem[] {
  const { problem } = binary;
  if (problem === null) return [];
  const command = reinstallCommand(binary);
  const said = explainProblem(binary, problem);
  const base = {
    subject: binary.path,
    cause: said.cause,
    evidence: [{ source: 'file' as const, where: said.where, what: said.what }],
  };
  if (said.id === 'install.platform_incompat') {
    return [{ finding: finding(said.id, { ...base, steps: said.steps, summary: said.steps[0] ?? '' }) }];
  }
  const steps =
    said.steps.length > 0 ? said.steps : [command?.join(' ') ?? 'Install Codex anew, with one method only.'];
  const repairable = said.reinstall && canReinstall(binary, context.host);
  return [
    {
      finding: finding(said.id, {
        ...base,
        steps,
        ...(said.steps[0] === undefined ? {} : { summary: said.steps[0] }),
        ...(repairable
          ? { repairId: REINSTALL }
          : { command: said.reinstall ? (command?.join(' ') ?? null) : null }),
      }),
      ...(repairable ? { plan: () => planReinstall(binary, context.host) } : {}),
    },
  ];
}

/** An older copy in front of a newer one: "I updated, and the version stays". The other order hides nothing. */
async function shadow(
  context: CheckContext,
  active: CodexBinary,
  binaries: readonly CodexBinary[],
): Promise<FoundProblem[]> {
  const { version } = active;
  if (version === null || active.problem !== null) return [];
  const hidden = binaries.filter(
    (other) =>
      other.pathIndex !== null &&
      other.problem === null &&
      other.version !== null &&
      other.realPath !== active.realPath &&
      compareVersions(other.version, version) > 0,
  );
  const newest = hidden.sort((a, b) => compareVersions(b.version ?? '', a.version ?? ''))[0];
  if (newest === undefined) return [];
  const unlinkable = await canUnlink(active, context.host);
  const update = reinstallCommand({ ...active, version: newest.version })?.join(' ');
  const remove = removeCommand(active);
  return [
    {
      finding: finding('install.path_shadow', {
        subject: active.path,
        severity: 'warn',
        cause: `A shell starts ${active.path} (${version}, ${active.method}), which hides the newer ${newest.path} (${newest.version}, ${newest.method}).`,
        evidence: [active, newest].map((binary) => ({
          source: 'file',
          where: binary.path,
          what: `${binary.version}, ${binary.method}, place ${(binary.pathIndex ?? 0) + 1} on PATH`,
        })),
        summary: `Keep one: remove the older ${active.path}, or update it.`,
        steps: [
          ...(remove === null ? [] : [`Remove the older copy: ${remove}`]),
          ...(update === undefined ? [] : [`Or update it: ${update}`]),
          'Then open a new terminal: a running shell remembers the old place (hash -r).',
        ],
        ...(unlinkable ? { repairId: UNLINK } : { command: remove }),
      }),
      ...(unlinkable ? { plan: () => planUnlink(active, context.host) } : {}),
    },
  ];
}

function removeCommand(binary: CodexBinary): string | null {
  switch (binary.method) {
    case 'npm':
      return 'npm uninstall --global @openai/codex';
    case 'pnpm':
      return 'pnpm remove --global @openai/codex';
    case 'bun':
      return 'bun remove --global @openai/codex';
    case 'brew':
      return 'brew uninstall --cask codex';
    case 'unknown':
    case 'standalone':
      return `rm ${binary.path}`;
    default:
      return null;
  }
}

async function rights(context: CheckContext, active: CodexBinary): Promise<FoundProblem[]> {
  if (active.method !== 'npm' || active.packageRoot === null) return [];
  const { host } = context;
  const seen = await readInstallRights(host, active.packageRoot);
  return seen.map((right) => ({
    finding: finding('install.permission', {
      subject: right.path,
      severity: right.kind === 'foreign-cache' ? 'warn' : right.leftover === null ? 'info' : 'warn',
      cause:
        right.kind === 'foreign-cache'
          ? `npm's cache ${right.path} belongs to uid ${right.owner}, so every npm install of yours fails with EACCES.`
          : `You may not write to ${right.path} (uid ${right.owner}), so codex cannot update itself and npm fails with EACCES.`,
      evidence: [
        { source: 'file', where: right.path, what: `owner ${right.owner}, you are ${host.uid}` },
        ...(right.kind === 'closed-prefix' && right.leftover !== null
          ? [{ source: 'file' as const, where: right.leftover, what: 'left behind by an update that failed' }]
          : []),
      ],
      steps:
        right.kind === 'foreign-cache'
          ? [`sudo chown -R ${host.uid} ${right.path}`]
          : [
              'npm config set prefix ~/.npm-global',
              'npm install --global @openai/codex',
              'Put ~/.npm-global/bin first on PATH.',
            ],
    }),
  }));
}

/** Windows finds `codex.cmd` only through `PATHEXT`; a program that starts `codex` without a shell never does. */
async function shim({ host }: CheckContext, active: CodexBinary): Promise<FoundProblem[]> {
  if (host.platform !== 'win32' || active.path.endsWith('.exe')) return [];
  const extensions = (host.env.PATHEXT ?? '.COM;.EXE;.BAT;.CMD').toUpperCase().split(';');
  if (extensions.includes('.CMD')) return [];
  return [
    {
      finding: finding('install.spawn_shim', {
        subject: active.path,
        cause: `PATHEXT lacks .CMD, so Windows does not find ${active.path} under the name codex.`,
        evidence: [{ source: 'env', where: 'PATHEXT', what: host.env.PATHEXT ?? '' }],
        steps: ['setx PATHEXT ".COM;.EXE;.BAT;.CMD"', 'Open a new terminal.'],
      }),
    },
  ];
}

function offPath(binary: CodexBinary) {
  const folder = dirname(binary.path);
  return finding('install.binary_missing', {
    subject: binary.path,
    severity: 'warn',
    cause:
      `Codex ${binary.version ?? ''} is installed at ${binary.path}, but no folder on PATH leads there.`.replace(
        '  ',
        ' ',
      ),
    evidence: [{ source: 'env', where: 'PATH', what: `does not contain ${folder}` }],
    summary: `Put ${folder} on PATH.`,
    steps: [`export PATH="${folder}:$PATH"   # in ~/.profile, or your shell's start file`],
  });
}

function gone(context: CheckContext) {
  return finding('install.binary_missing', {
    subject: 'codex',
    severity: 'warn',
    cause: `${context.home.path} was used by Codex, but no codex is left on this machine.`,
    evidence: [{ source: 'env', where: 'PATH', what: 'no folder on it has codex' }],
    steps: ['npm install --global @openai/codex'],
    command: 'npm install --global @openai/codex',
  });
}

function describe(binary: CodexBinary): string {
  const state = binary.problem === null ? '' : ` (${binary.problem.kind})`;
  const where = binary.pathIndex === null ? ' (not on PATH)' : '';
  return `${binary.path}: ${binary.method} ${binary.version ?? 'version unknown'}${state}${where}`;
}
