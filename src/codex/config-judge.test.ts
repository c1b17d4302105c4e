import { describe, expect, test } from 'vitest';
import { concerns, judgeConfig } from './config-judge.ts';
import { tomlKey } from './toml.ts';

/** A configuration as people really have it; both versions accept every line. */
const TYPICAL = `model = "gpt-5.5"
model_reasoning_effort = "high"
model_reasoning_summary = "auto"
approval_policy = "on-request"
sandbox_mode = "workspace-write"
notify = ["notify-send", "Codex"]
file_opener = "vscode"
model_context_window = 272000
check_for_update_on_startup = false
unknown_key_of_a_newer_version = 5

[sandbox_workspace_write]
network_access = true
writable_roots = ["/home/ada/cache"]

[shell_environment_policy]
inherit = "core"
exclude = ["AWS_*"]
set = { CI = "1" }

[tui]
notifications = ["agent-turn-complete"]
theme = "dark"
status_line = ["model"]

[features]
unified_exec = true
some_future_feature = true
multi_agent_v2 = { enabled = true }

[history]
persistence = "save-all"
max_bytes = 1000000

[model_providers.proxy]
name = "Proxy"
base_url = "https://llm.example.test/v1"
env_key = "PROXY_KEY"
wire_api = "responses"
query_params = { api-version = "2026-01-01" }
request_max_retries = 4

[mcp_servers.docs]
url = "https://docs.example.test/mcp"
bearer_token_env_var = "DOCS_TOKEN"
startup_timeout_sec = 20.5

[mcp_servers.files]
command = "npx"
args = ["-y", "@modelcontextprotocol/server-filesystem", "/home/ada"]
env = { LOG = "info" }
enabled = false

[profiles.deep]
model = "gpt-5.5"
model_reasoning_effort = "xhigh"

[projects."/home/ada/work"]
trust_level = "trusted"

[otel]
exporter = { otlp-http = { endpoint = "https://otel.example.test", protocol = "binary" } }

[notice]
hide_full_access_warning = true

[[skills.config]]
path = "/home/ada/skills/x"
enabled = false
`;

test('a configuration as people have it has no fault', async () => {
  expect(await judgeConfig(TYPICAL)).toEqual([]);
});

describe('the right form is proposed where it is evident', () => {
  test.each([
    ['[tui]\nanimations = "false"\n', 'tui.animations', false],
    ['hide_agent_reasoning = "Yes"\n', 'hide_agent_reasoning', true],
    ['model_context_window = "272_000"\n', 'model_context_window', 272000],
    ['model_context_window = 272000.0\n', 'model_context_window', 272000],
    ['sandbox_mode = "Workspace_Write"\n', 'sandbox_mode', 'workspace-write'],
    ['notify = "notify-send"\n', 'notify', ['notify-send']],
    ['[mcp_servers.a]\ncommand="x"\nargs=["-p", 8080, true]\n', 'mcp_servers.a.args', ['-p', '8080', 'true']],
    ['[mcp_servers.a]\ncommand="x"\nenv=["A=b=c", "D="]\n', 'mcp_servers.a.env', { A: 'b=c', D: '' }],
    ['[mcp_servers.a]\ncommand="x"\nenv={PORT=8080}\n', 'mcp_servers.a.env.PORT', '8080'],
    ['[mcp_servers.a]\ncommand="x"\nstartup_timeout_sec="20"\n', 'mcp_servers.a.startup_timeout_sec', 20],
    ['model_provider = "Proxy"\n[model_providers.proxy]\nname="p"\n', 'model_provider', 'proxy'],
    ['[model_providers.p]\nbase_url="https://x.test"\n', 'model_providers.p.name', 'p'],
  ])('%j', async (text, key, value) => {
    const [fault, ...more] = await judgeConfig(text);
    expect(more).toEqual([]);
    expect(tomlKey(fault?.key ?? [])).toBe(key);
    expect(fault?.correction).toMatchObject({ kind: 'edit', edits: [{ op: 'set', value }] });
  });
});

