/** The way to the server: nobody there, the edge, the region, the workspace's rules. */
import { ANYTHING, MODEL } from './matches.ts';
import { type Scenario, scenario } from './scenario.ts';

const REQUIREMENTS = '/backend-api/wham/config/*';

export const NETWORK_SCENARIOS: readonly Scenario[] = [
  scenario({
    name: 'endpoint-down',
    failureId: 'provider.local_endpoint_down',
    summary: 'The configured model endpoint is a loopback port where nobody listens.',
    home: { model: 'closed' },
  }),
  scenario({
    name: 'edge-challenge',
    failureId: 'network.edge_blocked',
    summary: 'The edge answers every request with its HTML page "Just a moment...".',
    faults: [{ match: ANYTHING, effect: { kind: 'challenge' } }],
  }),
  scenario({
    name: 'edge-challenge-model',
    failureId: 'network.edge_blocked',
    summary: 'The edge challenges requests to the model only.',
    faults: [{ match: MODEL, effect: { kind: 'challenge' } }],
  }),
  scenario({
    name: 'region-blocked',
    failureId: 'network.region_blocked',
    summary: 'The service is not offered where the request comes from.',
    faults: [
      {
        match: MODEL,
        effect: {
          kind: 'answer',
          status: 403,
          json: {
            error: {
              code: 'unsupported_country_region_territory',
              message: 'Country, region, or territory not supported',
              param: null,
              type: 'request_forbidden',
            },
          },
        },
      },
    ],
  }),
  scenario({
    name: 'cloud-requirements',
    failureId: 'config.cloud_requirements',
    summary: 'The workspace’s managed policies cannot be loaded.',
    settings: { account: 'enterprise' },
    faults: [
      {
        match: { path: REQUIREMENTS },
        effect: { kind: 'answer', status: 500, json: { detail: 'Internal error' } },
      },
    ],
  }),
  scenario({
    name: 'routing-failed',
    failureId: 'server.error',
    summary:
      'The account check answers 500: 0.169 then never reaches the model ("workspace routing discovery failed").',
    faults: [
      {
        match: { path: '/backend-api/wham/accounts/check' },
        effect: { kind: 'answer', status: 500, json: { detail: 'Internal error' } },
      },
    ],
    home: { model: 'backend' },
  }),
];
