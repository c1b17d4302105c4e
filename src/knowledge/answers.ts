/**
 * Questions as people type them ("401", "port 1455", "does quota come back"): too short to be an error text, and asked
 * all the time. Each answer is a few sentences and names the failures behind it; where the machine itself can tell,
 * it names the check that does.
 */
import type { FailureId } from './ids.ts';

export interface Answer {
  readonly title: string;
  /** A few sentences. */
  readonly text: string;
  readonly steps: readonly string[];
  /** The failures that it may be, the likeliest first. */
  readonly ids: readonly FailureId[];
  /** A doctor check whose summary belongs to the answer: `steward.auth-login` says which login is in use. */
  readonly check?: string;
}

interface Question {
  /** Any of these; each a list of words that must all be there, in folded form. */
  readonly asks: readonly (readonly string[])[];
  readonly answer: Answer;
}

/** A question has few words; anything longer is an error text. */
const MAX_WORDS = 12;

const QUESTIONS: readonly Question[] = [
  {
    asks: [
      ['auth', 'method'],
      ['which', 'login'],
      ['how', 'logged', 'in'],
      ['which', 'account'],
    ],
    answer: {
      title: 'Which login is in use',
      text: 'Codex takes CODEX_API_KEY from the environment first (for exec), then what auth.json holds: "auth_mode" says whether that is a ChatGPT login or an API key. OPENAI_API_KEY in the environment alone is ignored by Codex 0.133 and newer.',
      steps: ['codex login status', 'steward doctor --only auth --verbose'],
      ids: ['auth.apikey_conflict', 'auth.not_logged_in'],
      check: 'steward.auth-login',
    },
  },
  {
    asks: [
      ['key', 'and', 'login'],
      ['key', 'login', 'same'],
      ['key', 'chatgpt', 'both'],
      ['api', 'key', 'and', 'chatgpt'],
    ],
    answer: {
      title: 'An API key and a ChatGPT login at once',
      text: 'Pick one: with both present it depends on the command and the version which of them is used, and limits and models differ. The key in the environment wins for exec; of two credentials inside auth.json the key wins.',
      steps: [
        'steward doctor --only auth.apikey_conflict',
        'Unset the variable in your shell profile and open a new terminal, or: codex logout, then log in the way you want',
      ],
      ids: ['auth.apikey_conflict'],
      check: 'steward.auth-conflict',
    },
  },
  {
    asks: [
      ['quota', 'come', 'back'],
      ['quota', 'reset'],
      ['limit', 'reset'],
      ['when', 'limit'],
      ['quota', 'return'],
      ['usage', 'limit'],
    ],
    answer: {
      title: 'Does the quota come back?',
      text: 'Yes, by itself. A plan has a short window (5 hours) and a weekly one; each refills at its own reset time, which stands in the error ("try again at …") and in /status. Nothing on this machine can speed it up, and signing in again does not.',
      steps: [
        'codex, then /status: shows both windows with their reset times',
        'Buy credits, or use another account of your own',
      ],
      ids: ['ratelimit.usage_limit'],
    },
  },
  {
    asks: [['401'], ['unauthorized']],
    answer: {
      title: '401 Unauthorized',
      text: 'The server does not accept the credential: the token has expired and could not be renewed, the API key is wrong, or none was sent. It is never a network fault: a 401 proves that the server was reached.',
      steps: [
        'steward doctor --only auth',
        'codex logout, then codex login',
        'With a key: check it for quotes and spaces, and that a stale OPENAI_API_KEY or CODEX_API_KEY is not in the environment',
      ],
      ids: ['auth.token_expired', 'auth.apikey_invalid', 'auth.not_logged_in', 'auth.apikey_conflict'],
      check: 'steward.auth-login',
    },
  },
  {
    asks: [
      ['id', 'token'],
      ['token', 'missing'],
    ],
    answer: {
      title: 'missing field id_token',
      text: 'That login is incomplete: auth.json lacks a part that Codex needs, mostly because another tool wrote it from a web session or the login was cut off. It cannot be completed by hand: log that account in again.',
      steps: [
        'steward doctor --only auth.credentials_malformed',
        'codex logout, then codex login',
        'One account of several: steward auth check names it, steward auth login logs it in again',
      ],
      ids: ['auth.credentials_malformed', 'auth.token_exchange_failed'],
      check: 'steward.auth-login',
    },
  },
  {
    asks: [
      ['token', 'expired'],
      ['login', 'expired'],
    ],
    answer: {
      title: 'token_expired',
      text: 'The server no longer accepts that login, and it could not be renewed: log that account in again.',
      steps: [
        'codex logout, then codex login',
        'One account of several: steward auth check names it, steward auth login logs it in again',
      ],
      ids: ['auth.token_expired', 'auth.refresh_token_reused', 'auth.refresh_token_revoked'],
      check: 'steward.auth-login',
    },
  },
  {
    asks: [
      ['another', 'user', 'work'],
      ['other', 'user', 'work'],
      ['different', 'user', 'work'],
      ['other', 'os', 'user'],
      ['another', 'os', 'user'],
      ['phone', 'work'],
    ],
    answer: {
      title: 'Another user of this computer works, or the phone does, and this user does not',
      text: 'Pairing state is kept in the Codex home of one user: .codex-global-state.json with its .bak, and a table of the state database. Account, network and the other machine are fine then; this home holds an id that the server has revoked or lost.',
      steps: ['steward remote status', 'steward remote repair --dry-run', 'steward remote repair'],
      ids: ['remote.client_revoked', 'remote.stale_environment', 'remote.server_unknown'],
      check: 'steward.remote-pairing',
    },
  },
  {
    asks: [['403'], ['forbidden']],
    answer: {
      title: '403 Forbidden',
      text: 'Four different things, told apart by the body: {"detail":"Multi-factor authentication required"} is MFA; unsupported_country_region_territory is the region; an HTML page or an empty body is the edge (Cloudflare); a detail about a model or plan is entitlement. Only the first is mended by signing in again.',
      steps: ['Paste the whole message, with its body, into: steward explain'],
      ids: [
        'remote.mfa_required',
        'network.edge_blocked',
        'network.region_blocked',
        'auth.plan_not_eligible',
      ],
    },
  },
  {
    asks: [['429'], ['rate', 'limit'], ['too', 'many', 'requests']],
    answer: {
      title: '429',
      text: 'Two things. With usage_limit_reached your plan is used up until the reset time in the message; without it ("exceeded retry limit, last status: 429") too many requests came at once, and waiting a little helps. Neither is about your login.',
      steps: [
        'codex, then /status: shows what is left and when it resets',
        'Fewer sessions at once; wait as long as Retry-After says',
      ],
      ids: ['ratelimit.usage_limit', 'ratelimit.too_many_requests', 'ratelimit.credits_exhausted'],
    },
  },
  {
    asks: [
      ['1455'],
      ['os', 'error', '98'],
      ['os', 'error', '48'],
      ['10048'],
      ['address', 'in', 'use'],
      ['port', 'in', 'use'],
    ],
    answer: {
      title: 'Port 1455 is in use',
      text: 'The browser login waits for its answer on 127.0.0.1:1455 (newer versions fall back to 1457). Another program holds that port: an SSH tunnel or an older login as a rule. An API key or a device code needs no port.',
      steps: ['steward doctor --only auth.callback_port_in_use', 'codex login --device-auth'],
      ids: ['auth.callback_port_in_use'],
      check: 'steward.auth-callback-port',
    },
  },
  {
    asks: [['reconnecting'], ['stream', 'disconnected'], ['disconnect']],
    answer: {
      title: 'Reconnecting … 5/5',
      text: 'The connection breaks, or never comes about: the network, a proxy or VPN, or the server. It is not the login: a refused login is a 401 and is said as such. A more exact line near it (a certificate, a name that does not resolve, a status code) is the cause.',
      steps: ['steward doctor --live --only network', 'steward explain --last'],
      ids: [
        'network.stream_disconnected',
        'network.proxy',
        'network.tls_ca',
        'network.dns',
        'provider.local_endpoint_down',
      ],
      check: 'steward.network-settings',
    },
  },
  {
    asks: [
      ['headless'],
      ['ssh', 'login'],
      ['remote', 'login'],
      ['login', 'without', 'browser'],
      ['device', 'code'],
      ['device', 'auth'],
    ],
    answer: {
      title: 'Log in without a browser on this machine',
      text: 'Use the device code. If the page asks you to contact your workspace admin, device codes are switched off there: the admin enables them, or you copy auth.json from a machine where you logged in, forward port 1455, or use an API key.',
      steps: [
        'codex login --device-auth',
        'or: ssh -L 1455:127.0.0.1:1455 HOST, then codex login on HOST',
        'or: printenv OPENAI_API_KEY | codex login --with-api-key',
      ],
      ids: ['auth.device_code_disabled', 'auth.callback_unreachable'],
    },
  },
  {
    asks: [
      ['stuck', 'sign'],
      ['stuck', 'login'],
      ['sign', 'in', 'page'],
      ['login', 'hangs'],
      ['localhost', 'refused'],
      ['login', 'callback'],
    ],
    answer: {
      title: 'The sign-in page does not come back to Codex',
      text: 'After signing in, the browser opens localhost:1455 on its own machine. Nothing answers there when Codex runs elsewhere (SSH, container, WSL), when a firewall or policy blocks it, or when the login has ended meanwhile.',
      steps: [
        'codex login --device-auth',
        'or forward the port: ssh -L 1455:127.0.0.1:1455 HOST',
        'or: printenv OPENAI_API_KEY | codex login --with-api-key',
      ],
      ids: ['auth.callback_unreachable', 'auth.callback_port_in_use'],
      check: 'steward.auth-callback-port',
    },
  },
  {
    asks: [
      ['invalid', 'model'],
      ['unsupported', 'model'],
      ['model', 'not', 'supported'],
      ['model', 'not', 'found'],
    ],
    answer: {
      title: 'The model is not accepted',
      text: 'Either the name in config.toml does not exist, or your plan or login may not use it. Without a "model" line Codex takes the default, which always works.',
      steps: [
        'steward doctor --only model config',
        'Remove the model line from config.toml, or pick one with /model; start a new thread if the old one keeps the model',
      ],
      ids: ['config.invalid_model', 'model.unsupported_account'],
      check: 'steward.model-choice',
    },
  },
  {
    asks: [
      ['config', 'toml'],
      ['config', 'broken'],
      ['toml', 'error'],
    ],
    answer: {
      title: 'config.toml is broken',
      text: 'Codex loads none of it when one line is wrong. The doctor names the line, keeps a backup, mends the one mistake and can undo it.',
      steps: ['steward doctor --only config', 'steward doctor --fix --only config'],
      ids: ['config.toml_syntax', 'config.invalid_value'],
      check: 'steward.config-syntax',
    },
  },
  {
    asks: [['sandbox', 'block'], ['sandbox'], ['read', 'only', 'file', 'system'], ['bwrap'], ['landlock']],
    answer: {
      title: 'The sandbox blocks a command',
      text: 'Two things. If commands start but may not write or reach the network, the sandbox does what it should: approve that command, or widen the profile on purpose. If nothing starts at all, the system does not let the sandbox be made; the doctor says which layer blocks. Switching the sandbox off is not the fix.',
      steps: ['steward doctor --only sandbox', 'In Codex: /permissions'],
      ids: ['sandbox.blocked', 'sandbox.userns_blocked', 'sandbox.bwrap_missing'],
      check: 'steward.sandbox',
    },
  },
  {
    asks: [['wsl'], ['migration'], ['previously', 'applied']],
    answer: {
      title: 'WSL: "migration N was previously applied but has been modified"',
      text: 'Windows and WSL share one Codex home, and their builds disagree about the database. Nothing is damaged: give WSL its own database folder, and do not let a running Codex rebuild the shared one.',
      steps: [
        'In WSL, in your shell profile: export CODEX_SQLITE_HOME="$HOME/.codex-sqlite"',
        'steward doctor --only state',
      ],
      ids: ['state.sqlite_migration', 'state.wsl_shared_home'],
      check: 'steward.state-wsl',
    },
  },
];

/** The answer to a short question, or `undefined` when it is none that we know. */
export function findAnswer(question: string): Answer | undefined {
  if (question.includes('\n') || question.trim().split(/\s+/).length > MAX_WORDS) return undefined;
  const words = new Set(
    question
      .toLowerCase()
      .split(/[^\p{L}\p{N}]+/u)
      .filter(Boolean),
  );
  const has = (wanted: string) =>
    [...words].some((word) => word === wanted || (wanted.length > 3 && word.startsWith(wanted)));
  let best: { readonly answer: Answer; readonly words: number } | undefined;
  for (const { asks, answer } of QUESTIONS) {
    for (const ask of asks) {
      // The question that more words fit is the more exact one.
      if (ask.every(has) && ask.length > (best?.words ?? 0)) best = { answer, words: ask.length };
    }
  }
  return best?.answer;
}
