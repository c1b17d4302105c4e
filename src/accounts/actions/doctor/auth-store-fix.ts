/** Lets Codex keep its login in `auth.json`, the only place that a switch reaches: one key of `config.toml`, through the journal. */
import { effectiveSetting } from '../../../codex/config-layers.ts';
import type { CodexScope } from '../../../codex/home.ts';
import { openJournal } from '../../../codex/home-journal.ts';
import { readLoginFacts } from '../../../codex/login-facts.ts';
import { fingerprint } from '../../../storage/fingerprint.ts';

const KEY = ['cli_auth_credentials_store'];
const OFF = new Set(['0', 'false', 'no', 'off']);

/** Only where the user's own file says otherwise; the variable that keeps our hands off it is honoured. */
export async function needsAuthStoreFix(scope: CodexScope): Promise<boolean> {
  const wish = scope.host.env.CODEX_MULTI_AUTH_ENFORCE_CLI_FILE_AUTH_STORE?.trim().toLowerCase() ?? '';
  if (OFF.has(wish)) return false;
  const { store, layers } = await readLoginFacts(scope);
  return store !== 'file' && effectiveSetting(layers, KEY)?.layer.kind === 'user';
}

/** Sets it; `null`, or why it could not be set. */
export async function fixAuthStore(scope: CodexScope): Promise<string | null> {
  const { layers } = await readLoginFacts(scope);
  const path = effectiveSetting(layers, KEY)?.layer.path;
  if (path === undefined) return 'the setting is no longer there';
  const outcome = await openJournal(scope).apply(
    {
      repairId: 'accounts.auth-store.file',
      summary: `Keep the login in auth.json: cli_auth_credentials_store = "file" in ${path}`,
      steps: [
        {
          kind: 'toml-edit',
          path,
          expect: await fingerprint(path),
          edits: [{ op: 'set', key: KEY, value: 'file' }],
        },
      ],
      requiresStopped: 'nothing',
    },
    {
      verify: async () => {
        const { store } = await readLoginFacts(scope);
        return store === 'file'
          ? { kind: 'verified' }
          : { kind: 'not-verified', reason: `logins are still kept in: ${store}` };
      },
    },
  );
  return outcome.kind === 'repaired' ? null : `config.toml was not changed: ${outcome.reason}`;
}
