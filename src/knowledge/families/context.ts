/** The length of a conversation. */
import type { FailureEntry } from '../types.ts';
import { API_CLIENTS, WRAPPERS } from './wrappers.ts';

export const CONTEXT: readonly FailureEntry[] = [
  {
    id: 'context.window_exceeded',
    title: 'Conversation too long for the model',
    fixClass: 'U',
    actor: 'you',
    cause:
      'The thread, with its tool output and pictures, no longer fits into the context window of the model.',
    fix: {
      summary: 'Compact the thread, or start a new one.',
      steps: [
        '`/compact` inside Codex; if that fails as well, `/new` and give it a short summary of where you are.',
        'Keep big outputs out: let commands write to files, take fewer screenshots, and lower `tool_output_token_limit` in config.toml.',
        'Remove a `model_context_window` or `model_auto_compact_token_limit` of your own that is larger than what the model has.',
        'Update: `codex update` (compaction has become sturdier).',
      ],
    },
    notHelping: [
      'Sending the same prompt again in the same thread.',
      'Raising `model_context_window`: the limit is that of the model.',
    ],
    references: ['openai/codex#4926'],
    signals: [
      {
        says: [
          'ran out of room in the models context window',
          'contextwindowexceeded',
          'context_window_exceeded',
          'stream error: context window exceeded',
          'running remote compact task*context_length_exceeded',
        ],
        weight: 0.97,
        of: 'own',
        over: [...WRAPPERS, 'session.encrypted_content'],
        log: true,
      },
      {
        says: ['input exceeds the context window of this model', '¦context_length_exceeded¦'],
        not: API_CLIENTS,
        weight: 0.95,
        of: 'generic',
        over: [...WRAPPERS, 'session.encrypted_content'],
        log: true,
      },
      {
        says: [
          'maximum context length is',
          '(exceeds|exceeded|exceed) the (models |maximum |)(context window|context length|context limit)',
          'context window (is full|exceeded|is exceeded|exhausted|overflow)',
          'prompt is too long',
          'array_above_max_length',
          'context compaction (failed|loop)',
        ],
        weight: 0.8,
        of: 'generic',
        over: ['server.error'],
      },
      {
        says: [
          'error running remote compact task',
          'remote compaction failed',
          'remote compaction v2 expected',
          'failed to run pre-sampling compact',
        ],
        not: [
          'status 401',
          'status 404',
          'stream disconnected',
          'at capacity',
          'invalid_encrypted_content',
          'usage limit',
          'status 403',
          'high demand',
          'status 5',
        ],
        weight: 0.66,
        of: 'own',
        log: true,
      },
      {
        says: [
          '(上下文|context)*(窗口|长度)*(超出|超过|已满|不足|用完|耗尽|上限)',
          '(超出|超过)*(上下文|context)*(窗口|长度|限制)',
          'コンテキスト*(ウィンドウ|長)*(超|不足|上限)',
          '컨텍스트*(초과|부족|한도)',
          '(janela de contexto|ventana de contexto|kontextfenster|fenêtre de contexte|контекстного окна|окно контекста)',
        ],
        weight: 0.74,
        of: 'generic',
      },
      {
        says: ['context window', 'context left', 'auto-compact', 'auto compact', '¦/compact'],
        with: [
          [
            '0% left',
            '0% context',
            'no room',
            'too large',
            'too big',
            'too long',
            'does not fit',
            'cannot compact',
            'compact fails',
            '100% full',
            '100% used',
            'fails to compact',
            'does nothing',
          ],
        ],
        weight: 0.6,
        of: 'generic',
      },
    ],
  },
];
