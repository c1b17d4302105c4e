/** Whether plan and workspace of the login include Codex. */
import type { FailureEntry } from '../types.ts';
import { WRAPPERS } from './wrappers.ts';

export const AUTH_PLAN: readonly FailureEntry[] = [
  {
    id: 'auth.plan_not_eligible',
    title: 'Plan or workspace without Codex',
    fixClass: 'U',
    actor: 'you',
    cause:
      'The login belongs to a plan or workspace that does not include Codex, or the token still carries the plan from before an upgrade.',
    fix: {
      summary: 'Choose the paid workspace and sign in anew, so that the token carries the plan.',
      steps: [
        'See which account and plan the login carries: `/status` inside Codex.',
        'Close every Codex, `codex logout`, `codex login`, and pick the paid workspace on the page that asks for it.',
        'In a company workspace ask an owner to enable Codex (local) for you.',
        'After an upgrade wait some minutes and log in once more; if https://chatgpt.com/codex works and Codex does not, write to https://help.openai.com.',
      ],
    },
    notHelping: [
      'Reinstalling Codex, or deleting CODEX_HOME: the plan is read from the token that the server issues.',
    ],
    references: ['openai/codex#5608'],
    signals: [
      {
        says: [
          'to use codex with your chatgpt plan, upgrade',
          '¦usage_not_included¦',
          'chatgpt_account_missing',
          'no eligible chatgpt workspaces found',
          'missing_codex_entitlement',
          'codex is not enabled for your workspace',
          'not currently authorized to use codex in this workspace',
          'you do not have access to codex',
          'deactivated_workspace',
          'codex_cli_workspace_disabled',
        ],
        weight: 0.95,
        of: 'own',
        over: [...WRAPPERS, 'auth.token_exchange_failed', 'ratelimit.usage_limit'],
        log: true,
      },
      {
        says: [
          'codex is not (included|available) (in|on|with|for) your (plan|account|workspace)',
          'your (plan|account|workspace) does not (include|have access to) codex',
          'dont have access*contact your (admin|workspace|administrator)',
          'usage not included',
        ],
        weight: 0.8,
        of: 'generic',
      },
      {
        says: [
          'free (plan|account|tier|chat account)',
          '(shows|as|is|says) free¦',
          'upgrade to (plus|pro)',
          'get plus',
          'plan is not recognized',
          'plan not recognized',
          'wrong plan',
        ],
        with: [
          [
            '(have|has|am|on|paid|pay|bought|upgraded|subscribed|subscription|active) * (plus|pro|team|business|enterprise|subscription)',
          ],
          ['codex'],
          [
            'shows',
            'show',
            'says',
            'detected',
            'recognized',
            'recognised',
            'still',
            'asks',
            'displays',
            'even though',
            'although',
          ],
        ],
        not: ['usage limit', 'is not supported when using codex', 'rate limit'],
        weight: 0.58,
        of: 'generic',
      },
      {
        says: [
          '(升级到 plus|升级至 plus|升级为 plus|套餐*不支持*codex|套餐*不包含)',
          '(plus にアップグレード)',
          '(plus로 업그레이드)',
          '(faça upgrade para o plus|actualiza a plus|auf plus upgraden)',
        ],
        not: ['usage limit', '使用上限', '使用限制'],
        weight: 0.68,
        of: 'generic',
      },
    ],
  },
];
