/** What a thread carries that only one account can read. */
import type { FailureEntry } from '../types.ts';
import { WRAPPERS } from './wrappers.ts';

export const SESSION: readonly FailureEntry[] = [
  {
    id: 'session.encrypted_content',
    title: 'Thread was made by another account or provider',
    fixClass: 'U',
    actor: 'you',
    cause:
      'The thread holds reasoning that is encrypted for the account and provider which made it, and another one now tries to go on with it.',
    fix: {
      summary: 'Go on with the account and provider that made the thread, or start a new thread.',
      steps: [
        'Log in to the account (or select the provider) with which the thread began, then `codex resume`.',
        'Otherwise start a new thread and give it a summary; the old one stays readable.',
        'With a rotation proxy switch on its session affinity, so that a thread stays with one account.',
        'If account and provider never changed: update Codex, and start a new thread.',
      ],
    },
    notHelping: [
      'Logging in again, or editing the rollout file: the content cannot be made readable for another account.',
    ],
    references: ['openai/codex#35334', 'openai/codex#8132', 'farion1231/cc-switch#4464'],
    signals: [
      {
        says: [
          'invalid_encrypted_content',
          'encrypted content * could not be (verified|decrypted)',
          'encrypted content could not be decrypted or parsed',
          'encrypted content organization_id did not match',
          'missing required parameter: input*.encrypted_content',
          'encrypted content * did not match the target organization',
        ],
        weight: 0.96,
        of: 'own',
        over: [...WRAPPERS, 'context.window_exceeded', 'auth.account_mismatch', 'state.history_hidden'],
        log: true,
      },
      {
        says: [
          'encrypted content',
          'encrypted reasoning',
          'encryption verification',
          'encrypted_content*(cannot|could not|decrypt|mismatch|解密|无法|失败)',
        ],
        with: [
          [
            'could not',
            'cannot',
            'cant',
            'fails',
            'failed',
            'error',
            'invalid',
            'unable',
            'mismatch',
            '无法',
            '不能',
            '失败',
            '报错',
            'できない',
          ],
          ['account', 'provider', 'switch', 'resume', 'thread', 'session', 'decrypt', 'verif'],
        ],
        weight: 0.74,
        of: 'generic',
        over: ['auth.account_mismatch'],
      },
      {
        says: [
          '加密内容',
          '加密推理',
          '暗号化されたコンテンツ',
          '暗号化コンテンツ',
          '암호화된 콘텐츠',
          'conteúdo criptografado',
          'contenido cifrado',
          'verschlüsselte inhalt',
          'зашифрованн',
        ],
        with: [
          [
            '验证',
            '解密',
            '无法',
            '失败',
            '検証',
            '復号',
            '확인',
            '복호화',
            'verific',
            'descript',
            'descifr',
            'überprüf',
            'entschlüssel',
            'провер',
            'расшифр',
          ],
        ],
        weight: 0.8,
        of: 'generic',
      },
    ],
  },
];
