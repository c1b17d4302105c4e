/** Secrets that their own shape gives away, wherever they stand. Every pattern is anchored at a boundary or bounded. */
import { REDACTED } from './secret-names.ts';

/**
 * Prefixes of issued secrets: OpenAI (`sk-`, `sess-`, refresh `rt_`/`rt.`, codes `ac_`), GitHub, GitLab, Slack, Google,
 * Hugging Face, npm, Stripe, Groq, xAI, SendGrid, DigitalOcean, Linear, webhooks.
 */
const PREFIXED =
  /(?<![A-Za-z0-9])(?:sk-|sk_|sess-|rt_|rt\.|ac_|ghp_|gho_|ghu_|ghs_|ghr_|github_pat_|glpat-|xox[a-z]{1,2}-|xapp-|ya29\.|hf_|npm_|pk_live_|rk_live_|whsec_|gsk_|xai-|SG\.|dop_v1_|lin_api_|pypi-)[A-Za-z0-9_.~+/=-]{6,}/g;
const AWS_KEY = /(?<![A-Za-z0-9])A(?:KIA|SIA|ROA|IDA)[A-Z0-9]{12,}/g;
const GOOGLE_KEY = /AIza[\w-]{20,}/g;
/** A JSON Web Token, whole or cut off: `{"` in base64url, then anything a token is made of. */
const JWT = /eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_=-]*)*/g;
const BEARER = /(?<![A-Za-z0-9])(Bearer|Basic)(\s{1,4})([^\s"'`,;<>)]{6,})/gi;
const CURL_USER = /((?:^|\s)(?:-u|--user)[ =])([^\s:]+:\S+)/g;
/** `scheme://user:password@host`: the class excludes `/`, so no part of the text is scanned twice. */
const USERINFO = /(:\/\/)([^\s/?#"'`<>]+)(?=@[^\s@/?#"'`<>])/g;

/** The text with every secret of a known shape replaced. */
export function redactShapes(text: string): string {
  return redactPrivateKeys(text)
    .replace(USERINFO, `$1${REDACTED}`)
    .replace(JWT, REDACTED)
    .replace(PREFIXED, REDACTED)
    .replace(AWS_KEY, REDACTED)
    .replace(GOOGLE_KEY, REDACTED)
    .replace(BEARER, (whole, scheme: string, blank: string, value: string) =>
      // "Bearer authentication failed" is prose.
      /^[a-z]{1,15}[.:]?$/.test(value) ? whole : `${scheme}${blank}${REDACTED}`,
    )
    .replace(CURL_USER, `$1${REDACTED}`);
}

const PEM_HEADER = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,20}-----/g;
const PEM_FOOTER = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,20}-----/g;

/** A private key goes from its header to its footer; one that is cut off goes to the end. */
function redactPrivateKeys(text: string): string {
  let result = '';
  let done = 0;
  PEM_HEADER.lastIndex = 0;
  for (let header = PEM_HEADER.exec(text); header !== null; header = PEM_HEADER.exec(text)) {
    PEM_FOOTER.lastIndex = PEM_HEADER.lastIndex;
    const footer = PEM_FOOTER.exec(text);
    result += text.slice(done, header.index) + REDACTED;
    done = footer === null ? text.length : PEM_FOOTER.lastIndex;
    PEM_HEADER.lastIndex = done;
  }
  return result + text.slice(done);
}
