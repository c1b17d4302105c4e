/** The one-time secrets of a sign-in in a browser, and the address that starts it. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { AuthEndpoints } from '../oauth/endpoints.ts';

/** What Codex 0.169 asks for. */
const SCOPE = 'openid profile email offline_access api.connectors.read api.connectors.invoke';

export interface SignIn {
  /** For the browser. */
  readonly authorizeUrl: string;
  readonly redirectUri: string;
  readonly state: string;
  readonly verifier: string;
}

/** A new sign-in that ends at `redirectUri`. `workspace`: let the server offer only that one (`allowed_workspace_id`). */
export function createSignIn(
  endpoints: AuthEndpoints,
  options: { readonly redirectUri: string; readonly workspace: string | null; readonly askWho: boolean },
): SignIn {
  const state = randomBytes(32).toString('base64url');
  const verifier = randomBytes(64).toString('base64url');
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: endpoints.clientId,
    redirect_uri: options.redirectUri,
    scope: SCOPE,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    id_token_add_organizations: 'true',
    codex_cli_simplified_flow: 'true',
    state,
    originator: 'codex_cli_rs',
  });
  if (options.workspace !== null) query.set('allowed_workspace_id', options.workspace);
  // Without it the browser's session would sign the account in that is already there.
  if (options.askWho) query.set('prompt', 'login');
  return {
    authorizeUrl: `${endpoints.authorizeUrl}?${query}`,
    redirectUri: options.redirectUri,
    state,
    verifier,
  };
}

/** Whether both are the same, in a time that tells nothing. */
export function isSameSecret(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
