/**
 * What Codex accepts in `config.toml`, as data.
 *
 * Every line was measured: each key got a value of every type, and every name that the refusals listed, from both
 * Codex 0.133.0 and 0.169.0 (`codex login status`, which loads the configuration and says `file:line:column`). A key
 * that is not here, or not known to one of them, is ignored by Codex unless `--strict-config`; we say nothing of it.
 * Where the two differ, `until` (0.133 and older) or `from` (0.169 and newer) tells to which the rule applies.
 */

/** Applies only to Codex up to 0.133 (`old`), only from 0.169 (`new`), or to all versions. */
export type Era = 'old' | 'new' | 'all';

export type ConfigRule =
  /** A string; a TOML date is taken as one. */
  | { readonly kind: 'text' }
  | { readonly kind: 'boolean' }
  /** `max` is what the number type of Codex holds. */
  | { readonly kind: 'integer'; readonly min: bigint; readonly max: bigint }
  | { readonly kind: 'number'; readonly min?: number }
  /** `others` are accepted by some versions only, or in some shapes only: never reported. */
  | { readonly kind: 'choice'; readonly values: readonly string[]; readonly others?: readonly string[] }
  | { readonly kind: 'texts' }
  /** A list of whatever. */
  | { readonly kind: 'list' }
  /** A file that is read while the configuration loads. */
  | { readonly kind: 'file' }
  /** A struct of Codex: lists are taken for one in places, so they are never reported. */
  | { readonly kind: 'table'; readonly keys: Readonly<Record<string, ConfigRule>> }
  /** Named entries of one kind; lists are refused. */
  | { readonly kind: 'map'; readonly of: ConfigRule }
  /** Any of the named shapes; nothing inside is looked at. */
  | { readonly kind: 'shape'; readonly shapes: readonly TomlShape[] }
  | { readonly kind: 'era'; readonly era: Era; readonly rule: ConfigRule };

export type TomlShape = 'text' | 'boolean' | 'integer' | 'float' | 'list' | 'table';

const text: ConfigRule = { kind: 'text' };
const boolean: ConfigRule = { kind: 'boolean' };
const texts: ConfigRule = { kind: 'texts' };
const list: ConfigRule = { kind: 'list' };
const file: ConfigRule = { kind: 'file' };
const number: ConfigRule = { kind: 'number' };
const i64: ConfigRule = { kind: 'integer', min: -(2n ** 63n), max: 2n ** 63n - 1n };
const u64: ConfigRule = { kind: 'integer', min: 0n, max: 2n ** 63n - 1n };
const u16: ConfigRule = { kind: 'integer', min: 0n, max: 65_535n };
const anyTable: ConfigRule = { kind: 'table', keys: {} };
const textMap: ConfigRule = { kind: 'map', of: text };
/** A feature: a switch, or for some of them a table of settings. */
const feature: ConfigRule = { kind: 'shape', shapes: ['boolean', 'table'] };

const choice = (values: readonly string[], others: readonly string[] = []): ConfigRule => ({
  kind: 'choice',
  values,
  others,
});
const table = (keys: Readonly<Record<string, ConfigRule>>): ConfigRule => ({ kind: 'table', keys });
const map = (of: ConfigRule): ConfigRule => ({ kind: 'map', of });
const only = (era: Era, rule: ConfigRule): ConfigRule => ({ kind: 'era', era, rule });

const approvalPolicy = choice(['untrusted', 'on-failure', 'on-request', 'never']);
const sandboxMode = choice(['read-only', 'workspace-write', 'danger-full-access']);
/** 0.169 takes any text that is not empty: the models name their own levels. */
const effort: ConfigRule = {
  kind: 'choice',
  values: ['none', 'minimal', 'low', 'medium', 'high', 'xhigh'],
  others: ['*'],
};
const webSearch = choice(['disabled', 'cached', 'live'], ['indexed']);
const windows = table({ sandbox: choice(['elevated', 'unelevated'], ['mxc']) });
const features = map(feature);
const exporter = choice(['none', 'statsig'], ['otlp-http', 'otlp-grpc']);
const toolApproval = choice(['auto', 'prompt', 'approve'], ['writes']);

