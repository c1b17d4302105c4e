import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHost } from '../host.ts';
import {
  environmentOfHost,
  isPairingAtom,
  namedEnvironments,
  parseEnrollmentKey,
  parseGlobalState,
  readGlobalState,
} from './global-state.ts';

const KEY =
  'Codex Desktop\nhttp://localhost:8000/api\nhttps://chatgpt.com/backend-api\nafter-first-unlock-device-key-v1\nuser-1__acc-1';
const FULL = {
  'electron-remote-control-client-enrollments': {
    [KEY]: {
      accountUserId: 'user-1__acc-1',
      clientId: 'cli_1',
      keyId: 'key_1',
      algorithm: 'ecdsa_p256_sha256',
    },
  },
  'electron-local-remote-control-environment-id': 'env_own',
  'electron-local-remote-control-installation-id': '2b1e8f1a-0000-4000-8000-000000000001',
  'selected-remote-host-id': 'remote-control:env_a',
  'remote-connection-auto-connect-by-host-id': {
    'remote-control:env_b': true,
    'remote-ssh-discovered:x': false,
  },
  'added-remote-control-env-ids': ['env_a', 'env_c'],
  'electron-persisted-atom-state': { 'codex-mobile-banner': 1, 'Remote-Control-tab': 2, theme: 'dark' },
  'project-order': ['one', 'two'],
};

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'steward-state-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

const read = () =>
  readGlobalState({
    host: createHost(),
    home: { path: home, source: 'env' },
    signal: new AbortController().signal,
  });

describe('readGlobalState', () => {
  it('finds neither file in a home without the desktop app', async () => {
    const { main, backup } = await read();
    expect([main.kind, backup.kind]).toEqual(['missing', 'missing']);
  });

  it('reads the pairing keys of both files and keeps the others as they are', async () => {
    await writeFile(join(home, '.codex-global-state.json'), JSON.stringify(FULL));
    await writeFile(join(home, '.codex-global-state.json.bak'), JSON.stringify({ theme: 1 }));
    const { main, backup } = await read();
    if (main.kind !== 'ok' || backup.kind !== 'ok') throw new Error('not read');
    expect(main.value.all).toEqual(FULL);
    expect(main.value.enrollments).toEqual([
      {
        key: KEY,
        clientId: 'cli_1',
        keyId: 'key_1',
        accountUserId: 'user-1__acc-1',
        scope: {
          clientName: 'Codex Desktop',
          devApiBase: 'http://localhost:8000/api',
          apiBase: 'https://chatgpt.com/backend-api',
          keyClass: 'after-first-unlock-device-key-v1',
          accountUserId: 'user-1__acc-1',
        },
      },
    ]);
    expect(main.value.localEnvironmentId).toBe('env_own');
    expect(main.value.pairingAtoms).toEqual(['codex-mobile-banner', 'Remote-Control-tab']);
    expect(namedEnvironments(main.value)).toEqual(['env_a', 'env_b', 'env_c']);
    expect(main.value.oddKeys).toEqual([]);
    expect(backup.value.enrollments).toEqual([]);
  });

  it.each([
    ['an empty file', '', 'the file is empty'],
    ['a file cut in half', JSON.stringify(FULL).slice(0, 200), 'the JSON breaks off before its end'],
    ['a list', '[1]', 'not a JSON object'],
    ['null', 'null', 'not a JSON object'],
    ['text', '{\n  "a": secret-token-value\n}', 'not JSON'],
  ])('says what is wrong with %s, and does not quote it', async (_, text, message) => {
    await writeFile(join(home, '.codex-global-state.json'), text);
    const { main } = await read();
    expect(main).toMatchObject({ kind: 'malformed', message });
    expect(JSON.stringify(main)).not.toContain('secret');
  });

  it('names the line of a fault', async () => {
    expect(await parseGlobalState('x', '{\n  "a": oops\n}')).toMatchObject({
      kind: 'malformed',
      line: 2,
      column: 8,
    });
  });

  it('reports a folder, a link in a loop and binary bytes as such', async () => {
    await symlink(join(home, '.codex-global-state.json.bak'), join(home, '.codex-global-state.json'));
    await symlink(join(home, '.codex-global-state.json'), join(home, '.codex-global-state.json.bak'));
    expect((await read()).main).toMatchObject({ kind: 'unreadable', code: 'ELOOP' });
    await rm(join(home, '.codex-global-state.json'));
    await writeFile(join(home, '.codex-global-state.json'), Buffer.from([0xff, 0xfe, 0x00, 0x9f]));
    expect((await read()).main).toMatchObject({ kind: 'malformed', message: 'not UTF-8 text' });
  });

  it('takes values of wrong types for absent, and names their keys', async () => {
    const reading = await parseGlobalState(
      'x',
      JSON.stringify({
        'electron-remote-control-client-enrollments': [1],
        'selected-remote-host-id': 7,
        'remote-connection-auto-connect-by-host-id': { a: 'yes', b: true },
        'added-remote-control-env-ids': ['env_a', 3],
      }),
    );
    expect(reading).toMatchObject({
      kind: 'ok',
      value: {
        enrollments: [],
        selectedHostId: null,
        autoConnect: { b: true },
        addedEnvironmentIds: ['env_a'],
        oddKeys: ['electron-remote-control-client-enrollments', 'selected-remote-host-id'],
      },
    });
  });
});

it('takes only a key of five lines apart', () => {
  expect(parseEnrollmentKey(KEY)?.apiBase).toBe('https://chatgpt.com/backend-api');
  expect(parseEnrollmentKey('a\nb\nc\nd')).toBeNull();
  expect(parseEnrollmentKey(`${KEY}\nf`)).toBeNull();
});

it('knows remote-control hosts from others, and pairing atoms from others', () => {
  expect(environmentOfHost('remote-control:env_1')).toBe('env_1');
  expect(environmentOfHost('local')).toBeNull();
  expect(['xREMOTE_controlx', 'a-Codex-Mobile', 'remote-control'].every(isPairingAtom)).toBe(true);
  expect(['remote', 'mobile', 'control-remote'].some(isPairingAtom)).toBe(false);
});
