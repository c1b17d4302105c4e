/** Words by which a message of SQLite or of the system tells that it is about Codex's own files. */

/** Names of Codex's databases, and the words it puts before their errors. */
export const OWN_DATABASES = [
  'state_5',
  'state_4',
  'logs_2',
  'logs_1',
  'goals_1',
  'queue_1',
  'memories_1',
  'thread_history_1',
  'state runtime',
  'state db',
  'log db',
  '.codex',
  'codex_home',
  'codex_sqlite_home',
  "codex couldn't start",
  'codex cannot access its local database',
  'codex_state',
  'app-server',
] as const;

/** A file below the Codex home, with either kind of separator; npm's `.codex-AbC123` folders are none. */
export const IN_CODEX_HOME = [
  '.codex/',
  '.codex\\config.toml',
  '.codex\\auth.json',
  '.codex\\sessions',
  '.codex\\state_',
  '.codex\\logs_',
  '.codex\\log\\',
  '.codex\\.tmp',
  '.codex\\.sandbox',
  '.codex\\packages',
  '.codex\\memories',
  '.codex\\history.jsonl',
  '.codex\\version.json',
  '.codex\\installation_id',
  'codex home',
  'codex_home',
  'chown * .codex',
  'ls -la * .codex',
] as const;
