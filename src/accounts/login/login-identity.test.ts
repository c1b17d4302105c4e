import { describe, expect, test } from 'vitest';
import { unsignedJwt } from '../../../test/support/codex-home.ts';
import { readLoginIdentity } from './login-identity.ts';

const AUTH = 'https://api.openai.com/auth';
const ORGANIZATIONS = [
  { id: 'org-personal', title: 'Personal', is_default: true, role: 'owner' },
  { id: 'org-work', title: 'Work', is_default: false, role: 'reader' },
];

function tokens(idClaims: object, accessClaims: object = {}) {
  return { idToken: unsignedJwt({ ...idClaims }), accessToken: unsignedJwt({ ...accessClaims }) };
}

describe('the workspace of a login', () => {
  test('is the one that the server bound the tokens to, whatever else they list', async () => {
    const auth = { chatgpt_account_id: 'ws-1', chatgpt_plan_type: 'plus', organizations: ORGANIZATIONS };
    const identity = await readLoginIdentity(
      tokens({ email: 'Me@Example.test', [AUTH]: auth }, { [AUTH]: { chatgpt_account_id: 'ws-1' } }),
      null,
    );
    expect(identity).toMatchObject({
      email: 'me@example.test',
      planType: 'plus',
      accountId: 'ws-1',
      accountIdSource: 'token',
      isOffered: true,
    });
    expect(identity.workspaces.map(({ id, name, isDefault }) => [id, name, isDefault])).toEqual([
      ['ws-1', null, false],
      ['org-personal', 'Personal', true],
      ['org-work', 'Work', false],
    ]);
  });

  test('is the one asked for, also when the login does not name it', async () => {
    const both = tokens({ [AUTH]: { chatgpt_account_id: 'ws-1', organizations: ORGANIZATIONS } });
    expect(await readLoginIdentity(both, 'org-work')).toMatchObject({
      accountId: 'org-work',
      accountIdSource: 'manual',
      isOffered: true,
    });
    const other = await readLoginIdentity(both, 'ws-9');
    expect(other).toMatchObject({ accountId: 'ws-9', accountIdSource: 'manual', isOffered: false });
    expect(other.workspaces.map(({ id }) => id)).toContain('ws-9');
  });

  test('is taken from the id token, and then from a list, where the access token is opaque', async () => {
    const idToken = unsignedJwt({ [AUTH]: { chatgpt_account_id: 'ws-2' } });
    expect(await readLoginIdentity({ idToken, accessToken: 'opaque' }, null)).toMatchObject({
      accountId: 'ws-2',
      accountIdSource: 'id_token',
    });
    const listOnly = unsignedJwt({ organizations: { data: ORGANIZATIONS } });
    expect(await readLoginIdentity({ idToken: listOnly, accessToken: 'opaque' }, null)).toMatchObject({
      accountId: 'org-personal',
      accountIdSource: 'org',
    });
  });

  test.each([
    ['orgs', [{ organization_id: 'a', name: 'A' }]],
    ['accounts', { items: [{ account_id: 'a', name: 'A' }] }],
    ['workspaces', { workspaces: [{ workspace_id: 'a', display_name: 'A' }] }],
    ['teams', [{ team_id: 'a', title: 'A' }, 5, null, {}]],
  ])('may be listed as %s', async (name, list) => {
    const { workspaces } = await readLoginIdentity(tokens({ [name]: list }), null);
    expect(workspaces).toEqual([{ id: 'a', name: 'A', isEnabled: true, disabledAt: null, isDefault: false }]);
  });

  test('is unknown where no token says anything', async () => {
    expect(await readLoginIdentity({ idToken: null, accessToken: 'opaque' }, null)).toEqual({
      email: null,
      planType: null,
      accountId: null,
      accountIdSource: null,
      workspaces: [],
      isOffered: true,
    });
  });
});

test.each([
  [{ email: 'id@a.test' }, { email: 'x@a.test' }, 'id@a.test'],
  [{}, { 'https://api.openai.com/profile': { email: 'profile@a.test' } }, 'profile@a.test'],
  [{}, { [AUTH]: { chatgpt_user_email: 'auth@a.test' } }, 'auth@a.test'],
  [{}, { preferred_username: 'name@a.test' }, 'name@a.test'],
  [{}, { preferred_username: 'no address' }, null],
])('the address is read from %j and %j', async (idClaims, accessClaims, email) => {
  expect((await readLoginIdentity(tokens(idClaims, accessClaims), null)).email).toBe(email);
});
