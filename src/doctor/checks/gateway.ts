/** Does the gateway answer whoever points at it: the bound app, running sessions? And does `codex` go through the shim? */
import { type Binding, readBinding } from '../../gateway-client/binding.ts';
import { type FoundGateway, findGateway } from '../../gateway-client/control-client.ts';
import { readGatewayFile } from '../../gateway-client/gateway-file.ts';
import { readSessionsAt } from '../../gateway-client/sessions.ts';
import { type Evidence, finding } from '../../knowledge/finding.ts';
import { type InstalledShim, readInstalledShim } from '../../shim/installed-shim.ts';
import type { Check, CheckContext, FoundProblem } from '../check.ts';
import { canStart, planRelease, planStart } from '../repairs/gateway.ts';

export const gatewayCheck: Check = {
  id: 'steward.gateway',
  category: 'gateway',
  title: 'Gateway and shim',
  finds: ['provider.local_endpoint_down', 'install.path_shadow'],
  timeoutMs: 8000,
  async run(context) {
    const [binding, found, shim] = await Promise.all([
      context.read(readBinding),
      context.read(findGateway),
      context.read(readInstalledShim),
    ]);
    const details = {
      gateway: gatewayWords(found),
      app: binding.kind,
      shim: shim?.path ?? 'not installed',
    };
    const problems = [
      ...(await bindingProblems(context, binding, found)),
      ...(await sessionProblems(context, binding, found)),
      ...shimProblems(shim),
    ];
    if (problems.length > 0)
      return {
        status: 'problems',
        summary: 'what Codex points at does not answer as it should',
        details,
        problems,
      };
    if (shim === null && binding.kind === 'none' && found.kind === 'absent')
      return { status: 'ok', summary: 'no gateway is in use', details, problems };
    return { status: 'ok', summary: gatewayWords(found), details, problems };
  },
};

const START_ID = 'provider.local_endpoint_down.start-gateway';
const RELEASE_ID = 'provider.local_endpoint_down.unbind-app';

/** The app's config names the gateway: then it has to be there, under that very address. */
async function bindingProblems(
  context: CheckContext,
  binding: Binding,
  found: FoundGateway,
): Promise<readonly FoundProblem[]> {
  if (binding.kind !== 'bound') return [];
  const { record, configPath } = binding;
  if (found.kind === 'running' && found.file.baseUrl === record.baseUrl) return [];
  const origin = new URL(record.baseUrl).origin;
  const common = {
    subject: 'gateway',
    evidence: [
      {
        source: 'config' as const,
        where: configPath,
        what: `openai_base_url leads to the gateway at ${origin}`,
      },
      ...gatewayEvidence(found),
    ],
    cause: `The app is bound to steward's gateway at ${origin}, and it does not answer there.`,
  };
  if (found.kind === 'mute' || found.kind === 'unreadable')
    return [
      { finding: finding('provider.local_endpoint_down', { ...common, actor: 'you', ...byHand(found) }) },
    ];
  if (found.kind === 'absent' && (await canStart(record)))
    return [
      {
        finding: finding('provider.local_endpoint_down', {
          ...common,
          summary: 'Start the gateway again; or free the app: steward auth rotation unbind-app',
          steps: ['steward gateway start', `see why its ${record.service} service does not keep it there`],
          repairId: START_ID,
        }),
        plan: async () => planStart(record, context.home.path, START_ID),
      },
    ];
  return [
    {
      finding: finding('provider.local_endpoint_down', {
        ...common,
        summary: 'Free the app from the gateway, so that it reaches OpenAI directly.',
        steps: [
          'steward auth rotation unbind-app',
          'bind it again from where steward is now: steward auth rotation bind-app',
        ],
        repairId: RELEASE_ID,
      }),
      plan: () => planRelease(context, record, RELEASE_ID),
    },
  ];
}

