/** Wordings that several failures of the configuration share. */

/** Signs that a parser's words are about Codex's settings, not about somebody's Cargo.toml. */
export const ABOUT_CONFIG: readonly string[] = [
  'config.toml',
  '.codex',
  'mcp_servers',
  'model_provider',
  'loading config',
  'load config',
  'reload config',
  'invalid configuration',
  'codex config',
  'load configuration',
  'loading configuration',
  'codex',
];
/** Files of other programs, in the same language. */
export const OTHER_TOML: readonly string[] = [
  'cargo.toml',
  'pyproject.toml',
  'uv.toml',
  'netlify.toml',
  'wrangler.toml',
  'fly.toml',
];