describe('what cannot be guessed becomes a comment', () => {
  test.each([
    ['approval_policy = "always"\n', 'approval_policy'],
    ['[tui]\nanimations = "sometimes"\n', 'tui.animations'],
    ['mcp_oauth_callback_port = 70000\n', 'mcp_oauth_callback_port'],
    ['[mcp_servers.a]\nenabled = true\n', 'mcp_servers.a'],
    ['[model_providers.ollama]\nname = "mine"\n', 'model_providers.ollama'],
    ['model_provider = "nope"\n', 'model_provider'],
    ['profile = "nope"\n', 'profile'],
    ['[[mcp_servers]]\nname = "x"\n', 'mcp_servers'],
    ['[projects]\n"/x" = "trusted"\n', 'projects."/x"'],
  ])('%j', async (text, key) => {
    const faults = await judgeConfig(text);
    expect(faults.map((fault) => tomlKey(fault.key))).toEqual([key]);
    expect(faults[0]?.correction.kind).toBe('comment-out');
  });
});

test('members of the other transport, and misnamed ones, are put right', async () => {
  const edits = async (text: string) => {
    const faults = await judgeConfig(text);
    return faults.flatMap(({ correction }) => (correction.kind === 'edit' ? correction.edits : []));
  };
  expect(await edits('[mcp_servers.a]\ncommand="x"\nurl="https://x.test"\n')).toEqual([
    { op: 'delete', key: ['mcp_servers', 'a', 'url'] },
  ]);
  expect(await edits('[mcp_servers.a]\ncmd="x"\n')).toEqual([
    { op: 'set', key: ['mcp_servers', 'a', 'command'], value: 'x' },
    { op: 'delete', key: ['mcp_servers', 'a', 'cmd'] },
  ]);
  expect(await edits('[mcp_servers.a]\nurl="https://x.test"\nbearer_token="t"\n')).toEqual([
    { op: 'delete', key: ['mcp_servers', 'a', 'bearer_token'] },
    { op: 'set', key: ['mcp_servers', 'a', 'http_headers', 'Authorization'], value: 'Bearer t' },
  ]);
  expect(await edits('[model_providers.openai]\nname="x"\nbase_url="https://x.test/v1"\n')).toEqual([
    { op: 'delete', key: ['model_providers', 'openai'] },
    { op: 'set', key: ['openai_base_url'], value: 'https://x.test/v1' },
  ]);
});

test('what Codex once took is told from what it never took, and for which versions', async () => {
  const [chat] = await judgeConfig('[model_providers.p]\nname="p"\nwire_api="chat"\n');
  expect(chat).toMatchObject({
    kind: 'deprecated',
    era: 'all',
    correction: { edits: [{ value: 'responses' }] },
  });
  const [profile] = await judgeConfig('profile = "q"\n[profiles.q]\nmodel = "x"\n');
  expect(profile).toMatchObject({ kind: 'deprecated', era: 'new' });
  const [policy] = await judgeConfig('approval_policy = "untrusted"\n');
  expect(policy).toMatchObject({ kind: 'deprecated', era: 'new' });
  const [effort] = await judgeConfig('model_reasoning_effort = "ultra"\n');
  expect(effort).toMatchObject({ kind: 'value', era: 'old' });
});

test('a rule of one era concerns only versions that were measured to follow it', () => {
  expect(concerns('all', null)).toBe(true);
  expect([concerns('old', '0.133.0'), concerns('old', '0.150.1'), concerns('old', '0.169.0')]).toEqual([
    true,
    false,
    false,
  ]);
  expect([
    concerns('new', '0.133.0'),
    concerns('new', '0.150.1'),
    concerns('new', '0.170.0-alpha.1'),
  ]).toEqual([false, false, true]);
  expect([concerns('old', null), concerns('new', null), concerns('new', '1.0.0')]).toEqual([
    false,
    false,
    true,
  ]);
});

test('a value that may be a secret is never described', async () => {
  const faults = await judgeConfig(
    '[model_providers.p]\nname="p"\nexperimental_bearer_token = 123456789\nhttp_headers = { X-Key = 987654321 }\n',
  );
  expect(faults).toHaveLength(2);
  expect(faults.map(({ found, expected }) => `${found} ${expected}`).join()).not.toMatch(
    /123456789|987654321/,
  );
});
