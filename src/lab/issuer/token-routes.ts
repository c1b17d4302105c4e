/** The token endpoint (code exchange, refresh, API-key exchange) and revocation. */
import { apiError, empty, json, type LabAnswer } from '../answer.ts';
import { bodyFields, type Exchange, textField } from '../exchange.ts';
import type { LabRoute } from '../routes.ts';
import type { LabWorld } from '../world.ts';

/** How the issuer words each refusal of a refresh token; Codex reads `error.code`. */
const REFRESH_REFUSALS = {
  reused: [
    'refresh_token_reused',
    'Your refresh token has already been used to generate a new access token.',
  ],
  revoked: ['refresh_token_invalidated', 'Your refresh token has been revoked.'],
  expired: ['refresh_token_expired', 'Your refresh token has expired.'],
  invalid: ['token_expired', 'Could not validate your token. Please try signing in again.'],
} as const;

async function exchangeCode(fields: Readonly<Record<string, unknown>>, world: LabWorld): Promise<LabAnswer> {
  const exchanged = world.codes.exchange({
    code: textField(fields, 'code'),
    verifier: textField(fields, 'code_verifier'),
    redirectUri: textField(fields, 'redirect_uri'),
  });
  if (exchanged.kind === 'refused') return apiError(400, 'invalid_grant', exchanged.message);
  const session = world.sessions.open(exchanged.grant.account, exchanged.grant.amr);
  return json(200, { ...(await world.sessions.issue(session)), token_type: 'Bearer' });
}

async function refresh(fields: Readonly<Record<string, unknown>>, world: LabWorld): Promise<LabAnswer> {
  const redeemed = world.sessions.redeem(textField(fields, 'refresh_token'));
  if (redeemed.kind === 'refused') {
    const [code, message] = REFRESH_REFUSALS[redeemed.reason];
    return apiError(401, code, message);
  }
  return json(200, { ...(await world.sessions.issue(redeemed.session)), token_type: 'Bearer' });
}

/** Right after a browser login Codex trades the ID token for an API key, and does without when it gets none. */
async function exchangeApiKey(
  fields: Readonly<Record<string, unknown>>,
  world: LabWorld,
): Promise<LabAnswer> {
  const session = await world.sessions.byAccessToken(textField(fields, 'subject_token'));
  if (typeof session === 'string') return apiError(401, 'invalid_subject_token', 'Invalid ID token.');
  return json(200, { access_token: session.account.apiKey, token_type: 'Bearer' });
}

function handleToken(exchange: Exchange, world: LabWorld): LabAnswer | Promise<LabAnswer> {
  const fields = bodyFields(exchange);
  switch (textField(fields, 'grant_type')) {
    case 'authorization_code':
      return exchangeCode(fields, world);
    case 'refresh_token':
      return refresh(fields, world);
    case 'urn:ietf:params:oauth:grant-type:token-exchange':
      return exchangeApiKey(fields, world);
    default:
      return apiError(400, 'unsupported_grant_type', 'Unsupported grant_type.');
  }
}

export const TOKEN_ROUTES: readonly LabRoute[] = [
  { method: 'POST', path: '/oauth/token', handle: handleToken },
  {
    method: 'POST',
    path: '/oauth/revoke',
    handle: async (exchange, world) => {
      const known = await world.sessions.revoke(textField(bodyFields(exchange), 'token'));
      return known ? empty(200) : apiError(400, 'invalid_token', 'Unknown token.');
    },
  },
];