/** Sessions that were started with the gateway's address, while it is gone. The next `codex` brings it back for them too. */
async function sessionProblems(
  context: CheckContext,
  binding: Binding,
  found: FoundGateway,
): Promise<readonly FoundProblem[]> {
  if (found.kind === 'running' || binding.kind === 'bound') return [];
  const file = await readGatewayFile(context.home.path);
  if (file.kind !== 'ok') return [];
  const address = `127.0.0.1:${file.value.port}`;
  const sessions = await readSessionsAt(context, file.value.port);
  if (sessions.length === 0) return [];
  const isMute = found.kind === 'mute' || found.kind === 'unreadable';
  return [
    {
      finding: finding('provider.local_endpoint_down', {
        subject: 'gateway',
        cause: `Running Codex sessions go through steward's gateway, and it does not answer.`,
        evidence: [
          ...sessions.map(
            ({ pid }): Evidence => ({
              source: 'process',
              where: `pid ${pid}`,
              what: `was started with the gateway's address (${address})`,
            }),
          ),
          ...gatewayEvidence(found),
        ],
        actor: 'you',
        summary: 'Start the gateway again: it comes back at the same address, and the sessions go on.',
        ...(isMute ? byHand(found) : { command: 'steward gateway start', steps: ['steward gateway start'] }),
      }),
    },
  ];
}

function shimProblems(shim: InstalledShim | null): readonly FoundProblem[] {
  if (shim === null) return [];
  const { path, native, wantedNative, missing, shadowedBy } = shim;
  const evidence = (what: string): Evidence => ({ source: 'file', where: path, what });
  const say = (cause: string, seen: Evidence, steps: readonly string[]): FoundProblem => ({
    finding: finding('install.path_shadow', {
      subject: path,
      severity: 'warn',
      title: "steward's shim is not what `codex` starts as it should",
      cause,
      evidence: [seen],
      actor: 'you',
      summary: steps[0] ?? '',
      command: steps[0] ?? null,
      steps,
    }),
  });
  if (missing.length > 0)
    return [
      say(
        `The shim was made for programs that are gone, so \`codex\` starts the next copy on PATH without the gateway.`,
        evidence(`not there: ${missing.join(', ')}`),
        ['steward shim install'],
      ),
    ];
  if (native !== null && wantedNative !== null && native !== wantedNative)
    return [
      say(
        'The shim starts another copy of Codex than the one that is installed now: updates do not show.',
        evidence(`starts ${native}, installed is ${wantedNative}`),
        ['steward shim install'],
      ),
    ];
  if (shadowedBy !== null)
    return [
      say(
        `${shadowedBy} comes before the shim on PATH, so \`codex\` does not go through the gateway in this shell.`,
        { source: 'env', where: 'PATH', what: `${shadowedBy} comes first` },
        [
          'steward shim status',
          'open a new terminal; a later line of your start-up file may put that folder first',
        ],
      ),
    ];
  return [];
}

function byHand(found: FoundGateway): { readonly command: string | null; readonly steps: readonly string[] } {
  if (found.kind === 'mute') return { command: null, steps: [`kill ${found.pid}`, 'steward gateway start'] };
  if (found.kind === 'unreadable')
    return { command: null, steps: [`remove ${found.path}`, 'steward gateway start'] };
  return { command: 'steward gateway start', steps: ['steward gateway start'] };
}

function gatewayEvidence(found: FoundGateway): readonly Evidence[] {
  const where = found.kind === 'unreadable' ? found.path : 'steward/gateway.json';
  return [{ source: found.kind === 'mute' ? 'process' : 'file', where, what: gatewayWords(found) }];
}

function gatewayWords(found: FoundGateway): string {
  switch (found.kind) {
    case 'running':
      return `the gateway runs (pid ${found.status.pid}, port ${found.status.port})`;
    case 'absent':
      return found.died
        ? 'the last gateway ended without notice; the next codex starts one'
        : 'no gateway runs; the next codex that needs it starts one';
    case 'mute':
      return `process ${found.pid} holds the gateway and does not answer: ${found.reason}`;
    case 'unreadable':
      return found.reason;
  }
}
