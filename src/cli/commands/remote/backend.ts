/** Opens the account's backend for one command, and turns a refusal into an error with the cause and the next step. */
import type { CodexScope } from '../../../codex/home.ts';
import { EXIT, StewardError } from '../../../errors.ts';
import type { BackendAnswer } from '../../../remote/backend/answer.ts';
import { openRemoteBackend, type RemoteBackend } from '../../../remote/backend/backend.ts';
import { troubleOfRefusal } from '../../../remote/reconcile.ts';

const TIMEOUT_MS = 15_000;

/** Runs `work` with the backend. Throws `ERR_REMOTE_LOGIN` where no login can ask. */
export async function withBackend<T>(
  scope: CodexScope,
  work: (backend: RemoteBackend) => Promise<T>,
): Promise<T> {
  const backend = await openRemoteBackend(scope, { timeoutMs: TIMEOUT_MS });
  if (backend.kind === 'unavailable') {
    const hint =
      backend.reason === 'bad-base-url'
        ? 'Remove chatgpt_base_url from config.toml.'
        : 'codex login (with ChatGPT; an API key cannot use remote control)';
    throw new StewardError('ERR_REMOTE_LOGIN', 'user', `The server cannot be asked: ${backend.message}.`, {
      hint,
    });
  }
  try {
    return await work(backend);
  } finally {
    await backend.close();
  }
}

/** The value, or `ERR_REMOTE_REFUSED` / `ERR_REMOTE_UNREACHABLE` with what the server said. */
export function valueOrThrow<T>(answer: BackendAnswer<T>): T {
  if (answer.kind === 'ok') return answer.value;
  if (answer.kind === 'failed') {
    throw new StewardError(
      'ERR_REMOTE_UNREACHABLE',
      'environment',
      `${answer.method} ${answer.url}: ${answer.message}.`,
      {
        hint: 'Nothing was changed. steward doctor --live --only network',
        details: { reason: answer.reason },
      },
    );
  }
  const { finding } = troubleOfRefusal(answer);
  const said = [`HTTP ${answer.httpStatus} ${answer.statusText ?? ''}`.trim(), answer.detail].filter(
    (part) => part !== null,
  );
  throw new StewardError(
    'ERR_REMOTE_REFUSED',
    'user',
    `${answer.method} ${answer.url}: ${said.join(', ')}. ${finding.cause}`,
    {
      hint: finding.fix.summary,
      details: { httpStatus: answer.httpStatus, cause: finding.id },
      exitCode: EXIT.problems,
    },
  );
}
