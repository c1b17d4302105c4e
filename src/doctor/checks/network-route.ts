/** `--live`: walks the way that Codex itself would take to each of its endpoints. Without it, nothing leaves the machine. */
import { lookup } from 'node:dns/promises';
import { readNetworkEnvironment } from '../../codex/network-env.ts';
import { type ProxyChoice, proxyFor } from '../../codex/proxy.ts';
import { type RouteDeps, type RouteEndpoint, type RouteReport, walkRoute } from '../../codex/route.ts';
import { readRouteEndpoints } from '../../codex/route-endpoints.ts';
import { readTrustedRoots } from '../../codex/route-trust.ts';
import { readCaSettings } from '../../codex/tls-ca.ts';
import { type Evidence, finding } from '../../knowledge/finding.ts';
import { redact } from '../../storage/redact.ts';
import type { Check, CheckContext, CheckResult, FoundProblem } from '../check.ts';
import { planCommentOut } from '../repairs/network-env.ts';
import { verdictOf } from './network-verdict.ts';

const STAGE_TIMEOUT_MS = 5000;

export interface NetworkRouteDeps {
  lookup: RouteDeps['lookup'];
}

/** The check; a test hands in its own resolver. */
export function createNetworkRouteCheck(deps: NetworkRouteDeps): Check {
  return {
    id: 'steward.network-route',
    category: 'network',
    title: 'Route to the backend',
    finds: [
      'network.dns',
      'network.proxy',
      'network.tls_ca',
      'network.edge_blocked',
      'network.region_blocked',
      'network.stream_disconnected',
      'server.error',
      'provider.local_endpoint_down',
    ],
    // Six stages of 5 s in the worst case; the ways are walked side by side.
    timeoutMs: 35_000,
    run: (context) => run(context, deps),
  };
}

/** With the system's resolver, as Codex has it. */
export const networkRouteCheck: Check = createNetworkRouteCheck({
  lookup: (host) => lookup(host, { all: true }),
});

async function run(context: CheckContext, deps: NetworkRouteDeps): Promise<CheckResult> {
  if (!context.live) {
    return {
      summary: 'only with --live: it would use the network',
      status: 'skipped',
      details: {},
      problems: [],
    };
  }
  const [env, ca, { endpoints, invalid }] = await Promise.all([
    context.read(readNetworkEnvironment),
    context.read(readCaSettings),
    context.read(readRouteEndpoints),
  ]);
  const roots = await readTrustedRoots(context.host, ca);
  const routeDeps: RouteDeps = {
    lookup: deps.lookup,
    roots: async () => roots,
    stageTimeoutMs: STAGE_TIMEOUT_MS,
    signal: context.signal,
  };
  const reports = await Promise.all(
    endpoints.map((endpoint) => {
      const choice = proxyFor(endpoint.url, env);
      const way = choice.kind === 'proxy' ? choice : ({ kind: 'direct' } as const);
      return walkRoute(endpoint, way, routeDeps);
    }),
  );
  const problems = [
    ...reports.flatMap((report) =>
      problemOf(context, report, proxyFor(report.endpoint.url, env), roots.systemSeen),
    ),
    ...invalid.map(({ setting, value }) => `${setting} is no URL: ${redact(value)}`).map(unusable),
  ];
  return {
    summary: problems[0]?.finding.cause ?? `${reports.length} endpoints answer`,
    status: problems.length === 0 ? 'ok' : 'problems',
    details: {
      ...Object.fromEntries(reports.map((report) => [report.endpoint.name, linesOf(report)])),
      'trusted roots': roots.sources,
    },
    problems: merged(problems),
  };
}

function problemOf(
  context: CheckContext,
  report: RouteReport,
  choice: ProxyChoice,
  systemSeen: boolean,
): readonly FoundProblem[] {
  const verdict = verdictOf(report, systemSeen);
  if (verdict === null) return [];
  const { endpoint, chain } = report;
  const evidence: Evidence[] = [
    { source: 'http', where: where(endpoint), what: redact(linesOf(report).join('; ')) },
  ];
  if (chain.length > 0) {
    evidence.push({
      source: 'http',
      where: `certificate of ${endpoint.url.host}`,
      what: chain.map(({ subject, issuer }) => `${subject} ← ${issuer}`).join('; '),
    });
  }
  const { id, severity, confidence, cause, steps } = verdict;
  const input = { subject: endpoint.url.host, severity, confidence, cause, steps, evidence };
  // A proxy that does not work and stands in Codex's own .env can be taken out; a shell profile is not ours to edit.
  if (id !== 'network.proxy' || choice.kind !== 'proxy' || choice.variable.source !== 'dotenv') {
    return [{ finding: finding(id, input) }];
  }
  const { variable } = choice;
  evidence.push({ source: 'config', where: variable.where, what: `${variable.name}=${choice.proxy.shown}` });
  const repairId = 'network.proxy.dotenv';
  return [
    { finding: finding(id, { ...input, repairId }), plan: () => planCommentOut(context, variable, repairId) },
  ];
}

function unusable(cause: string): FoundProblem {
  return {
    finding: finding('network.proxy', {
      subject: cause,
      cause: `${cause}.`,
      evidence: [{ source: 'config', where: 'config.toml', what: cause }],
      steps: ['Correct or remove that setting.'],
    }),
  };
}

/** Several endpoints on one host fail alike: one finding each cause and host. */
function merged(problems: readonly FoundProblem[]): readonly FoundProblem[] {
  const seen = new Set<string>();
  return problems.filter(({ finding: { id, subject } }) => {
    const key = `${id} ${subject}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** One line a stage: what the person would have measured by hand. */
function linesOf(report: RouteReport): readonly string[] {
  const way = report.way.kind === 'proxy' ? `through ${report.way.proxy.shown}` : 'directly';
  return [
    `${where(report.endpoint)} ${way}`,
    ...report.stages.map((stage) =>
      stage.kind === 'ok'
        ? `${stage.stage} ok${stage.detail === '' ? '' : ` (${stage.detail})`}, ${stage.ms} ms`
        : `${stage.stage} failed after ${stage.ms} ms: ${stage.code}, ${stage.message}`,
    ),
  ];
}

function where(endpoint: RouteEndpoint): string {
  return `GET ${endpoint.url.origin}${endpoint.url.pathname}`;
}
