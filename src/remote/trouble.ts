/**
 * What stands between a machine and a phone: one of the fourteen causes that Codex itself shows as one and the same line,
 * with the finding that explains it and the steps that fit it (and no others).
 */
import { type Evidence, type Finding, finding } from '../knowledge/finding.ts';
import type { FailureId } from '../knowledge/ids.ts';
import { createMatcher } from '../knowledge/matcher/matcher.ts';
import { causeOfRemoteError, type RemoteCause } from './error-cause.ts';
import { asEnrollmentError, type LastError } from './last-error.ts';
import { isManagedInstallMissing } from './plans/managed-install.ts';

export type TroubleKind =
  | 'mfa'
  | 'workspace-policy'
  | 'client-revoked'
  | 'server-unknown'
  | 'server-conflict'
  | 'daemon'
  | 'presence-stale'
  | 'identity-collision'
  | 'api-key'
  | 'not-logged-in'
  | 'edge-challenge'
  | 'rate-limit'
  | 'backend-outage'
  | 'network'
  /** HTTP 401: the login itself is rejected. */
  | 'login-rejected'
  | 'stale-environment'
  | 'other';

export interface Trouble {
  readonly kind: TroubleKind;
  readonly finding: Finding;
}

const KIND_OF: Readonly<Partial<Record<FailureId, TroubleKind>>> = {
  'remote.mfa_required': 'mfa',
  'remote.workspace_policy': 'workspace-policy',
  'remote.client_revoked': 'client-revoked',
  'remote.server_unknown': 'server-unknown',
  'remote.server_conflict': 'server-conflict',
  'remote.socket_or_daemon': 'daemon',
  'remote.presence_stale': 'presence-stale',
  'remote.identity_collision': 'identity-collision',
  'remote.requires_chatgpt_login': 'not-logged-in',
  'remote.stale_environment': 'stale-environment',
  'network.edge_blocked': 'edge-challenge',
  'ratelimit.too_many_requests': 'rate-limit',
  'server.error': 'backend-outage',
  'network.dns': 'network',
  'network.proxy': 'network',
  'network.tls_ca': 'network',
  'network.region_blocked': 'network',
  'auth.token_expired': 'login-rejected',
};

/** What `steward remote repair` can put right; of the others a person, an admin or time. */
const REPAIRABLE: ReadonlySet<TroubleKind> = new Set([
  'server-unknown',
  'server-conflict',
  'identity-collision',
  'daemon',
]);

/** Which of the causes that failure is. */
export function troubleKindOf(id: FailureId): TroubleKind {
  return KIND_OF[id] ?? 'other';
}

/** The cause behind the last error. */
export function troubleOfError(error: LastError): Trouble {
  const said = asEnrollmentError(error);
  if (said === null) return troubleOfOutcome(error);
  const cause = causeOfRemoteError(said);
  const kind =
    said.kind === 'api-key' ? 'api-key' : said.kind === 'transport' ? 'network' : troubleKindOf(cause.id);
  return { kind, finding: findingOf(error, cause) };
}

/** No word of the server's: the official command failed by itself, or nobody knows why. */
function troubleOfOutcome(error: LastError): Trouble {
  const detail = error.detail ?? error.reason;
  if (error.kind === 'no-answer') {
    const cause: RemoteCause = {
      id: 'remote.enrollment_errored',
      cause: `The backend has not answered${detail === null ? '' : ` (${detail})`}; Codex goes on waiting and tries again by itself`,
      confidence: 0.8,
      severity: 'fail',
      steps: [
        'steward remote status --watch   (tells when it comes through)',
        'steward doctor --live --only network   (walks the same way and says where it ends)',
      ],
      command: 'steward doctor --live --only network',
    };
    return { kind: 'network', finding: findingOf(error, cause) };
  }
  if (error.kind === 'unknown') {
    const cause: RemoteCause = {
      id: 'remote.enrollment_errored',
      cause: 'Remote control is errored, and this Codex does not say why',
      confidence: 0.6,
      severity: 'fail',
      steps: [
        'codex remote-control stop',
        'steward remote start   (it starts Codex so that it tells its reasons)',
      ],
      command: 'steward remote start',
    };
    return { kind: 'other', finding: findingOf(error, cause) };
  }
  const known = idOfWords(detail ?? '');
  const text = detail ?? 'the app-server did not become ready';
  const id = known ?? 'remote.socket_or_daemon';
  const cause: RemoteCause = {
    id,
    cause: text.replace(/^Error: /, '').split('\n')[0] ?? text,
    confidence: 0.9,
    severity: 'fail',
    ...(id === 'remote.socket_or_daemon' ? { steps: daemonSteps(text) } : {}),
  };
  return { kind: troubleKindOf(cause.id), finding: findingOf(error, cause) };
}

function daemonSteps(words: string): readonly string[] {
  if (!isManagedInstallMissing(words)) {
    return ['steward remote repair   (moves leftovers aside, ends an unreachable app-server, starts again)'];
  }
  return [
    'steward remote repair   (links the Codex that is installed to the place where this version looks for it)',
    'Or let OpenAI install a second one there: curl -fsSL https://chatgpt.com/codex/install.sh | sh',
    'Or update: Codex 0.169 brings its own copy.',
  ];
}

/** The failure that the official command's own words show, where it is one of remote control. */
function idOfWords(words: string): FailureId | null {
  if (/disabled by managed requirements/i.test(words)) return 'remote.workspace_policy';
  if (/managed standalone Codex install not found/i.test(words)) return 'remote.socket_or_daemon';
  const best = createMatcher()
    .explainText(words)
    .matches.find(({ id }) => KIND_OF[id] !== undefined);
  return best?.id ?? null;
}

function findingOf(error: LastError, cause: RemoteCause): Finding {
  // Where somebody has to act first, the time of the next try only misleads.
  const passes = cause.severity === 'warn' || troubleKindOf(cause.id) === 'network';
  const wait =
    error.retryAt === null || !passes ? '' : ` Codex tries again by itself at ${clock(error.retryAt)}.`;
  return finding(cause.id, {
    subject: error.url ?? 'remote control',
    severity: cause.severity,
    confidence: cause.confidence,
    cause: `${cause.cause}.${wait}`,
    evidence: [evidenceOf(error)],
    ...(cause.steps === undefined ? {} : { steps: cause.steps }),
    ...(cause.command === undefined ? {} : { command: cause.command }),
    ...(REPAIRABLE.has(troubleKindOf(cause.id))
      ? { command: 'steward remote repair', actor: 'steward' as const }
      : {}),
  });
}

function evidenceOf(error: LastError): Evidence {
  const status =
    error.httpStatus === null ? null : `HTTP ${error.httpStatus} ${error.statusText ?? ''}`.trim();
  const ids = [error.requestId && `request-id ${error.requestId}`, error.cfRay && `cf-ray ${error.cfRay}`];
  const words = error.body?.replace(/\s+/g, ' ') ?? error.reason ?? error.detail ?? error.kind;
  return {
    source: error.httpStatus === null ? 'log' : 'http',
    where: error.url ?? 'codex remote-control',
    what: [status, ...ids, words].filter((part) => part !== null && part !== '').join(', '),
  };
}

function clock(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
}
