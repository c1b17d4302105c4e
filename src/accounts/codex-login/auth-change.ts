/** A change of `auth.json` as a repair plan: what a login looks like there, and nothing else touched. */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { AuthFile } from '../../codex/auth-file.ts';
import type { CodexScope } from '../../codex/home.ts';
import { openJournal } from '../../codex/home-journal.ts';
import { decodeTokenClaims } from '../../codex/jwt-claims.ts';
import type { FileFingerprint } from '../../storage/fingerprint.ts';
import type { ApplyOutcome, Verification } from '../../storage/journal.ts';
import type { JsonEdit, RepairPlan, Step } from '../../storage/steps.ts';
import { readSettledAuth } from './codex-login.ts';

/** What `auth.json` shall hold. */
export type WantedLogin =
  | {
      readonly kind: 'chatgpt';
      readonly idToken: string;
      readonly accessToken: string;
      readonly refreshToken: string;
      readonly accountId: string | null;
    }
  | { readonly kind: 'api-key'; readonly apiKey: string };

const JOURNAL_WAIT_MS = 10_000;

/** Whether the file holds exactly that, in a state in which Codex uses it. */
export function holds(auth: AuthFile, wanted: WantedLogin): boolean {
  if (auth.defects.length > 0 || !auth.modeStated) return false;
  if (wanted.kind === 'api-key') return auth.mode === 'apikey' && auth.apiKey === wanted.apiKey;
  const { tokens } = auth;
  return (
    auth.mode === 'chatgpt' &&
    tokens !== null &&
    tokens.idToken === wanted.idToken &&
    tokens.accessToken === wanted.accessToken &&
    tokens.refreshToken === wanted.refreshToken &&
    tokens.accountId === wanted.accountId
  );
}

export interface AuthChange {
  readonly repairId: string;
  readonly summary: string;
  readonly wanted: WantedLogin;
  /** `null`: there is no file yet. */
  readonly before: AuthFile | null;
  readonly expect: FileFingerprint;
  /** The login stays the same, so what Codex keeps beside the tokens (`oauth_provenance`, …) stays true. */
  readonly sameLogin: boolean;
}

/** Applies the change through the journal; another steward at work there is waited for. */
export async function applyAuthChange(scope: CodexScope, change: AuthChange): Promise<ApplyOutcome> {
  const plan = await planOf(scope, change);
  const start = performance.now();
  for (;;) {
    const outcome = await openJournal(scope).apply(plan, { verify: () => verify(scope, change.wanted) });
    const isLocked = outcome.kind === 'refused' && outcome.refusal.kind === 'locked';
    if (!isLocked || performance.now() - start > JOURNAL_WAIT_MS) return outcome;
    await pause(50);
  }
}

async function planOf(scope: CodexScope, change: AuthChange): Promise<RepairPlan> {
  const path = join(scope.home.path, 'auth.json');
  const { expect, wanted, before } = change;
  const lastRefresh = await lastRefreshOf(scope, wanted);
  const step: Step =
    before === null
      ? {
          kind: 'write-file',
          path,
          expect,
          content: `${JSON.stringify(wholeFile(wanted, lastRefresh), null, 2)}\n`,
          mode: 0o600,
        }
      : { kind: 'json-edit', path, expect, edits: editsOf(change, lastRefresh) };
  return {
    repairId: change.repairId,
    summary: change.summary,
    steps: [step],
    requiresStopped: 'nothing', // a running Codex goes on with what it has in memory; the caller says so
    credentials: true,
  };
}

async function verify(scope: CodexScope, wanted: WantedLogin): Promise<Verification> {
  const auth = await readSettledAuth(scope);
  if (auth.kind === 'ok' && holds(auth.value, wanted)) return { kind: 'verified' };
  return { kind: 'not-verified', reason: 'auth.json does not hold the login after the change' };
}

function tokensOf(wanted: Extract<WantedLogin, { readonly kind: 'chatgpt' }>) {
  return {
    id_token: wanted.idToken,
    access_token: wanted.accessToken,
    refresh_token: wanted.refreshToken,
    account_id: wanted.accountId,
  };
}

function wholeFile(wanted: WantedLogin, lastRefresh: string): object {
  if (wanted.kind === 'api-key') return { auth_mode: 'apikey', OPENAI_API_KEY: wanted.apiKey };
  return {
    auth_mode: 'chatgpt',
    OPENAI_API_KEY: null,
    tokens: tokensOf(wanted),
    last_refresh: lastRefresh,
  };
}

function editsOf({ wanted, sameLogin, before }: AuthChange, lastRefresh: string): readonly JsonEdit[] {
  if (wanted.kind === 'api-key') {
    return [
      { op: 'set', path: ['auth_mode'], value: 'apikey' },
      { op: 'set', path: ['OPENAI_API_KEY'], value: wanted.apiKey },
      { op: 'delete', path: ['tokens'] },
      { op: 'delete', path: ['last_refresh'] },
    ];
  }
  const tokens = tokensOf(wanted);
  return [
    { op: 'set', path: ['auth_mode'], value: 'chatgpt' },
    { op: 'set', path: ['OPENAI_API_KEY'], value: null },
    ...(sameLogin && before !== null && before.tokens !== null
      ? Object.entries(tokens).map(
          ([name, value]): JsonEdit => ({ op: 'set', path: ['tokens', name], value }),
        )
      : [{ op: 'set' as const, path: ['tokens'], value: tokens }]),
    { op: 'set', path: ['last_refresh'], value: lastRefresh },
  ];
}

/** When the access token was issued, never in the future: Codex takes it for the time of its last refresh. */
async function lastRefreshOf(scope: CodexScope, wanted: WantedLogin): Promise<string> {
  const now = scope.host.now();
  if (wanted.kind === 'api-key') return new Date(now).toISOString();
  const issuedAt = (await decodeTokenClaims(wanted.accessToken))?.issuedAt ?? now;
  return new Date(Math.min(issuedAt, now)).toISOString();
}
