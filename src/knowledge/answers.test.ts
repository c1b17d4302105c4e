import { describe, expect, it } from 'vitest';
import { findAnswer } from './answers.ts';
import { isFailureId } from './ids.ts';

describe('findAnswer', () => {
  it.each([
    ['401', 'auth.token_expired'],
    ['what does 429 mean', 'ratelimit.usage_limit'],
    ['port 1455', 'auth.callback_port_in_use'],
    ['Address in use (os error 98)', 'auth.callback_port_in_use'],
    ['Reconnecting... 5/5', 'network.stream_disconnected'],
    ['headless login', 'auth.device_code_disabled'],
    ['stuck on the sign-in page', 'auth.callback_unreachable'],
    ['invalid model', 'config.invalid_model'],
    ['my config.toml is broken', 'config.toml_syntax'],
    ['the sandbox blocks my command', 'sandbox.blocked'],
    ['WSL migration', 'state.sqlite_migration'],
    ['which auth method am I using', 'auth.apikey_conflict'],
    ['key and login at once', 'auth.apikey_conflict'],
    ['missing field `id_token`', 'auth.credentials_malformed'],
    ['token_expired', 'auth.token_expired'],
    ['why does another OS user work', 'remote.client_revoked'],
    ['does my quota come back?', 'ratelimit.usage_limit'],
  ])('knows "%s"', (question, id) => {
    const answer = findAnswer(question);
    expect(answer?.ids).toContain(id);
    expect(answer?.ids.every(isFailureId)).toBe(true);
    expect(answer?.steps.length).toBeGreaterThan(0);
  });

  it.each(['', 'the weather tomorrow', 'hello', 'a long text with 401 in it\nand a second line'])(
    'has nothing to say to "%s"',
    (question) => {
      expect(findAnswer(question)).toBeUndefined();
    },
  );
});
