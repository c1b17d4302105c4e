/** Our rules of `config.toml` and our judgement of logins, held against what both real versions say and do. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { concerns, judgeConfig } from '../../src/codex/config-judge.ts';
import { askCodexAboutConfig } from '../../src/codex/config-verdict.ts';
import { resolveCodexHome } from '../../src/codex/home.ts';
import { findPortOwner } from '../../src/codex/ports.ts';
import { authCallbackPortCheck } from '../../src/doctor/checks/auth-callback-port.ts';
import { authConflictCheck } from '../../src/doctor/checks/auth-conflict.ts';
import { authEndpointCheck } from '../../src/doctor/checks/auth-endpoint.ts';
import { authLoginCheck } from '../../src/doctor/checks/auth-login.ts';
import { authStoreCheck } from '../../src/doctor/checks/auth-store.ts';
import { configHomeCheck } from '../../src/doctor/checks/config-home.ts';
import { configLoginCheck } from '../../src/doctor/checks/config-login.ts';
import { configSyntaxCheck } from '../../src/doctor/checks/config-syntax.ts';
import { configTrustCheck } from '../../src/doctor/checks/config-trust.ts';
import { configValuesCheck } from '../../src/doctor/checks/config-values.ts';
import { modelChoiceCheck } from '../../src/doctor/checks/model-choice.ts';
import { providerEndpointCheck } from '../../src/doctor/checks/provider-endpoint.ts';
import { createContext } from '../../src/doctor/context.ts';
import { createHost } from '../../src/host.ts';
import { type FaultWorld, makeWorld } from '../support/fault-world.ts';
import { carryOut, planOf } from '../support/plan.ts';
import { CODEX_ALIASES, codexBinary } from '../support/real-codex.ts';

const VERSIONS = { 'codex-0.133': '0.133.0', 'codex-newest': '0.169.0' } as const;

/** What people have in their files: values of every kind of rule, right and wrong. */
const TEXTS = [
  'model = 5',
  'model_context_window = "1"',
  'model_context_window = 1.0',
  'model_context_window = -1',
  'approval_policy = "untrusted"',
  'approval_policy = "always"',
  'approval_policy = { granular = { sandbox_approval = true, rules = true, mcp_elicitations = true } }',
  'sandbox_mode = "Read-Only"',
  'model_reasoning_effort = "ultra"',
  'model_reasoning_effort = ""',
  'web_search = "indexed"',
  'notify = "x"',
  'notify = [1]',
  'hide_agent_reasoning = 1',
  'mcp_oauth_callback_port = 70000',
  'forced_chatgpt_workspace_id = ["a"]',
  'profile = "q"\n[profiles.q]\nmodel = "x"',
  'profile = "q"',
  'model_provider = "q"',
  'model_provider = "ollama"',
  'model_provider = "ollama-chat"',
  'model_instructions_file = "/nowhere"',
  'unknown_key = 1',
  'features = { a = "true" }',
  'features = { a = true, multi_agent_v2 = { enabled = true } }',
  'projects = { "/x" = "trusted" }',
  '[[mcp_servers]]\nname = "x"',
  '[mcp_servers.a]\ncommand = "x"\nurl = "y"',
  '[mcp_servers.a]\nenabled = true',
  '[mcp_servers.a]\ncommand = "x"\nargs = ["-p", 80]',
  '[mcp_servers.a]\ncommand = "x"\nenv = { A = 1 }',
  '[mcp_servers.a]\ncommand = "x"\nenv_vars = [{ name = "A" }]',
  '[mcp_servers.a]\ncommand = "x"\nstartup_timeout_sec = -1',
  '[mcp_servers.a]\ncommand = "x"\nstartup_timeout_sec = 1.5',
  '[mcp_servers.a]\nurl = "x"\nbearer_token = "y"',
  '[mcp_servers.a]\nurl = "x"\nhttp_headers = { A = "b" }',
  '[model_providers.p]\nname = "p"\nwire_api = "chat"',
  '[model_providers.p]\nbase_url = "x"',
  '[model_providers.openai]\nname = "x"',
  '[model_providers.azure]\nname = "x"',
  '[tui]\nanimations = "false"',
  '[tui]\nnotifications = ["a"]',
  '[history]\npersistence = "all"',
  '[windows]\nsandbox = "mxc"',
  '[shell_environment_policy]\nset = { A = true }',
  '[notice.model_migrations]\na = 1',
];

