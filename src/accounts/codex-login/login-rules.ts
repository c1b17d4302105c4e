/**
 * Whether Codex would take a login from `auth.json`, and keep it. Measured with 0.133 and 0.169: with the keyring it
 * deletes the file, and a login that is not of the enforced kind or workspace it deletes at its next start.
 */
import { effectiveSetting } from '../../codex/config-layers.ts';
import type { LoginFacts } from '../../codex/login-facts.ts';
import type { Account } from '../account.ts';

export interface RuleRefusal {
  readonly reason: 'credential-store' | 'forced-login-method' | 'forced-workspace' | 'config-unreadable';
  readonly message: string;
  readonly hint: string;
}

/** Why that account must not be written, or `null`. */
export function refusalByRules(facts: LoginFacts, account: Account): RuleRefusal | null {
  if (facts.configIncomplete) {
    const broken = facts.layers.find(
      ({ reading }) => reading.kind === 'malformed' || reading.kind === 'unreadable',
    );
    return {
      reason: 'config-unreadable',
      message: `${broken?.path ?? 'the configuration'} cannot be read, so nobody can tell where Codex keeps its login`,
      hint: 'Run: steward doctor',
    };
  }
  return storeRefusal(facts) ?? methodRefusal(facts, account) ?? workspaceRefusal(facts, account);
}

function storeRefusal({ store, auth, layers }: LoginFacts): RuleRefusal | null {
  // With `auto` the file is there only where no keyring was.
  if (store === 'file' || (store === 'auto' && auth.kind !== 'missing')) return null;
  const where = effectiveSetting(layers, ['cli_auth_credentials_store'])?.layer.path ?? 'the configuration';
  const place = store === 'ephemeral' ? 'nowhere' : "in the system's keyring";
  return {
    reason: 'credential-store',
    message: `${where} sets cli_auth_credentials_store = "${store}": Codex keeps its login ${place}, not in auth.json`,
    hint: 'Set it to "file" to let steward switch logins, or use the accounts through the gateway: steward run',
  };
}

function methodRefusal({ layers }: LoginFacts, account: Account): RuleRefusal | null {
  const forced = effectiveSetting(layers, ['forced_login_method']);
  const isKey = account.kind === 'api-key';
  if (forced?.value !== (isKey ? 'chatgpt' : 'api')) return null;
  return {
    reason: 'forced-login-method',
    message: `${forced.layer.path} enforces ${isKey ? 'a ChatGPT login' : 'an API key'} (forced_login_method): Codex would delete this login at its next start`,
    hint: `Choose an account that is ${isKey ? 'a ChatGPT login' : 'an API key'}, or run: steward doctor --only config.forced_login_mismatch`,
  };
}

function workspaceRefusal({ layers }: LoginFacts, account: Account): RuleRefusal | null {
  const forced = effectiveSetting(layers, ['forced_chatgpt_workspace_id']);
  if (forced === undefined || account.kind === 'api-key') return null;
  const values: readonly unknown[] = Array.isArray(forced.value) ? forced.value : [forced.value];
  const allowed = values.filter((value) => typeof value === 'string');
  if (allowed.length === 0 || (account.accountId !== null && allowed.includes(account.accountId)))
    return null;
  return {
    reason: 'forced-workspace',
    message: `${forced.layer.path} allows only ${allowed.length === 1 ? 'another workspace' : 'other workspaces'} (forced_chatgpt_workspace_id): Codex would delete this login at its next start`,
    hint: 'Choose an account of that workspace, or log in to it: steward auth login --org <id>',
  };
}
