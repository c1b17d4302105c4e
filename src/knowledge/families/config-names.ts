/** The configuration names a model or an option that is not there (any more). */
import type { FailureEntry } from '../types.ts';
import { ABOUT_CONFIG, OTHER_TOML } from './config-words.ts';

export const CONFIG_NAMES: readonly FailureEntry[] = [
  {
    id: 'config.invalid_model',
    title: 'The configured model does not exist',
    fixClass: 'C',
    actor: 'you',
    cause:
      'The model name in the settings or on the command line is not one that OpenAI (or the chosen provider) knows.',
    fix: {
      summary: 'Remove or correct the `model` setting.',
      steps: [
        'Find where it comes from: `grep -n "^model" ~/.codex/config.toml`, a profile, or `-m` on the command line.',
        'Remove the line, or choose a model that `/model` lists inside Codex.',
        'Start a new thread: a thread keeps the model it was started with.',
      ],
    },
    notHelping: ['Logging in again: the name stays wrong.'],
    references: [],
    check: 'steward.model-choice',
    signals: [
      {
        says: ['detail: unsupported model', 'code: model_not_found'],
        weight: 0.94,
        of: 'likely',
        log: true,
        over: ['server.error', 'network.stream_disconnected'],
      },
      {
        says: [
          'unsupported model',
          'model_not_found',
          'the model * does not exist or you do not have access',
          'requested model * does not exist',
          'model metadata for * not found',
          'no such model',
          'not found: model * not found',
        ],
        not: ['when using codex with a chatgpt account'],
        weight: 0.9,
        of: 'likely',
        // An endpoint that answers so is not down.
        over: ['server.error', 'network.stream_disconnected', 'provider.local_endpoint_down'],
      },
      {
        says: [
          'model * does not exist',
          'invalid model',
          'model not found',
          'unknown model',
          'model name',
          'unrecognized model',
          '模型不存在',
          '未知模型',
          '无效的模型',
          'モデルが見つかり',
          '모델을 찾을 수 없',
          'modelo não encontrado',
          'modelo no existe',
          'модель не найдена',
        ],
        with: [
          ['codex', 'config.toml', 'gpt', 'o3', 'o4-mini', 'model =', 'status 400', 'status 404', 'openai'],
        ],
        not: ['when using codex with a chatgpt account', 'at capacity'],
        weight: 0.66,
        of: 'generic',
      },
    ],
  },
  {
    id: 'config.deprecated_field',
    title: 'A setting was removed from Codex',
    fixClass: 'C',
    actor: 'steward',
    cause:
      'The configuration uses an option that this version of Codex no longer has, such as `wire_api = "chat"`.',
    fix: {
      summary:
        'Replace it by its successor (`wire_api = "responses"`), or put a translator in front of a provider that only speaks chat.',
      steps: [
        'Run `steward doctor --only config.deprecated_field`: it names file, line and the successor.',
        'Run `steward doctor --fix --only config.deprecated_field` to change that entry, with a backup.',
        'If the provider has no Responses API, run a translating proxy in front of it and set its address as `base_url`.',
        'Test with `codex login status`, then a short prompt.',
      ],
    },
    notHelping: [
      'Going back to an old version for good: other parts of it stop working.',
      'Choosing another provider: one left-over entry stops every command.',
    ],
    references: ['labring/aiproxy#568'],
    check: 'steward.config-values',
    signals: [
      {
        says: [
          'wire_api = chat * (no longer|not supported|is not|removed|deprecated|rejected|unsupported|fail|error)',
          '(no longer supports|no longer support|不支持|不再支持|removed|dropped|unsupported|deprecated|rejects) * wire_api = chat',
          'support for the chat wire api is deprecated',
          'chat wire api',
          'set wire_api = responses in your provider config',
          'ollama-chat is no longer supported',
        ],
        weight: 0.95,
        of: 'likely',
        log: true,
        over: ['config.invalid_value', 'config.toml_syntax'],
      },
      {
        says: ['wire_api = chat', 'wire_api chat', 'wire_api: chat', "wire_api='chat'"],
        weight: 0.66,
        of: 'likely',
        over: ['config.invalid_value'],
      },
      {
        says: 'features.* is deprecated. use',
        not: ['cargo', 'rustc', 'warning: unused'],
        weight: 0.82,
        of: 'likely',
        over: ['config.invalid_value'],
      },
      {
        says: [
          'is deprecated. use features.',
          'is deprecated. use [features]',
          'is no longer supported; (remove|use)',
          'is no longer supported. remove',
          'is deprecated and ignored',
          'is deprecated and will be removed',
          'check for typos or deprecated settings',
          'is deprecated because web search is enabled by default',
          'deprecated config',
          'deprecated setting',
          'deprecated option',
          'removed option',
          'preferred_auth_method * (deprecated|no longer|removed|ignored|unknown|not supported)',
        ],
        with: [[...ABOUT_CONFIG, 'features', 'setting']],
        not: OTHER_TOML,
        weight: 0.82,
        of: 'generic',
        over: ['config.invalid_value'],
      },
      {
        says: ['不支持chat', '不支持 chat', 'chat completions', 'chat/completions'],
        with: [['wire_api', 'wire api']],
        weight: 0.7,
        of: 'generic',
      },
    ],
  },
];
