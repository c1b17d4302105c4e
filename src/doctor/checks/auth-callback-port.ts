/** Can the browser login get its port? Codex listens on 1455, newer versions on 1457 when that is held. */
import { setTimeout as delay } from 'node:timers/promises';
import { readLoginFacts } from '../../codex/login-facts.ts';
import { findPortOwner, type PortOwner } from '../../codex/ports.ts';
import { type CodexProcess, readCodexProcesses } from '../../codex/processes.ts';
import { type Evidence, finding } from '../../knowledge/finding.ts';
import { redact } from '../../storage/redact.ts';
import type { Check, CheckContext, FoundProblem } from '../check.ts';

const PORT = 1455;
const FALLBACK_PORT = 1457;
/** A port that is only being tried, by Codex or by another steward, is free again by then. */
const LOOK_AGAIN_MS = 60;
const STOP_TIMEOUT_MS = 5000;

export const authCallbackPortCheck: Check = {
  id: 'steward.auth-callback-port',
  category: 'auth',
  title: 'Port of the browser login',
  finds: ['auth.callback_port_in_use'],
  timeoutMs: 8000,
  async run(context) {
    const [first, fallback] = await Promise.all([ownerOf(context, PORT), ownerOf(context, FALLBACK_PORT)]);
    const details = { [`port ${PORT}`]: describe(first), [`port ${FALLBACK_PORT}`]: describe(fallback) };
    if (first.kind === 'free')
      return { summary: `port ${PORT} is free`, status: 'ok', details, problems: [] };
    if (first.kind === 'undecided')
      return { summary: first.message, status: 'skipped', details, problems: [] };
    const problem = await problemOf(context, first, fallback);
    return { summary: problem.finding.cause, status: 'problems', details, problems: [problem] };
  },
};

async function ownerOf(context: CheckContext, port: number): Promise<PortOwner> {
  const owner = await findPortOwner(context.host, port);
  if (owner.kind === 'free' || owner.kind === 'undecided') return owner;
  await delay(LOOK_AGAIN_MS, undefined, { signal: context.signal });
  return findPortOwner(context.host, port);
}

async function problemOf(
  context: CheckContext,
  owner: PortOwner,
  fallback: PortOwner,
): Promise<FoundProblem> {
  const facts = await context.read(readLoginFacts);
  const loggedIn = facts.auth.kind === 'ok';
  const alsoFallback = fallback.kind !== 'free';
  const common = {
    subject: `127.0.0.1:${PORT}`,
    severity: loggedIn ? 'info' : alsoFallback ? 'fail' : 'warn',
    evidence: [evidenceOf(PORT, owner), ...(alsoFallback ? [evidenceOf(FALLBACK_PORT, fallback)] : [])],
  } as const;
  const way = 'codex login --device-auth   # needs no port';
  if (owner.kind === 'reserved') {
    const ranges = await reservedRanges(context);
    return {
      finding: finding('auth.callback_port_in_use', {
        ...common,
        cause: `The system reserves port ${PORT}, on which the browser login waits for its answer${ranges === null ? '' : ` (range ${ranges})`}.`,
        steps: [
          way,
          ...(context.host.platform === 'win32'
            ? [
                'netsh int ipv4 show excludedportrange protocol=tcp',
                'net stop winnat && net start winnat   # as administrator: gives the ranges anew',
              ]
            : []),
        ],
      }),
    };
  }
  if (owner.kind !== 'held') {
    return {
      finding: finding('auth.callback_port_in_use', {
        ...common,
        cause: `Port ${PORT}, on which the browser login waits for its answer, is held by a process that we may not see.`,
        steps: [
          way,
          context.host.platform === 'win32'
            ? `netstat -ano | findstr :${PORT}`
            : `sudo ss -ltnp 'sport = :${PORT}'`,
        ],
      }),
    };
  }
  const codex = (await context.read(readCodexProcesses)).find(({ pid }) => pid === owner.pid);
  const login = codex && /\blogin\b/.test(codex.command) ? codex : null;
  if (login) return staleLogin(login, common);
  return {
    finding: finding('auth.callback_port_in_use', {
      ...common,
      cause: redact(
        `Port ${PORT}, on which the browser login waits for its answer, is held by process ${owner.pid} (${owner.command}).`,
      ),
      summary: `End that program if it is not needed, or log in without the port.`,
      steps: [way, `or end process ${owner.pid} in its own way, then: codex login`],
    }),
  };
}

/** A `codex login` that nobody finished holds the port until it is ended. */
function staleLogin(
  process: CodexProcess,
  common: {
    readonly subject: string;
    readonly severity: 'info' | 'warn' | 'fail';
    readonly evidence: readonly Evidence[];
  },
): FoundProblem {
  const repairId = 'auth.callback_port_in_use.stop-login';
  const summary = `Ask the waiting codex login (process ${process.pid}) to end.`;
  return {
    finding: finding('auth.callback_port_in_use', {
      ...common,
      cause: `An unfinished codex login (process ${process.pid}, since ${process.startTime}) still waits on port ${PORT}.`,
      summary,
      steps: ['Finish it in the browser, or end it:', `kill ${process.pid}`, 'codex login'],
      repairId,
    }),
    plan: async () => ({
      repairId,
      summary,
      steps: [
        {
          kind: 'stop-process',
          pid: process.pid,
          startTime: process.startTime,
          command: process.command,
          timeoutMs: STOP_TIMEOUT_MS,
        },
      ],
      requiresStopped: 'nothing',
    }),
  };
}

/** The reserved range that the port lies in, on Windows. */
async function reservedRanges({ host, signal }: CheckContext): Promise<string | null> {
  if (host.platform !== 'win32') return null;
  const run = await host.run('netsh', ['int', 'ipv4', 'show', 'excludedportrange', 'protocol=tcp'], {
    timeoutMs: 3000,
    signal,
  });
  if (run.kind !== 'exited') return null;
  const ranges = [...run.stdout.matchAll(/^\s*(\d+)\s+(\d+)/gm)];
  const range = ranges.find(([, from, to]) => Number(from) <= PORT && PORT <= Number(to));
  return range ? `${range[1]}-${range[2]}` : null;
}

function evidenceOf(port: number, owner: PortOwner): Evidence {
  const where = owner.kind === 'held' ? `127.0.0.1:${port}, pid ${owner.pid}` : `127.0.0.1:${port}`;
  return { source: 'process', where, what: describe(owner) };
}

function describe(owner: PortOwner): string {
  switch (owner.kind) {
    case 'free':
      return 'free';
    case 'held':
      return redact(`held by ${owner.pid}: ${owner.command}`);
    case 'held-unknown':
      return 'held by a process we may not see';
    case 'reserved':
      return `reserved by the system (${owner.code})`;
    case 'undecided':
      return owner.message;
  }
}
