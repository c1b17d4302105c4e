/** Codex looks in a place, or obeys a rule, that does not fit. */
import type { FailureEntry } from '../types.ts';

export const CONFIG_SCOPE: readonly FailureEntry[] = [
  {
    id: 'config.forced_login_mismatch',
    title: 'The forced login method contradicts the login',
    fixClass: 'C',
    actor: 'steward',
    cause:
      'The configuration allows only one kind of login (or one workspace), and the stored credential is of another, so Codex logs out.',
    fix: {
      summary: 'Make the setting and the wanted login agree; in a managed configuration ask the admin.',
      steps: [
        'Run `steward doctor --only config.forced_login_mismatch`: it shows the setting, its file and the login in use.',
        'To keep the login, run `steward doctor --fix --only config.forced_login_mismatch`: it takes the setting out of force, with a backup.',
        'To keep the setting, log in as it asks: `codex login` for `chatgpt`, `codex login --with-api-key` for `api`.',
        'If the setting stands in a managed file, ask your admin.',
      ],
    },
    notHelping: ['Logging in again the same way: the next start logs out again.'],
    references: [],
    check: 'steward.config-login',
    signals: [
      {
        says: [
          'chatgpt login is required, but an api key',
          'api key login is required, but chatgpt',
          'but current credentials lack a workspace identifier',
          'login is restricted to workspace',
          'login is restricted to',
          'but current credentials belong to',
          '(api key|chatgpt) login is disabled. use',
          'do not permit any usable login method',
        ],
        weight: 0.96,
        of: 'own',
        log: true,
        over: ['auth.not_logged_in', 'auth.apikey_conflict', 'auth.account_mismatch'],
      },
      {
        says: ['forced_login_method', 'forced_chatgpt_workspace_id', 'forced login method', 'forced_login'],
        weight: 0.86,
        of: 'own',
        over: ['auth.not_logged_in', 'auth.apikey_conflict'],
      },
    ],
  },
  {
    id: 'config.cloud_requirements',
    title: "The workspace's managed policies could not be loaded",
    fixClass: 'U',
    actor: 'you',
    cause:
      'Codex must read the policies of your workspace from OpenAI before it starts, and that request failed.',
    fix: {
      summary: 'Check the network and the membership in the workspace, log out and in, and update.',
      steps: [
        'Run `steward doctor --live`: it walks the route that this request takes.',
        'Run `codex logout`, then `codex login`, and choose the workspace you belong to.',
        'Update with `codex update`.',
        'If it stays, ask the workspace admin whether you are still a member and whether a policy was changed.',
      ],
    },
    notHelping: [
      'Editing the local `config.toml`: these policies come from the workspace.',
      'Deleting a `requirements.toml` that your organisation put there.',
    ],
    references: [],
    signals: [
      {
        says: [
          'failed to load cloud requirements',
          'failed to load cloud config bundle',
          'workspace-managed (policies|policy|config)',
          'workspace managed policies',
          'authenticate with the configuration server',
          'required managed configuration has not been loaded',
          'managed configuration sign-in is required',
          'invalid cloud config bundle',
          'cloud_config_bundle',
        ],
        weight: 0.95,
        of: 'own',
        log: true,
        over: ['config.invalid_value', 'config.toml_syntax', 'network.stream_disconnected'],
      },
      {
        says: [
          'workspace policy acknowledgment',
          'cloud requirements',
          'workspace policies',
          'managed policies',
          '工作区策略',
          '工作区管理的策略',
          '托管策略',
        ],
        with: [['codex', 'chatgpt']],
        weight: 0.62,
        of: 'generic',
      },
    ],
  },
  {
    id: 'config.home_invalid',
    title: 'CODEX_HOME is not a usable place',
    fixClass: 'C',
    actor: 'you',
    cause:
      'The folder that holds the state of Codex is missing, is no folder, or lies in a temporary place that Codex refuses.',
    fix: {
      summary: 'Choose a permanent folder of your own, and create it before Codex starts.',
      steps: [
        'See what is set: `echo "$CODEX_HOME"`; unset it to use `~/.codex`.',
        'Or choose a permanent folder: `mkdir -p "$HOME/.codex-work" && export CODEX_HOME="$HOME/.codex-work"`, and put the export into your shell profile.',
        'In CI and containers mount a folder outside `/tmp`, owned by the user that runs Codex.',
        'Run `steward doctor --only config.home_invalid`.',
      ],
      platformSteps: {
        windows: [
          '`$env:CODEX_HOME` shows it; `setx CODEX_HOME "$env:USERPROFILE\\.codex"` sets it for new terminals.',
        ],
      },
    },
    notHelping: ['Reinstalling Codex.', 'Running as root: the folder then belongs to root.'],
    references: [],
    check: 'steward.config-home',
    signals: [
      {
        says: [
          'refusing to create helper binaries under temporary dir',
          'codex_home points to * (path does not exist|path is not a directory|not a directory)',
          'failed to (canonicalize|read|resolve|create) codex_home',
          'codex_home is not available',
          'codex_home does not exist',
          'codex home does not exist',
          'could not find home directory',
        ],
        weight: 0.96,
        of: 'own',
        log: true,
        over: ['config.invalid_value', 'state.permission', 'mcp.command_not_found', 'install.binary_missing'],
      },
      { says: ['could not create path aliases', 'creating path aliases'], weight: 0.72, of: 'own' },
      {
        says: ['codex_home', '.codex'],
        with: [
          [
            'not a directory (os error 20)',
            'not a directory',
            'temporary dir',
            'temp dir',
            'under /tmp',
            'does not exist',
            'not exist',
            'no such directory',
            '不存在',
            '临时目录',
          ],
        ],
        not: [
          '/mnt/c',
          'wsl',
          'socket',
          'config.toml file does not exist',
          'node_modules',
          'app-server',
          'thread',
          'rollout',
        ],
        weight: 0.62,
        of: 'generic',
      },
      {
        says: [
          'error loading configuration: no such file or directory',
          'error loading config* no such file or directory',
          'error loading configuration: not a directory',
        ],
        weight: 0.74,
        of: 'likely',
        over: ['config.invalid_value'],
      },
    ],
  },
  {
    id: 'config.untrusted_dir',
    title: 'Codex does not trust this folder',
    fixClass: 'U',
    actor: 'you',
    cause: 'Codex was started in a folder that is no Git repository and that nobody marked as trusted.',
    fix: {
      summary: 'Run it inside a repository, trust the folder, or pass the flag on purpose.',
      steps: [
        'Go to a Git repository, or make this folder one: `git init`.',
        'Or start `codex` here once and answer the trust question.',
        'Or, for one run you are sure of: `codex exec --skip-git-repo-check "…"`.',
      ],
    },
    notHelping: [
      'Full access or a bypassed sandbox: it is another question, and it does not answer this one.',
    ],
    references: ['openai/codex#7522'],
    check: 'steward.config-trust',
    signals: [
      {
        says: [
          'not inside a trusted directory',
          'skip-git-repo-check was not specified',
          'skip-git-repo-check',
        ],
        weight: 0.96,
        of: 'own',
        log: true,
      },
      {
        says: [
          'skip-git-repo-check',
          'add * as a trusted project in',
          'recommend running codex inside a git repository',
          'not (in|inside) a (git|trusted) (repo|repository|directory|folder|project)',
          'outside (a|of a|the) (git|trusted)',
          'untrusted (directory|folder|project|workspace)',
          'project is not trusted',
          'directory is not trusted',
          'folder is not trusted',
          'trust the contents of this directory',
          'trust_level',
          '不受信任的目录',
          '信任此目录',
          '信頼されていない',
          '신뢰할 수 없는',
        ],
        weight: 0.66,
        of: 'generic',
      },
    ],
  },
];
