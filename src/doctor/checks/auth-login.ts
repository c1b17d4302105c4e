/** Is there a credential, and can it work? What only the server can tell is left to it. */
import { stat } from 'node:fs/promises';
import { apiKeyFault } from '../../codex/api-key-shape.ts';
import { type EnvironmentSources, readEnvironmentSources } from '../../codex/environment-sources.ts';
import { type LoginFacts, readLoginFacts } from '../../codex/login-facts.ts';
import { readSecretService } from '../../codex/secret-service.ts';
import { type Evidence, finding } from '../../knowledge/finding.ts';
import type { Check, CheckContext, CheckResult, FoundProblem } from '../check.ts';
import { credentialProblems } from './auth-credential.ts';
import { isSet, loginDetails, methodInUse, variableEvidence } from './auth-method.ts';

export const authLoginCheck: Check = {
  id: 'steward.auth-login',
  category: 'auth',
  title: 'Login',
  finds: ['auth.not_logged_in', 'auth.credentials_malformed', 'auth.token_expired', 'auth.apikey_invalid'],
  timeoutMs: 5000,
  async run(context) {
    const [facts, environment] = await Promise.all([
      context.read(readLoginFacts),
      context.read(readEnvironmentSources),
    ]);
    const details = loginDetails(facts, environment, context.host.now());
    const problems = [...environmentKeyProblems(facts, environment)];
    const result = (summary: string, status: CheckResult['status']): CheckResult =>
      problems.length > 0
        ? { summary: 'the login cannot work as it is', status: 'problems', details, problems }
        : { summary, status, details, problems };

    if (facts.auth.kind === 'missing' || facts.store === 'keyring' || facts.store === 'ephemeral') {
      const missing = await judgeMissing(context, facts, environment);
      if (missing.kind === 'problem') problems.push(missing.problem);
      return result(
        missing.kind === 'problem' ? '' : missing.summary,
        missing.kind === 'unseen' ? 'skipped' : 'ok',
      );
    }
    if (facts.auth.kind === 'unreadable' && (facts.auth.code === 'EACCES' || facts.auth.code === 'EPERM')) {
      return result(`${facts.auth.path} may not be read (${facts.auth.code})`, 'skipped');
    }
    problems.push(...credentialProblems(facts, context.host.now()));
    return result(`in use: ${methodInUse(facts, environment)}`, 'ok');
  },
};

type Missing =
  | { readonly kind: 'fine'; readonly summary: string }
  | { readonly kind: 'unseen'; readonly summary: string }
  | { readonly kind: 'problem'; readonly problem: FoundProblem };

async function judgeMissing(
  context: CheckContext,
  facts: LoginFacts,
  environment: EnvironmentSources,
): Promise<Missing> {
  const { provider } = facts;
  if (provider.id !== 'openai' && !provider.requiresOpenaiAuth) {
    return { kind: 'fine', summary: `provider ${provider.id} needs no OpenAI login` };
  }
  if (isSet(environment, 'CODEX_ACCESS_TOKEN') || isSet(environment, 'CODEX_API_KEY')) {
    return { kind: 'fine', summary: `in use: ${methodInUse(facts, environment)}` };
  }
  if (facts.store === 'keyring') {
    return { kind: 'unseen', summary: 'the login is kept in the system keyring, which we do not open' };
  }
  if (facts.store === 'ephemeral') {
    return {
      kind: 'unseen',
      summary: 'logins are kept in memory only (cli_auth_credentials_store = "ephemeral")',
    };
  }
  if (facts.store === 'auto' && (await context.read(readSecretService)).kind !== 'absent') {
    return {
      kind: 'unseen',
      summary: 'no auth.json; the login may be in the system keyring, which we do not open',
    };
  }
  const hasHome = await isFolder(context.home.path);
  if (!hasHome && context.home.source === 'env') {
    return { kind: 'unseen', summary: 'the Codex home that is named is not there, see steward.config-home' };
  }
  return { kind: 'problem', problem: notLoggedIn(facts, environment, hasHome) };
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** In a home that was never used, a missing login is only to be expected. */
function notLoggedIn(facts: LoginFacts, environment: EnvironmentSources, used: boolean): FoundProblem {
  const { path } = facts.auth;
  const evidence: Evidence[] = [{ source: 'file', where: path, what: 'does not exist' }];
  let cause = `There is no login: ${path} does not exist, and no CODEX_API_KEY is set.`;
  if (isSet(environment, 'OPENAI_API_KEY')) {
    evidence.push(...variableEvidence(environment, 'OPENAI_API_KEY', 'set, but not used by Codex'));
    cause = `There is no login: ${path} does not exist, and Codex does not use the OPENAI_API_KEY of the environment.`;
  }
  return {
    finding: finding('auth.not_logged_in', {
      subject: path,
      severity: used ? 'fail' : 'warn',
      evidence,
      cause,
      confidence: facts.configIncomplete ? 0.8 : 1,
      command: 'codex login',
      steps: [
        'codex login   # with ChatGPT; on a machine without browser: codex login --device-auth',
        'or, with an API key: printenv OPENAI_API_KEY | codex login --with-api-key',
        'codex login status',
      ],
    }),
  };
}

/** A key in the environment that Codex would use, and that cannot be one. */
function environmentKeyProblems(facts: LoginFacts, environment: EnvironmentSources): readonly FoundProblem[] {
  const key = environment.set.get('CODEX_API_KEY');
  if (key === undefined || key === '') return [];
  const official = facts.provider.id === 'openai' && facts.provider.baseUrl === null;
  const fault = apiKeyFault(key, { foreign: official });
  if (fault === null) return [];
  return [
    {
      finding: finding('auth.apikey_invalid', {
        subject: 'CODEX_API_KEY',
        evidence: variableEvidence(environment, 'CODEX_API_KEY', `set, ${fault}`),
        cause: `CODEX_API_KEY, which codex exec sends as it stands, is ${fault}.`,
        steps: ['Set it to the bare key, or unset it to use the stored login.', 'codex exec "hi"'],
      }),
    },
  ];
}