describe.each(CODEX_ALIASES)('%s', (alias) => {
  const host = createHost({ env: { PATH: process.env.PATH } });
  const ask = (text: string) =>
    askCodexAboutConfig(host, codexBinary(alias), text, new AbortController().signal);

  test.each(TEXTS)('judges %j as we do', async (text) => {
    const verdict = await ask(`${text}\n`);
    const faults = (await judgeConfig(`${text}\n`)).filter(({ era }) => concerns(era, VERSIONS[alias]));
    const named = text.includes('_file = '); // judged by looking for the file
    expect({ text, refused: verdict.kind === 'refused' }).toEqual({
      text,
      refused: faults.length > 0 || named,
    });
  });

  test('a refusal names its place', async () => {
    expect(await ask('# x\ntui = { animations = 5 }\n')).toMatchObject({
      kind: 'refused',
      line: 2,
      message: expect.stringContaining('expected a boolean'),
    });
  });
});

const CHECKS = [
  configHomeCheck,
  configSyntaxCheck,
  configValuesCheck,
  configLoginCheck,
  configTrustCheck,
  authLoginCheck,
  authStoreCheck,
  authConflictCheck,
  authEndpointCheck,
  modelChoiceCheck,
  providerEndpointCheck,
];

describe.each(
  CODEX_ALIASES.flatMap((alias) => (['chatgpt', 'apikey'] as const).map((login) => ({ alias, login }))),
)('a home made by $alias with a login of kind $login', ({ alias, login }) => {
  let world: FaultWorld;
  beforeAll(async () => {
    world = await makeWorld(alias, 'npm', login);
  });
  afterAll(() => world.remove());

  const context = () => {
    const host = createHost({ env: world.env, userHome: world.root, cwd: world.project, root: '' });
    return createContext({
      host,
      home: resolveCodexHome(host),
      signal: new AbortController().signal,
      live: false,
    });
  };

  test('has no finding, and the installed Codex was asked', async () => {
    const results = await Promise.all(CHECKS.map((check) => check.run(context())));
    expect(results.flatMap(({ problems }) => problems.map(({ finding }) => finding.cause))).toEqual([]);
    const values = results[CHECKS.indexOf(configValuesCheck)];
    expect(values?.details["Codex's own verdict"]).toBe('accepted');
  });

  test('what only the installed Codex refuses is found, repaired, and accepted by it then', async () => {
    const path = join(world.codexHome, 'config.toml');
    await writeFile(
      path,
      '[tui]\ntheme = "x"\n\n[agents]\nmax_threads = "many"\n\n[analytics]\nenabled = { a = 1 }\n',
    );
    for (let round = 0; round < 3; round += 1) {
      const { problems } = await configValuesCheck.run(context());
      if (problems.length === 0) break;
      await carryOut(problems[0]);
    }
    const after = await configValuesCheck.run(context());
    expect(after.problems).toEqual([]);
    expect(after.details["Codex's own verdict"]).toBe('accepted');
    await rm(path);
  });
});

describe('a codex login that nobody finishes', () => {
  let world: FaultWorld;
  beforeAll(async () => {
    world = await makeWorld('codex-newest', 'npm');
  });
  afterAll(() => world.remove());

  test('C3, D3: is named as the holder of the port, and asked to end by its pid', async (context) => {
    const host = createHost({ env: world.env, userHome: world.root, cwd: world.project });
    const before = await findPortOwner(host, 1455);
    if (before.kind !== 'free') context.skip('port 1455 of this machine is in use by something else');
    const login = spawn(codexBinary('codex-newest'), ['login'], {
      env: world.env,
      cwd: world.project,
      stdio: 'ignore',
    });
    const ended = once(login, 'exit');
    try {
      await expect
        .poll(() => findPortOwner(host, 1455), { timeout: 10_000 })
        .toMatchObject({ kind: 'held', pid: login.pid });
      const scope = { host, home: resolveCodexHome(host), signal: new AbortController().signal, live: false };
      const { problems } = await authCallbackPortCheck.run(createContext(scope));
      expect(problems[0]?.finding).toMatchObject({
        id: 'auth.callback_port_in_use',
        fix: { repairId: 'auth.callback_port_in_use.stop-login' },
      });
      expect((await planOf(problems[0])).steps).toMatchObject([{ kind: 'stop-process', pid: login.pid }]);
    } finally {
      login.kill('SIGKILL');
      await ended;
    }
  });
});
