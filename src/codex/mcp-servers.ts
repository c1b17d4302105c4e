/**
 * The MCP servers of a `config.toml`, and the environment in which Codex starts them.
 *
 * Measured with 0.133 and 0.169: a server gets only the variables below, those named in `env_vars`, and `env`;
 * it has 30 seconds to answer `initialize`.
 */
import * as v from 'valibot';
import type { Host } from '../host.ts';
import { isTomlTable, type TomlTable } from './toml.ts';

const DEFAULT_STARTUP_SEC = 30;

const Text = v.optional(v.string());
const Texts = v.optional(v.record(v.string(), v.string()), {});
const ServerSchema = v.looseObject({
  command: Text,
  args: v.optional(v.array(v.string()), []),
  env: Texts,
  env_vars: v.optional(v.array(v.union([v.string(), v.looseObject({ name: v.string() })])), []),
  cwd: Text,
  url: Text,
  bearer_token_env_var: Text,
  http_headers: Texts,
  env_http_headers: Texts,
  enabled: v.optional(v.boolean(), true),
  required: v.optional(v.boolean(), false),
  startup_timeout_sec: v.optional(v.union([v.number(), v.bigint()])),
  startup_timeout_ms: v.optional(v.union([v.number(), v.bigint()])),
});

interface Common {
  readonly name: string;
  readonly enabled: boolean;
  /** Codex does not start a session without it. */
  readonly required: boolean;
  readonly startupTimeoutMs: number;
}
export interface StdioServer extends Common {
  readonly kind: 'stdio';
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Variables handed over from Codex's own environment. */
  readonly envVars: readonly string[];
  readonly cwd: string | null;
}
export interface HttpServer extends Common {
  readonly kind: 'http';
  readonly url: string;
  readonly bearerTokenEnvVar: string | null;
  readonly headers: Readonly<Record<string, string>>;
  /** Header name to variable name. */
  readonly envHeaders: Readonly<Record<string, string>>;
}
export type McpServer = StdioServer | HttpServer;

/** The servers that Codex would accept; entries that it refuses are the configuration checks' matter. */
export function mcpServers(config: TomlTable): readonly McpServer[] {
  const tables = config.mcp_servers;
  if (!isTomlTable(tables)) return [];
  return Object.entries(tables).flatMap(([name, table]): McpServer[] => {
    const parsed = v.safeParse(ServerSchema, table);
    if (!parsed.success) return [];
    const { output } = parsed;
    const ms = output.startup_timeout_ms;
    const common = {
      name,
      enabled: output.enabled,
      required: output.required,
      startupTimeoutMs:
        output.startup_timeout_sec === undefined && ms !== undefined
          ? Number(ms)
          : Number(output.startup_timeout_sec ?? DEFAULT_STARTUP_SEC) * 1000,
    };
    if (output.command !== undefined) {
      const envVars = output.env_vars.map((entry) => (typeof entry === 'string' ? entry : entry.name));
      const { command, args, env, cwd } = output;
      return [{ ...common, kind: 'stdio', command, args, env, envVars, cwd: cwd ?? null }];
    }
    if (output.url === undefined) return [];
    return [
      {
        ...common,
        kind: 'http',
        url: output.url,
        bearerTokenEnvVar: output.bearer_token_env_var ?? null,
        headers: output.http_headers,
        envHeaders: output.env_http_headers,
      },
    ];
  });
}

const PASSED_UNIX = 'HOME LOGNAME PATH SHELL USER __CF_USER_TEXT_ENCODING LANG LC_ALL TERM TMPDIR TZ'.split(
  ' ',
);
const PASSED_WINDOWS =
  'PATH PATHEXT COMSPEC SYSTEMROOT SYSTEMDRIVE USERNAME USERDOMAIN USERPROFILE HOMEDRIVE HOMEPATH PROGRAMFILES PROGRAMFILES(X86) PROGRAMW6432 PROGRAMDATA LOCALAPPDATA APPDATA TEMP TMP POWERSHELL PWSH'.split(
    ' ',
  );

/** The whole environment of that server. */
export function mcpEnvironment(host: Host, server: StdioServer): Readonly<Record<string, string>> {
  const isWindows = host.platform === 'win32';
  const passed = new Set([...(isWindows ? PASSED_WINDOWS : PASSED_UNIX), ...server.envVars]);
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(host.env)) {
    if (value !== undefined && passed.has(isWindows ? name.toUpperCase() : name)) env[name] = value;
  }
  return { ...env, ...server.env };
}
