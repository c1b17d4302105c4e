/**
 * Does something in the environment win over the stored login, or look as if it did? Measured with 0.133 and 0.169 and a
 * local server: `codex exec` prefers `CODEX_ACCESS_TOKEN`, then `CODEX_API_KEY`, to any stored login; `OPENAI_API_KEY`
 * and `OPENAI_BASE_URL` are not used at all.
 */
import { type EnvironmentSources, readEnvironmentSources } from '../../codex/environment-sources.ts';
import { isChatgptLogin, type LoginFacts, readLoginFacts } from '../../codex/login-facts.ts';
import { type Evidence, finding, type Severity } from '../../knowledge/finding.ts';
import type { Check, FoundProblem } from '../check.ts';
import { isSet, methodInUse, unsetSteps, variableEvidence } from './auth-method.ts';

export const authConflictCheck: Check = {
  id: 'steward.auth-conflict',
  category: 'auth',
  title: 'One credential, and the wanted one',
  finds: ['auth.apikey_conflict', 'auth.account_mismatch'],
  timeoutMs: 3000,
  async run(context) {
    const [facts, environment] = await Promise.all([
      context.read(readLoginFacts),
      context.read(readEnvironmentSources),
    ]);
    const windows = context.host.platform === 'win32';
    const problems = [
      ...environmentProblems(facts, environment, windows),
      ...unusedProblems(facts, environment, windows),
      ...fileProblems(facts),
    ];
    const details = { 'method in use': methodInUse(facts, environment) };
    if (problems.length === 0) {
      return { summary: 'nothing competes with the login', status: 'ok', details, problems };
    }
    return {
      summary: problems.map(({ finding }) => finding.cause).join(' '),
      status: 'problems',
      details,
      problems,
    };
  },
};

function environmentProblems(
  facts: LoginFacts,
  environment: EnvironmentSources,
  windows: boolean,
): readonly FoundProblem[] {
  const { auth } = facts;
  if (auth.kind !== 'ok') return [];
  const stored = isChatgptLogin(auth.value.mode) ? 'ChatGPT login' : `stored ${auth.value.mode} login`;
  if (isSet(environment, 'CODEX_ACCESS_TOKEN')) {
    const cause = `CODEX_ACCESS_TOKEN is set, so codex exec uses it and not the ${stored} in ${auth.path}.`;
    return [conflict('CODEX_ACCESS_TOKEN', 'warn', environment, cause, windows, auth.path)];
  }
  const key = environment.set.get('CODEX_API_KEY')?.trim() ?? '';
  if (key === '' || key === auth.value.apiKey) return [];
  const cause = `CODEX_API_KEY is set, so codex exec is billed to that key and does not use the ${stored} in ${auth.path}.`;
  return [conflict('CODEX_API_KEY', 'warn', environment, cause, windows, auth.path)];
}

/** Worth a word because people rely on them; nothing is broken by them. */
function unusedProblems(
  facts: LoginFacts,
  environment: EnvironmentSources,
  windows: boolean,
): readonly FoundProblem[] {
  const { auth, provider } = facts;
  const problems: FoundProblem[] = [];
  const usedByProvider = provider.envKey === 'OPENAI_API_KEY';
  if (
    auth.kind === 'ok' &&
    isChatgptLogin(auth.value.mode) &&
    isSet(environment, 'OPENAI_API_KEY') &&
    !usedByProvider
  ) {
    const cause = `OPENAI_API_KEY is set beside the ChatGPT login in ${auth.path}: Codex 0.133 to 0.169 does not use it, older versions preferred it.`;
    problems.push(conflict('OPENAI_API_KEY', 'info', environment, cause, windows, auth.path));
  }
  if (isSet(environment, 'OPENAI_BASE_URL')) {
    const cause =
      'OPENAI_BASE_URL is set, which Codex 0.133 to 0.169 ignores: the address is set with openai_base_url in config.toml.';
    problems.push(conflict('OPENAI_BASE_URL', 'info', environment, cause, windows, null));
  }
  return problems;
}

function conflict(
  name: string,
  severity: Severity,
  environment: EnvironmentSources,
  cause: string,
  windows: boolean,
  authPath: string | null,
): FoundProblem {
  const what = severity === 'info' ? 'set, not used' : 'set, used by codex exec';
  const evidence: Evidence[] = [...variableEvidence(environment, name, what)];
  if (authPath !== null) evidence.push({ source: 'file', where: authPath, what: 'the stored login' });
  return {
    finding: finding('auth.apikey_conflict', {
      subject: name,
      severity,
      evidence,
      cause,
      summary: `Take ${name} out of the environment of Codex, unless it is meant.`,
      steps: unsetSteps(environment, name, windows),
      actor: 'you',
    }),
  };
}

function fileProblems({ auth }: LoginFacts): readonly FoundProblem[] {
  if (auth.kind !== 'ok') return [];
  const { mode, modeStated, tokens, apiKey, access, identity } = auth.value;
  const problems: FoundProblem[] = [];
  if (!modeStated && mode === 'apikey' && tokens !== null && apiKey !== null) {
    problems.push({
      finding: finding('auth.apikey_conflict', {
        subject: auth.path,
        severity: 'warn',
        evidence: [{ source: 'file', where: auth.path, what: 'a key and ChatGPT tokens, no auth_mode' }],
        cause: `${auth.path} holds an API key and a ChatGPT login without saying which: Codex takes the key.`,
        summary: 'Log in again with the one that is wanted.',
        command: 'codex login',
        steps: ['codex logout', 'codex login   # ChatGPT; for the key: codex login --with-api-key'],
        actor: 'you',
      }),
    });
  }
  const ofToken = access?.accountId ?? identity?.accountId ?? null;
  if (isChatgptLogin(mode) && tokens?.accountId && ofToken !== null && tokens.accountId !== ofToken) {
    problems.push({
      finding: finding('auth.account_mismatch', {
        subject: auth.path,
        severity: 'warn',
        confidence: 0.6,
        evidence: [
          {
            source: 'file',
            where: auth.path,
            what: 'tokens.account_id is not the account of the access token',
          },
        ],
        cause: `${auth.path} names one account and holds the token of another, so requests go out in the name of an account that the token is not for.`,
        summary: 'Log in again, so that both are of one account.',
        command: 'codex login',
        steps: ['codex logout', 'codex login'],
        actor: 'you',
      }),
    });
  }
  return problems;
}