const mcpServer = table({
  command: text,
  args: texts,
  env: textMap,
  env_vars: list,
  cwd: text,
  url: text,
  bearer_token_env_var: text,
  http_headers: textMap,
  env_http_headers: textMap,
  startup_timeout_sec: { kind: 'number', min: 0 },
  startup_timeout_ms: u64,
  tool_timeout_sec: { kind: 'number', min: 0 },
  enabled: boolean,
  required: boolean,
  enabled_tools: texts,
  disabled_tools: texts,
  scopes: texts,
  oauth_resource: text,
  default_tools_approval_mode: toolApproval,
  supports_parallel_tool_calls: boolean,
  name: text,
});

const modelProvider = table({
  name: text,
  base_url: text,
  env_key: text,
  env_key_instructions: text,
  experimental_bearer_token: text,
  wire_api: choice(['responses']),
  query_params: textMap,
  http_headers: textMap,
  env_http_headers: textMap,
  request_max_retries: u64,
  stream_max_retries: u64,
  stream_idle_timeout_ms: u64,
  websocket_connect_timeout_ms: u64,
  requires_openai_auth: boolean,
  supports_websockets: boolean,
});

const profile = table({
  model: text,
  model_provider: text,
  approval_policy: approvalPolicy,
  approvals_reviewer: choice(['user', 'auto_review', 'guardian_subagent']),
  sandbox_mode: sandboxMode,
  model_reasoning_effort: effort,
  plan_mode_reasoning_effort: effort,
  model_reasoning_summary: choice(['auto', 'concise', 'detailed', 'none']),
  model_verbosity: choice(['low', 'medium', 'high']),
  personality: choice(['none', 'friendly', 'pragmatic']),
  chatgpt_base_url: text,
  service_tier: text,
  features,
  web_search: webSearch,
  oss_provider: text,
  windows,
});

