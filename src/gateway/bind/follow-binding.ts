/** At every start of the gateway: when its address has changed (the former port was taken), the bound config goes along. */
import { MAX_CONFIG_BYTES, readConfig } from '../../codex/config-file.ts';
import type { CodexScope } from '../../codex/home.ts';
import { readBytes } from '../../codex/reading.ts';
import { readBindRecord, sha256, writeBindRecord } from '../../gateway-client/bind-record.ts';
import { fingerprint } from '../../storage/fingerprint.ts';
import type { Journal } from '../../storage/journal.ts';

export interface FollowDeps {
  readonly scope: CodexScope;
  readonly journal: Journal;
}

/** `null` when there was nothing to do or it was done; else why the config still names the former address. */
export async function followBinding({ scope, journal }: FollowDeps, baseUrl: string): Promise<string | null> {
  const record = await readBindRecord(scope);
  if (record.kind !== 'ok' || record.value.baseUrl === baseUrl) return null;
  const config = await readConfig(scope);
  // Somebody has put another upstream there since: theirs.
  if (config.kind !== 'ok' || config.value.value.openai_base_url !== record.value.baseUrl) return null;
  const wasUntouched = (await digestOf(config.path)) === record.value.boundSha256;
  await writeBindRecord(scope.home.path, { ...record.value, boundSha256: '', baseUrl });
  const outcome = await journal.apply(
    {
      repairId: 'gateway.follow_binding',
      summary: 'Point the bound app at the new address of the gateway.',
      steps: [
        {
          kind: 'toml-edit',
          path: config.path,
          expect: await fingerprint(config.path),
          edits: [{ op: 'set', key: ['openai_base_url'], value: baseUrl }],
        },
      ],
      requiresStopped: 'app',
      credentials: true, // the former address is good for nothing
    },
    {
      verify: async () => {
        const now = await readConfig(scope);
        return now.kind === 'ok' && now.value.value.openai_base_url === baseUrl
          ? { kind: 'verified' }
          : { kind: 'not-verified', reason: 'config.toml does not name the gateway' };
      },
    },
  );
  if (outcome.kind === 'repaired') {
    // An edited file cannot get its bytes from before back; only our key will be taken out of it.
    const boundSha256 = wasUntouched ? await digestOf(config.path) : '';
    await writeBindRecord(scope.home.path, { ...record.value, boundSha256, baseUrl });
    return null;
  }
  await writeBindRecord(scope.home.path, record.value);
  return `the bound app still has the gateway's former address: ${outcome.reason}`;
}

async function digestOf(path: string): Promise<string> {
  const bytes = await readBytes(path, MAX_CONFIG_BYTES);
  return bytes.kind === 'ok' ? sha256(bytes.value) : '';
}
