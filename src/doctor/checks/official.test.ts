import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type CodexTestHome, makeCodexHome } from '../../../test/support/codex-home.ts';
import { CODEX_ALIASES, codexBinary, temporaryFolder } from '../../../test/support/real-codex.ts';
import { createHost, type Host } from '../../host.ts';
import { createContext } from '../context.ts';
import { officialCheck } from './official.ts';

describe.each(CODEX_ALIASES)('%s', (alias) => {
  let home: CodexTestHome;
  let bin: { path: string; remove: () => Promise<void> };
  beforeAll(async () => {
    home = await makeCodexHome(alias, { login: 'apikey', threads: 1 });
    bin = await temporaryFolder('steward-bin');
    await symlink(codexBinary(alias), join(bin.path, 'codex'));
  });
  afterEach(() => home.reset());
  afterAll(async () => {
    await home.remove();
    await bin.remove();
  });
  function run(overrides: Partial<Host> = {}) {
    const env = { ...home.host().env, PATH: bin.path };
    const host = createHost({ ...home.host(), env, ...overrides });
    const signal = new AbortController().signal;
    return officialCheck.run(
      createContext({ host, home: { path: home.path, source: 'env' }, signal, live: false }),
    );
  }

  it('carries its checks over under their own ids, and marks those that could not look', async () => {
    const result = await run();
    expect(result).toMatchObject({
      status: 'ok',
      problems: [],
      summary: expect.stringMatching(/all of them green$/),
    });
    const byId = Object.fromEntries((result.officialChecks ?? []).map((check) => [check.id, check]));
    expect(byId['config.load']).toMatchObject({ status: 'ok', category: 'config' });
    expect(byId['network.websocket_reachability']).toMatchObject({
      status: 'skipped',
      summary: 'needs the network: run with --live',
      details: {},
    });
  });

  it('does not repeat what our own check of the configuration says', async () => {
    await writeFile(join(home.path, 'config.toml'), 'sandbox_mode = "nonsense"\n');
    const result = await run();
    expect(result.problems).toEqual([]);
    expect(result.summary).toMatch(/objects to config\.load \(fail\)/);
    expect(result.officialChecks?.find(({ id }) => id === 'config.load')?.status).toBe('fail');
  });
});

it('reports a refusal that our own checks do not see, and prints no secret of it', async () => {
  const folder = await temporaryFolder('steward-official');
  try {
    await symlink(codexBinary('codex-newest'), join(folder.path, 'codex'));
    await writeFile(join(folder.path, 'config.toml'), 'model = "x"\n');
    const check = {
      id: 'config.load',
      category: 'config',
      status: 'fail',
      summary: 'config could not be loaded',
      details: { error: 'odd value sk-proj-abcdefghijklmnop123456' },
      remediation: null,
      durationMs: 1,
    };
    const stdout = JSON.stringify({ schemaVersion: 1, checks: { 'config.load': check } });
    const run: Host['run'] = async (_file, args) => ({
      kind: 'exited',
      code: args.includes('doctor') ? 1 : 0,
      stdout: args.includes('doctor') ? stdout : 'codex-cli 0.169.0',
      stderr: '',
    });
    const env = { PATH: folder.path, HOME: folder.path };
    const host = createHost({ env, userHome: folder.path, run });
    const home = { path: folder.path, source: 'env' as const };
    const signal = new AbortController().signal;
    const result = await officialCheck.run(createContext({ host, home, signal, live: false }));
    expect(result.problems.map(({ finding }) => finding)).toMatchObject([
      { id: 'config.invalid_value', subject: 'config.load', cause: expect.stringContaining('cannot load') },
    ]);
    expect(JSON.stringify(result)).not.toContain('sk-proj');
  } finally {
    await folder.remove();
  }
});

it('claims nothing where there is no codex', async () => {
  const host = createHost({ env: {}, userHome: '/nonexistent', root: '/nonexistent' });
  const home = { path: '/nonexistent/.codex', source: 'default' as const };
  const signal = new AbortController().signal;
  expect(await officialCheck.run(createContext({ host, home, signal, live: false }))).toMatchObject({
    status: 'skipped',
    summary: 'no codex that can be started',
  });
});
