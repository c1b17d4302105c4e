/** The authorize page: checks the client's request, asks the person, and sends the browser back with a code. */

import { isAccountName } from '../accounts.ts';
import { html, json, type LabAnswer, redirect } from '../answer.ts';
import { bodyFields, textField } from '../exchange.ts';
import type { LabRoute } from '../routes.ts';
import { CODEX_CLIENT_ID } from '../tokens.ts';
import type { LabWorld } from '../world.ts';
import { consentPage } from './pages.ts';
import { PASSWORD_ONLY, WITH_MFA } from './sessions.ts';

interface AuthorizeRequest {
  readonly redirectUri: string;
  readonly challenge: string;
  readonly state: string;
}

/** The client's parameters, or what is wrong with them. */
function parseAuthorize(query: URLSearchParams): AuthorizeRequest | string {
  const redirectUri = query.get('redirect_uri') ?? '';
  if (query.get('response_type') !== 'code') return 'response_type must be "code"';
  if (query.get('client_id') !== CODEX_CLIENT_ID) return 'unknown client_id';
  if (query.get('code_challenge_method') !== 'S256') return 'code_challenge_method must be "S256"';
  const challenge = query.get('code_challenge') ?? '';
  if (challenge === '') return 'code_challenge is missing';
  if (!isLoopback(redirectUri)) return 'redirect_uri must be a loopback address';
  return { redirectUri, challenge, state: query.get('state') ?? '' };
}

function isLoopback(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
}

function refusal(request: AuthorizeRequest): LabAnswer {
  return callback(request, {
    error: 'access_denied',
    error_description: 'The person cancelled the sign-in.',
  });
}

function callback(request: AuthorizeRequest, parameters: Readonly<Record<string, string>>): LabAnswer {
  const target = new URL(request.redirectUri);
  for (const [key, value] of Object.entries(parameters)) target.searchParams.set(key, value);
  if (request.state !== '') target.searchParams.set('state', request.state);
  return redirect(target.href);
}

function grant(request: AuthorizeRequest, world: LabWorld, accountName: string, withMfa: boolean): LabAnswer {
  const account = world.account(isAccountName(accountName) ? accountName : world.settings().account);
  const code = world.codes.make({
    account,
    amr: withMfa ? WITH_MFA : PASSWORD_ONLY,
    redirectUri: request.redirectUri,
    challenge: request.challenge,
  });
  return callback(request, { code, scope: 'openid profile email offline_access' });
}

export const AUTHORIZE_ROUTES: readonly LabRoute[] = [
  {
    method: 'GET',
    path: '/oauth/authorize',
    handle: ({ url }, world) => {
      const request = parseAuthorize(url.searchParams);
      if (typeof request === 'string') return html(400, `<h1>Bad request</h1><p>${request}</p>`);
      const { consent, account, loginWithMfa } = world.settings();
      if (consent === 'deny') return refusal(request);
      if (consent === 'allow') return grant(request, world, account, loginWithMfa);
      return html(
        200,
        consentPage({ query: url.searchParams.toString(), accounts: world.accounts, selected: account }),
      );
    },
  },
  {
    method: 'POST',
    path: '/oauth/authorize',
    handle: (exchange, world) => {
      const form = bodyFields(exchange);
      const request = parseAuthorize(new URLSearchParams(textField(form, 'query')));
      if (typeof request === 'string') return html(400, `<h1>Bad request</h1><p>${request}</p>`);
      if (textField(form, 'decision') !== 'allow') return refusal(request);
      return grant(request, world, textField(form, 'account'), textField(form, 'mfa') === 'yes');
    },
  },
  {
    method: 'GET',
    path: '/.well-known/jwks.json',
    handle: async (_exchange, world) => json(200, await world.mint.keySet()),
  },
];
