/** Which models an account may use. */
import type { FailureEntry } from '../types.ts';
import { WRAPPERS } from './wrappers.ts';

export const MODEL: readonly FailureEntry[] = [
  {
    id: 'model.unsupported_account',
    title: 'Model not offered to this account',
    fixClass: 'C',
    actor: 'you',
    cause: 'The model exists, but the backend does not offer it in Codex to this ChatGPT account.',
    fix: {
      summary:
        'Choose a model that this account lists, and start a new thread if the old one is pinned to it.',
      steps: [
        'See what is offered: `/model` inside Codex.',
        'Where config.toml or a profile pins the model: `steward doctor --only model.unsupported_account` names the line; change or remove `model`.',
        'A resumed thread keeps its model: choose another with `/model`, or start a new thread.',
        'After an upgrade of the plan: `codex logout`, `codex login`; a new Codex may be needed for a new model (`codex update`).',
      ],
    },
    notHelping: ['Reinstalling Codex, or renaming the model by guess.'],
    references: ['openai/codex#10600', 'router-for-me/CLIProxyAPI#3647'],
    check: 'steward.model-choice',
    signals: [
      {
        says: [
          'model is not supported when using codex with a chatgpt account',
          'not supported when using codex with a chatgpt',
        ],
        weight: 0.97,
        of: 'own',
        over: [...WRAPPERS, 'config.invalid_model', 'auth.plan_not_eligible'],
        log: true,
      },
      {
        says: [
          'model * is not (available|supported|enabled|included) * (your plan|your account|this account|your workspace|chatgpt account|free plan)',
          'model * not supported when using a chatgpt account',
          'model not supported * chatgpt account',
          'does not have access to model',
          'do not have access to (the |)model',
        ],
        weight: 0.76,
        of: 'generic',
      },
      {
        says: 'model is not supported when using x-openai-internal-codex',
        weight: 0.74,
        of: 'own',
        over: [...WRAPPERS],
        log: true,
      },
      {
        says: ['does not exist or you do not have access to it', '¦model_not_found¦'],
        weight: 0.48,
        of: 'likely',
      },
      {
        says: [
          '(模型|model)*(不支持|不可用)*(chatgpt|账号|账户|套餐)',
          '(chatgpt|账号|账户|套餐)*(不支持|不可用|无法使用)*模型',
          'モデル*(サポートされていません|利用できません)*',
          '모델*(지원되지|사용할 수 없)',
          '(o modelo|el modelo)*(não é compatível|não é suportado|no es compatible|no está disponible)',
          'modell*(nicht unterstützt|nicht verfügbar)',
          'модель*не поддерживается',
        ],
        not: ['容量', '上下文'],
        weight: 0.66,
        of: 'generic',
      },
    ],
  },
];
