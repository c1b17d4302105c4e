/** Which credential Codex would use, in words: promised by every report on a login. */
import { type EnvironmentSources, sourcesOf } from '../../codex/environment-sources.ts';
import { maskEmail } from '../../codex/jwt-claims.ts';
import type { LoginFacts } from '../../codex/login-facts.ts';
import type { Evidence } from '../../knowledge/finding.ts';

/** Details for the report; nothing in it is secret. */
export function loginDetails(
  facts: LoginFacts,
  environment: EnvironmentSources,
  now: number,
): Readonly<Record<string, string>> {
  const details: Record<string, string> = {
    'method in use': methodInUse(facts, environment),
    'credential store': facts.store,
    'model provider': facts.provider.id,
  };
  if (facts.auth.kind !== 'ok') return { ...details, 'auth.json': facts.auth.kind };
  const { identity, access, mode, modeStated } = facts.auth.value;
  details['stored auth mode'] = modeStated ? mode : `${mode} (not stated in the file)`;
  if (identity?.email) details.account = maskEmail(identity.email);
  if (identity?.planType) details.plan = identity.planType;
  if (access?.expiresAt) {
    const minutes = Math.round((access.expiresAt - now) / 60_000);
    details['token life'] =
      minutes > 0 ? `valid for ${minutes} min` : `expired ${-minutes} min ago (renewed on use)`;
  }
  return details;
}

/** One line: what authenticates the next request, and what would for `codex exec`. */
export function methodInUse(facts: LoginFacts, environment: EnvironmentSources): string {
  const stored = storedMethod(facts);
  if (isSet(environment, 'CODEX_ACCESS_TOKEN'))
    return `CODEX_ACCESS_TOKEN of the environment (stored: ${stored})`;
  if (isSet(environment, 'CODEX_API_KEY')) {
    return `codex exec: CODEX_API_KEY of the environment; everything else: ${stored}`;
  }
  return stored;
}

/** Where that variable is set: the environment, and the start-up files that do it. Values are not shown. */
export function variableEvidence(
  environment: EnvironmentSources,
  name: string,
  what: string,
): readonly Evidence[] {
  return [
    { source: 'env', where: name, what },
    ...sourcesOf(environment, name).map(({ path, line }) => ({
      source: 'file' as const,
      where: `${path}:${line}`,
      what: `sets ${name}`,
    })),
  ];
}

/** Steps that take a variable out of Codex's environment. */
export function unsetSteps(
  environment: EnvironmentSources,
  name: string,
  windows: boolean,
): readonly string[] {
  const places = sourcesOf(environment, name).map(({ path, line }) => `${path}:${line}`);
  return [
    places.length > 0
      ? `Remove ${name} at ${places.join(', ')}.`
      : `Find what sets ${name}: no shell start-up file does (a desktop session, an IDE, a CI job, the parent process).`,
    windows
      ? `Remove-Item Env:${name}   # in the terminal that is open`
      : `unset ${name}   # in the terminal that is open`,
  ];
}

/** Whether it is set to more than blanks. */
export function isSet(environment: EnvironmentSources, name: string): boolean {
  return (environment.set.get(name) ?? '').trim() !== '';
}

function storedMethod(facts: LoginFacts): string {
  const { provider, auth, store } = facts;
  if (!provider.builtIn || (provider.id !== 'openai' && provider.builtIn)) {
    if (provider.envKey !== null) return `the key in ${provider.envKey}, for provider ${provider.id}`;
    if (provider.hasOwnCredential) return `the credential of provider ${provider.id}`;
    if (!provider.requiresOpenaiAuth) return `none needed by provider ${provider.id}`;
  }
  if (store === 'keyring') return 'the login in the system keyring (not visible to us)';
  if (auth.kind !== 'ok') return auth.kind === 'missing' ? 'none' : 'none: auth.json cannot be used';
  switch (auth.value.mode) {
    case 'apikey':
      return 'API key';
    case 'chatgpt':
    case 'chatgptAuthTokens':
      return 'ChatGPT login';
    case 'agentIdentity':
      return 'agent identity';
    case 'personalAccessToken':
      return 'personal access token';
    case 'bedrockApiKey':
      return 'Bedrock API key';
  }
}
