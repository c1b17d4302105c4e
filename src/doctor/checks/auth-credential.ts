/** What is wrong with the stored credential itself, told from the file alone. */
import { apiKeyFault } from '../../codex/api-key-shape.ts';
import type { AuthFile, CredentialDefect } from '../../codex/auth-file.ts';
import type { LoginFacts } from '../../codex/login-facts.ts';
import { finding } from '../../knowledge/finding.ts';
import type { FoundProblem } from '../check.ts';

const LOGIN_STEPS = ['codex logout', 'codex login', 'codex login status'] as const;

/** Problems of `auth.json`; none where it is fine or missing. */
export function credentialProblems(facts: LoginFacts, now: number): readonly FoundProblem[] {
  const { auth } = facts;
  if (auth.kind === 'missing') return [];
  if (auth.kind === 'malformed') {
    const where = auth.line === undefined ? auth.path : `${auth.path}:${auth.line}:${auth.column ?? 1}`;
    return [malformed(auth.path, where, auth.message, `Codex cannot read ${auth.path}: ${auth.message}.`)];
  }
  if (auth.kind === 'unreadable') {
    const what = `${auth.code}: ${auth.message}`;
    return [
      malformed(
        auth.path,
        auth.path,
        what,
        `${auth.path} is not a file that Codex can read: ${auth.message}.`,
      ),
    ];
  }
  const problems = auth.value.defects.flatMap((defect) => defectProblem(auth.path, auth.value, defect, now));
  return [...problems, ...keyProblem(facts, auth.path, auth.value)];
}

function malformed(path: string, where: string, what: string, cause: string): FoundProblem {
  return {
    finding: finding('auth.credentials_malformed', {
      subject: path,
      evidence: [{ source: 'file', where, what }],
      cause,
      command: 'codex login',
      steps: [
        `mv ${path} ${path}.broken   # codex logout cannot read it either`,
        'codex login',
        'codex login status',
      ],
    }),
  };
}

function defectProblem(
  path: string,
  auth: AuthFile,
  defect: CredentialDefect,
  now: number,
): readonly FoundProblem[] {
  const report = (
    what: string,
    cause: string,
    severity: 'fail' | 'warn' = 'fail',
  ): readonly FoundProblem[] => [
    {
      finding: finding('auth.credentials_malformed', {
        subject: `${path}#${defect}`,
        severity,
        evidence: [{ source: 'file', where: path, what }],
        cause,
        command: 'codex login',
        steps: LOGIN_STEPS,
      }),
    },
  ];
  switch (defect) {
    case 'tokens-missing':
      return report(
        'no tokens',
        `${path} is that of a ChatGPT login without tokens: "codex login status" calls it logged in, and every request goes out without a credential.`,
      );
    case 'last-refresh-missing':
      return report(
        'no last_refresh',
        `${path} has no last_refresh, without which Codex sends no credential at all although "codex login status" calls it logged in.`,
      );
    case 'access-token-unreadable':
      return report(
        'tokens.access_token is not a JWT',
        `The access token in ${path} is not one, so every request is refused and Codex keeps trying to renew it.`,
      );
    case 'refresh-token-empty':
      return refreshProblem(path, auth, now, report);
    case 'api-key-missing':
      return auth.apiKey === ''
        ? []
        : report('OPENAI_API_KEY is null', `${path} is that of an API key login without a key.`);
    case 'agent-identity-missing':
      return report('no agent_identity', `${path} is that of an agent identity without its token.`);
    case 'agent-identity-unreadable':
      return report(
        'agent_identity is not a JWT',
        `The agent identity in ${path} is not a token that Codex can read.`,
      );
  }
}

/** An expired access token alone is normal, it is renewed on use; without a refresh token nobody can renew it. */
function refreshProblem(
  path: string,
  auth: AuthFile,
  now: number,
  report: (what: string, cause: string, severity?: 'fail' | 'warn') => readonly FoundProblem[],
): readonly FoundProblem[] {
  const expiresAt = auth.access?.expiresAt ?? null;
  if (expiresAt === null || expiresAt > now) {
    const until = expiresAt === null ? 'its access token expires' : new Date(expiresAt).toISOString();
    return report(
      'tokens.refresh_token is empty',
      `The login in ${path} has no refresh token: it works until ${until} and then never again.`,
      'warn',
    );
  }
  return [
    {
      finding: finding('auth.token_expired', {
        subject: path,
        evidence: [
          { source: 'file', where: path, what: `access token expired ${new Date(expiresAt).toISOString()}` },
          { source: 'file', where: path, what: 'tokens.refresh_token is empty' },
        ],
        cause: `The access token in ${path} has expired, and there is no refresh token to renew it with.`,
        command: 'codex login',
        steps: LOGIN_STEPS,
      }),
    },
  ];
}

function keyProblem(facts: LoginFacts, path: string, auth: AuthFile): readonly FoundProblem[] {
  if (auth.mode !== 'apikey' || auth.apiKey === null) return [];
  const official = facts.provider.id === 'openai' && facts.provider.baseUrl === null;
  const fault = apiKeyFault(auth.apiKey, { foreign: official });
  if (fault === null) return [];
  return [
    {
      finding: finding('auth.apikey_invalid', {
        subject: path,
        evidence: [{ source: 'file', where: path, what: `OPENAI_API_KEY is ${fault}` }],
        cause: `The API key stored in ${path} is ${fault}, and Codex sends it as it stands.`,
        command: 'codex login --with-api-key',
        steps: [
          'printf %s "$KEY" | codex login --with-api-key   # the bare key, without quotes',
          'codex login status',
        ],
      }),
    },
  ];
}
