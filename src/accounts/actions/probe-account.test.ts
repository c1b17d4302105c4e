import { afterEach, beforeEach, expect, test } from 'vitest';
import { type LabWithHome, startLabWithHome } from '../../../test/support/lab-accounts.ts';
import { apiKeyAccount } from '../login/store-login.ts';
import { probeAccount } from './probe-account.ts';

let world: LabWithHome;
beforeEach(async () => {
  world = await startLabWithHome();
});
afterEach(() => world.stop());

const USAGE = '/backend-api/wham/usage';
const asked = () => world.lab.requests().map(({ method, path, status }) => `${method} ${path} ${status}`);

test('an API key is tried at the model list, which costs nothing', async () => {
  const key = apiKeyAccount(world.lab.world.account('plus').apiKey, Date.now());
  expect(await probeAccount(world.scope(), key)).toMatchObject({ kind: 'working', usage: null });
  await world.lab.control({ do: 'scenario', name: 'api-key-invalid' });
  expect(await probeAccount(world.scope(), key)).toMatchObject({
    kind: 'refused',
    code: 'invalid_api_key',
    status: 401,
    isPermanent: true,
    action: 'Replace the key: steward auth login --with-api-key.',
  });
  expect(asked().map((line) => line.replace(/ \S*\/models/, ' /models'))).toEqual([
    'GET /models 200',
    'GET /models 401',
  ]);
});

test('a member whose workspace allows no more is limited, whatever credits there are', async () => {
  const account = await world.addAccount('team');
  const spend = (reached: boolean) => ({
    plan_type: 'business',
    rate_limit: null,
    credits: { has_credits: true, unlimited: false, balance: null },
    spend_control: {
      reached,
      individual_limit: { limit: '100', used: '100', used_percent: 100, reset_after_seconds: 3600 },
    },
  });
  await world.fault(USAGE, { kind: 'answer', status: 200, json: spend(true) }, 1);
  expect(await probeAccount(world.scope(), account)).toMatchObject({
    kind: 'limited',
    untilMs: expect.any(Number),
  });
  await world.fault(USAGE, { kind: 'answer', status: 200, json: spend(false) }, 1);
  expect(await probeAccount(world.scope(), account)).toMatchObject({ kind: 'working' });
});
