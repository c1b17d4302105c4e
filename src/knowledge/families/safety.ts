/** A safety system of OpenAI has stepped in. */
import type { FailureEntry } from '../types.ts';
import { WRAPPERS } from './wrappers.ts';

export const SAFETY: readonly FailureEntry[] = [
  {
    id: 'safety.flagged',
    title: 'Flagged by a safety check',
    fixClass: 'X',
    actor: 'you',
    cause:
      'OpenAI has flagged the account or this request as a possible safety risk, and blocks it or routes it to another model.',
    fix: {
      summary: 'Rephrase the request, or apply for trusted access; if it is a mistake, appeal.',
      steps: [
        'If it is about one request: say what the work is for and that you are authorized, and try once more in a new thread.',
        'For security work apply at https://chatgpt.com/cyber (companies: trusted access for enterprises).',
        'For a mistake use `/feedback` with the thread, or https://help.openai.com.',
      ],
    },
    notHelping: [
      'Another account, another proxy or another wording of the same aim: it is evasion, and puts the account at risk.',
    ],
    references: ['openai/codex#12171'],
    signals: [
      {
        says: [
          'flagged for potentially high-risk cyber activity',
          'flagged for possible (cybersecurity|biological) risk',
          'multiple flags for possible cybersecurity risk',
          'this request was routed to * as a fallback',
          'chatgpt.com/cyber',
          'trusted access for cyber',
          'blocked due to a misalignment policy violation',
          'weve limited access to this content for safety reasons',
          'flagged as potentially violating our usage policy',
          'concepts/cyber-safety',
        ],
        weight: 0.95,
        of: 'own',
        over: [...WRAPPERS, 'model.unsupported_account'],
        log: true,
      },
      {
        says: [
          '¦cyber_policy¦',
          '¦cyberpolicy¦',
          'high_risk_cyber',
          'cyber policy:',
          'cyber-safety rerout',
          'cyber-risk rerout',
          'misalignment policy',
          'content policy violation',
          'incomplete response returned, reason: content_filter',
        ],
        weight: 0.82,
        of: 'own',
        over: ['network.stream_disconnected', 'server.error'],
        log: true,
      },
      {
        says: [
          '(flagged|suspended|banned|deactivated) * (cyber|usage policies|usage policy|policy|safety|abuse|terms)',
          'account_deactivated',
          '(false positive|falsely|wrongly|incorrectly|mistakenly) * (cyber|cybersecurity|cyber-safety|safety) flag',
          'account (has been|was|is|got) (deactivated|banned|suspended)',
          'this content cant be shown',
        ],
        not: [
          'remote control',
          'approval policy',
          'sandbox policy',
          'execution policy',
          'powershell',
          'execpolicy',
          'app control',
          'group policy',
          'network policy',
          'applocker',
          'deactivated_workspace',
          'workspace policy',
        ],
        weight: 0.62,
        of: 'generic',
      },
      {
        says: [
          '(标记|封禁|封号|限制|拦截)*(网络安全|高风险|使用政策|违规|网络活动|安全风险)',
          '(网络安全|高风险|违反)*(标记|风险|政策)*(账号|账户|请求|内容)',
          'サイバー*(フラグ|リスク)',
          '사이버*(플래그|위험|표시)',
          '(risco|riesgo)*(cibersegurança|ciberseguridad|cibernético)',
          'cybersicherheitsrisiko',
        ],
        weight: 0.66,
        of: 'generic',
      },
    ],
  },
];
