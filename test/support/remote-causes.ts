/** The fourteen causes that Codex shows as one and the same line, each made for real, in four situations. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CodexAlias } from './real-codex.ts';
import { clientEnrollment, type RemoteJson, type RemoteWorld, startRemoteWorld } from './remote-world.ts';

export interface RemoteCauseCase {
  /** As `cause.kind` has it. */
  readonly kind: string;
  readonly scenario: string;
  /** Something local that belongs to it, before the first start. */
  prepare?(world: RemoteWorld): Promise<void>;
}

export const REMOTE_CAUSES: readonly RemoteCauseCase[] = [
  { kind: 'mfa', scenario: 'mfa-required' },
  { kind: 'workspace-policy', scenario: 'workspace-policy' },
  { kind: 'client-revoked', scenario: 'ok', prepare: storeRevokedClient },
  { kind: 'server-unknown', scenario: 'server-revoked' },
  { kind: 'server-conflict', scenario: 'already-online' },
  { kind: 'daemon', scenario: 'ok', prepare: blockSocket },
  { kind: 'presence-stale', scenario: 'presence-stale' },
  { kind: 'identity-collision', scenario: 'identity-collision' },
  { kind: 'api-key', scenario: 'remote-api-key' },
  { kind: 'not-logged-in', scenario: 'remote-not-logged-in' },
  { kind: 'edge-challenge', scenario: 'enroll-challenge' },
  { kind: 'rate-limit', scenario: 'enroll-429' },
  { kind: 'backend-outage', scenario: 'enroll-500' },
  { kind: 'network', scenario: 'enroll-refused' },
];

export type Situation = 'fresh' | 'again' | 'status' | 'foreground';

export interface SituationResult {
  readonly situation: Situation;
  /** What the official command said and how it ended; `null` where it is not asked. */
  readonly official: string | null;
  readonly json: RemoteJson & { readonly exitCode: number };
}

/** These are no failures of the machine itself, and the foreground has nothing to fail with. */
export const NOT_IN_FOREGROUND: ReadonlySet<string> = new Set(['client-revoked', 'daemon', 'presence-stale']);

/** The official command says "connecting" after ten seconds, where it does not end before. */
const FOREGROUND_MS = 15_000;

/** Runs one cause on one version through the wanted situations, in their order. */
export async function runCause(
  cause: RemoteCauseCase,
  alias: CodexAlias,
  situations: readonly Situation[],
): Promise<readonly SituationResult[]> {
  const world = await startRemoteWorld(alias, cause.scenario);
  const results: SituationResult[] = [];
  try {
    await cause.prepare?.(world);
    for (const situation of situations) {
      if (situation === 'foreground') {
        if (NOT_IN_FOREGROUND.has(cause.kind)) continue;
        await world.steward('remote', 'stop');
        results.push({ situation, official: null, json: await world.foreground(FOREGROUND_MS) });
      } else if (situation === 'status') {
        results.push({ situation, official: null, json: await world.json('remote', 'status') });
      } else {
        const json = await world.json('remote', 'start');
        const said = json.official?.said.split('\n').at(-1) ?? '';
        results.push({ situation, official: `exit ${json.official?.exitCode}: ${said}`, json });
      }
    }
    return results;
  } finally {
    await world.stop();
  }
}

/** A client that the server has revoked, still in both files of the desktop app. */
async function storeRevokedClient({ lab, writeGlobalState }: RemoteWorld): Promise<void> {
  const account = lab.world.account('plus');
  const client = lab.world.remote.addClient(account, { status: 'revoked' });
  await writeGlobalState({
    'project-order': ['/srv/app'],
    'electron-remote-control-client-enrollments': clientEnrollment(lab, client.clientId, account.userId),
  });
}

/** Something that is no socket stands where the app-server has to listen. */
async function blockSocket({ home }: RemoteWorld): Promise<void> {
  const folder = join(home, 'app-server-control');
  await mkdir(join(folder, 'app-server-control.sock'), { recursive: true, mode: 0o700 });
  await writeFile(join(folder, 'app-server-control.sock', 'in-the-way'), '');
}
