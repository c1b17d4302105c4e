/** Which names say that their value is a secret: of JSON members, TOML keys, variables, headers, flags, URL parameters. */

/** What stands in place of a secret. No rule matches it again, so redacting twice changes nothing. */
export const REDACTED = '<redacted>';

/**
 * `certain`: whatever the value, it is a secret. `likely`: a value that reads as prose is not (`token: expired`).
 * `weak`: a `key` may as well be the name of a setting, so the value has to look like a secret.
 */
export type NameKind = 'certain' | 'likely' | 'weak' | 'none';

const CERTAIN =
  /(?:password|passwd|passphrase|_pwd|^pwd|secret|secrets|cookie|cookies|authorization|private_?key|code_verifier|(?:user|device|pairing|recovery)_code|one_time_code)$/;
const LIKELY =
  /(?:token|tokens|jwt|credential|credentials|(?:api|access|secret|session|signing|encryption|auth|account|master)_?keys?|(?:^|_)(?:apikey|authkey)s?|_sig|signature|bearer|^otp|client_assertion)$/;
const WEAK = /(?:^|_)keys?$/;
/** Names of names, and public things. */
const HARMLESS =
  /(?:^|_)(?:env|public|primary|foreign|cache|sort|host|map|hot)_?keys?$|_env_(?:var|key|token)$/;
/** Secret as URL parameters, ordinary words elsewhere. */
const QUERY_ONLY = /^(?:code|state|sig|sid|session|auth|ticket|nonce|login_hint|assertion|client_secret)$/;

/** Statuses that our own reports, and other tools', give instead of a secret. */
const STATUS =
  /^(?:<redacted>|\[redacted\]|\*+|present|absent|missing|none|null|undefined|nil|true|false|yes|no|set|unset|not set|empty|expired|valid|invalid|malformed|unknown|required|hidden|sensitive|keyring|file|auto|ephemeral|string|number|boolean)$/i;

/** What the name says about its value. `inQuery`: it is a parameter of a URL. */
export function nameKind(name: string, inQuery = false): NameKind {
  const plain = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[-.\s]+/g, '_')
    .toLowerCase();
  if (inQuery && QUERY_ONLY.test(plain)) return 'certain';
  if (HARMLESS.test(plain)) return 'none';
  if (CERTAIN.test(plain)) return 'certain';
  if (LIKELY.test(plain)) return 'likely';
  return WEAK.test(plain) ? 'weak' : 'none';
}

/** Whether that value, under a name of that kind, has to go. `quoted`: it is a string literal, not prose. */
export function isSecretValue(kind: NameKind, value: string, quoted: boolean): boolean {
  if (kind === 'none' || value === '' || STATUS.test(value)) return false;
  if (kind === 'certain') return true;
  if (kind === 'likely') {
    // `max_tokens: 4096`, `token: 401 Unauthorized`, `access token: expired`
    if (/^\d{1,9}$/.test(value)) return false;
    return quoted || !/^[A-Za-z]{1,12}[.,:;]?$/.test(value);
  }
  if (value.length < 8 || /^[A-Z][A-Z_]*$/.test(value)) return false;
  return !/^[a-z]+(?:[._ /-][a-z]+)*$/.test(value);
}
