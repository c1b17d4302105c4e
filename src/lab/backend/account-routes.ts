/** What the ChatGPT backend says about accounts, limits, models and workspace rules. */
import { detail, json, type LabAnswer } from '../answer.ts';
import { type Caller, unauthorized } from '../caller.ts';
import type { Exchange } from '../exchange.ts';
import type { LabRoute } from '../routes.ts';
import type { LabWorld } from '../world.ts';
import { usageOf } from './limits.ts';
import { MODEL_BASES, refuseModelCaller } from './responses.ts';

type Signed = Extract<Caller, { kind: 'session' }>;

/** Runs `handle` for a signed-in person; an API key or a machine's token is not one. */
export function signedIn(
  handle: (caller: Signed, world: LabWorld, exchange: Exchange) => LabAnswer,
): LabRoute['handle'] {
  return (exchange, world) => {
    const { caller } = exchange;
    if (caller.kind === 'nobody') return unauthorized(caller.why);
    if (caller.kind !== 'session') return detail(401, 'ChatGPT authentication is required.');
    return handle(caller, world, exchange);
  };
}

/** Side requests of Codex 0.133 and 0.169 before a turn; the real backend answers them, and Codex lives with 404. */
const SIDE_REQUESTS: readonly (readonly [LabRoute['method'], string])[] = [
  ['GET', '/backend-api/plugins/*'],
  ['GET', '/backend-api/ps/plugins/*'],
  ['POST', '/backend-api/ps/plugins/*'],
  ['GET', '/backend-api/connectors/*'],
  ['POST', '/backend-api/ps/mcp'],
  ['GET', '/backend-api/ps/mcp'],
  ['POST', '/backend-api/wham/apps'],
  ['GET', '/backend-api/wham/apps'],
  ['GET', '/backend-api/wham/workspace-messages'],
  ['GET', '/backend-api/wham/security-setup'],
];

export const ACCOUNT_ROUTES: readonly LabRoute[] = [
  {
    method: 'GET',
    path: '/backend-api/wham/accounts/check',
    // The gate of 0.169: without an entry for the account it never calls the model. NO_CONSTRAINT keeps it here.
    handle: signedIn(({ account }) =>
      json(200, {
        accounts: [
          {
            id: account.accountId,
            name: account.workspaceName,
            plan_type: account.plan,
            structure: account.structure,
            workspace_backend_origin: 'NO_CONSTRAINT',
            account_routing_override: 'NO_CONSTRAINT',
          },
        ],
        account_ordering: [account.accountId],
        default_account_id: account.accountId,
      }),
    ),
  },
  {
    method: 'GET',
    path: '/backend-api/wham/usage',
    handle: signedIn(({ account }, world) => json(200, usageOf(world, account.plan))),
  },
  { method: 'GET', path: '/backend-api/wham/settings/user', handle: signedIn(() => json(200, {})) },
  {
    method: 'GET',
    path: '/backend-api/accounts/mfa_info',
    handle: signedIn(({ session }) => json(200, { mfa_enabled_v2: session.amr.includes('mfa') })),
  },
  {
    method: 'GET',
    path: '/backend-api/wham/config/requirements', // 0.133, workspace plans
    handle: signedIn((_caller, world) => json(200, { contents: world.settings().requirements })),
  },
  {
    method: 'GET',
    path: '/backend-api/wham/config/bundle', // 0.169, workspace plans
    handle: signedIn((_caller, world) => json(200, bundleOf(world.settings().requirements))),
  },
  {
    method: 'POST',
    path: '/backend-api/codex/analytics-events/events',
    handle: () => json(200, {}),
  },
  {
    method: 'HEAD',
    path: '/backend-api/',
    handle: () => json(404, {}),
  },
  // An empty list makes Codex keep the list it was built with.
  ...MODEL_BASES.map(
    (base): LabRoute => ({
      method: 'GET',
      path: `${base}/models`,
      handle: (exchange) => refuseModelCaller(exchange) ?? json(200, { models: [] }, { etag: '"lab"' }),
    }),
  ),
  ...SIDE_REQUESTS.map(
    ([method, path]): LabRoute => ({ method, path, handle: () => detail(404, 'Not Found') }),
  ),
];

function bundleOf(requirements: string): object {
  const fragments = requirements === '' ? [] : [{ id: 'lab', name: 'lab', contents: requirements }];
  return { config_toml: { enterprise_managed: [] }, requirements_toml: { enterprise_managed: fragments } };
}
