/** The API key of `login --with-api-key`: from standard input, never from the command line, looked at before it is stored. */
import { checkApiKey, shapeFault } from '../../accounts/login/api-key.ts';
import type { CodexScope } from '../../codex/home.ts';
import { createHttp } from '../../codex/http.ts';
import { readLoginFacts } from '../../codex/login-facts.ts';
import { EXIT, StewardError } from '../../errors.ts';
import { readAllInput } from '../line-reader.ts';
import type { Terminal } from '../render/terminal.ts';

/**
 * The key, or `null` when the person gave up. `warning`: the server could not be asked. Throws `ERR_LOGIN_API_KEY`, or
 * `ERR_LOGIN_API_KEY_REFUSED` when the server does not accept it.
 */
export async function readApiKey(
  scope: CodexScope,
  terminal: Terminal,
  input: NodeJS.ReadStream,
): Promise<{ readonly key: string; readonly warning: string | null } | null> {
  const text = terminal.interactive ? await askForKey() : await readAllInput(input, scope.signal);
  if (text === null) return null;
  const key = text.trim();
  const { provider } = await readLoginFacts(scope);
  const baseUrl = provider.id === 'openai' ? provider.baseUrl : null;
  const fault = shapeFault(key, { isOfficial: baseUrl === null });
  if (fault !== null) {
    throw new StewardError(
      'ERR_LOGIN_API_KEY',
      'user',
      `what came on standard input is no API key: ${fault}`,
      {
        hint: 'Pipe the key alone: `printenv OPENAI_API_KEY | steward auth login --with-api-key`.',
      },
    );
  }
  const http = createHttp(scope);
  try {
    const verdict = await checkApiKey(http, baseUrl, key);
    scope.signal.throwIfAborted();
    if (verdict.kind === 'accepted') return { key, warning: null };
    if (verdict.kind === 'unknown') return { key, warning: verdict.reason };
    const said = [verdict.code, verdict.message].filter((part) => part !== null && part !== '').join(': ');
    throw new StewardError(
      'ERR_LOGIN_API_KEY_REFUSED',
      'user',
      `the server does not accept this API key (401${said === '' ? '' : ` ${said}`})`,
      {
        hint: 'Make a new one at https://platform.openai.com/api-keys; nothing was stored.',
        details: { status: 401, ...(verdict.code === null ? {} : { serverCode: verdict.code }) },
      },
    );
  } finally {
    await http.close();
  }
}

async function askForKey(): Promise<string | null> {
  const { isCancel, password } = await import('@clack/prompts');
  const answer = await password({ message: 'API key (q to give up):', output: process.stderr });
  if (isCancel(answer)) {
    throw new StewardError('ERR_INTERRUPTED', 'user', 'Interrupted; nothing was stored.', {
      exitCode: EXIT.interrupted,
    });
  }
  return /^(|q|quit|cancel)$/i.test(answer?.trim() ?? '') ? null : answer;
}