/** The top level of `config.toml`. */
export const CONFIG_RULES: ConfigRule = table({
  model: text,
  review_model: text,
  model_provider: text,
  model_context_window: i64,
  model_auto_compact_token_limit: i64,
  model_auto_compact_token_limit_scope: choice(['total', 'body_after_prefix']),
  model_post_turn_compact_threshold_percent: only('new', { kind: 'integer', min: 0n, max: 255n }),
  approval_policy: approvalPolicy,
  approvals_reviewer: choice(['user', 'auto_review', 'guardian_subagent']),
  auto_review: table({ policy: text }),
  shell_environment_policy: table({
    inherit: choice(['core', 'all', 'none']),
    ignore_default_excludes: boolean,
    exclude: texts,
    set: textMap,
    include_only: texts,
    experimental_use_profile: boolean,
  }),
  allow_login_shell: boolean,
  sandbox_mode: sandboxMode,
  sandbox_workspace_write: table({
    writable_roots: texts,
    network_access: boolean,
    exclude_slash_tmp: boolean,
    exclude_tmpdir_env_var: boolean,
  }),
  default_permissions: text,
  permissions: anyTable,
  notify: texts,
  instructions: text,
  developer_instructions: text,
  include_apps_instructions: boolean,
  include_collaboration_mode_instructions: boolean,
  include_environment_context: boolean,
  include_permissions_instructions: boolean,
  model_instructions_file: file,
  compact_prompt: text,
  experimental_compact_prompt_file: file,
  forced_chatgpt_workspace_id: { kind: 'shape', shapes: ['text', 'list'] },
  forced_login_method: choice(['chatgpt', 'api']),
  cli_auth_credentials_store: choice(['file', 'keyring', 'auto', 'ephemeral']),
  mcp_servers: map(mcpServer),
  mcp_oauth_credentials_store: choice(['auto', 'file', 'keyring']),
  mcp_oauth_callback_port: u16,
  mcp_oauth_callback_url: text,
  mcp_optional_startup_grace_ms: only('new', u64),
  model_providers: map(modelProvider),
  project_doc_max_bytes: u64,
  project_doc_fallback_filenames: texts,
  tool_output_token_limit: u64,
  background_terminal_max_timeout: u64,
  thread_unload_delay_secs: only('new', u64),
  js_repl_node_path: text,
  js_repl_node_module_dirs: texts,
  profile: text,
  profiles: map(profile),
  history: table({ persistence: choice(['save-all', 'none']), max_bytes: u64 }),
  sqlite_home: text,
  log_dir: text,
  debug: only('old', anyTable),
  file_opener: choice(['vscode', 'vscode-insiders', 'windsurf', 'cursor', 'none']),
  tui: table({
    notifications: { kind: 'shape', shapes: ['boolean', 'list'] },
    notification_method: choice(['auto', 'osc9', 'bel'], ['osc777']),
    notification_condition: choice(['unfocused', 'always']),
    animations: boolean,
    show_tooltips: boolean,
    alternate_screen: choice(['auto', 'always', 'never']),
    status_line: texts,
    terminal_title: texts,
    theme: text,
    vim_mode_default: boolean,
    session_picker_view: choice(['comfortable', 'dense']),
    raw_output_mode: boolean,
    mouse_scroll_speed: only('new', number),
    status_line_use_colors: boolean,
    terminal_resize_reflow_max_rows: u64,
    pet: text,
  }),
  hide_agent_reasoning: boolean,
  show_raw_agent_reasoning: boolean,
  model_reasoning_effort: effort,
  plan_mode_reasoning_effort: effort,
  model_reasoning_summary: choice(['auto', 'concise', 'detailed', 'none']),
  model_verbosity: choice(['low', 'medium', 'high']),
  model_supports_reasoning_summaries: only('old', boolean),
  model_catalog_json: file,
  personality: choice(['none', 'friendly', 'pragmatic']),
  service_tier: text,
  chatgpt_base_url: text,
  openai_base_url: text,
  apps_mcp_product_sku: text,
  responses_api_metadata: only('new', {
    kind: 'map',
    of: { kind: 'shape', shapes: ['text', 'boolean', 'integer', 'float', 'list', 'table'] },
  }),
  audio: anyTable,
  realtime: anyTable,
  experimental_realtime_ws_base_url: text,
  experimental_realtime_ws_model: text,
  tools: table({ web_search: { kind: 'shape', shapes: ['boolean', 'table'] } }),
  tool_suggest: anyTable,
  agents: table({ job_max_runtime_seconds: u64, max_threads: u64, interrupt_message: boolean }),
  skills: table({ config: list, include_instructions: boolean }),
  hooks: anyTable,
  plugins: map(table({ enabled: boolean })),
  marketplaces: map(
    table({ source: text, source_type: choice(['git', 'local']), ref: text, last_updated: text }),
  ),
  suppress_unstable_features_warning: boolean,
  ghost_snapshot: anyTable,
  project_root_markers: texts,
  check_for_update_on_startup: boolean,
  disable_paste_burst: boolean,
  analytics: table({ enabled: boolean }),
  feedback: table({ enabled: boolean }),
  windows,
  notice: table({
    hide_full_access_warning: boolean,
    hide_rate_limit_model_nudge: boolean,
    hide_world_writable_warning: boolean,
    hide_gpt5_1_migration_prompt: boolean,
    model_migrations: textMap,
    fast_default_opt_out: boolean,
  }),
  experimental_use_unified_exec_tool: boolean,
  oss_provider: text,
  allow_symlinked_codex_home: only('new', boolean),
  web_search: webSearch,
  features,
  projects: map(table({ trust_level: choice(['trusted', 'untrusted']) })),
  otel: table({
    environment: text,
    exporter,
    trace_exporter: exporter,
    metrics_exporter: exporter,
    log_user_prompt: boolean,
    span_attributes: textMap,
  }),
  memories: table({
    use_memories: boolean,
    generate_memories: boolean,
    max_rollout_age_days: i64,
    max_unused_days: i64,
    extract_model: text,
    consolidation_model: text,
    disable_on_external_context: boolean,
  }),
});

/** Ids of built-in providers that a `[model_providers.<id>]` table may not have ("cannot be overridden"). */
export const RESERVED_PROVIDERS: readonly string[] = ['openai', 'ollama', 'lmstudio'];

/** Ids that `model_provider` may name without a table of that name. */
export const BUILT_IN_PROVIDERS: readonly string[] = [
  'openai',
  'ollama',
  'lmstudio',
  'amazon-bedrock',
  'amazon-bedrock-runtime',
];
