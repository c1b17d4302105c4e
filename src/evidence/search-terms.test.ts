import { describe, expect, it } from 'vitest';
import { createCanaries } from '../../test/support/canaries.ts';
import { searchTerms } from './search-terms.ts';

describe('the search terms', () => {
  it('are the words of the complaint, without what is only of this machine', () => {
    const text =
      'INFO all well\n2026-07-27T09:30:00Z ERROR codex_core: failed to open sandbox /home/ada/x (os error 1) request req_0123456789abcdef status 503 at http://127.0.0.1:8080/v1';
    expect(searchTerms(text, [])).toEqual({
      terms: 'ERROR codex_core failed open sandbox error request status',
      url: 'https://github.com/openai/codex/issues?q=is%3Aissue+ERROR+codex_core+failed+open+sandbox+error+request+status',
    });
  });

  it('hold no secret of the text', () => {
    const { key, jwt, word, email, leaks } = createCanaries();
    const text = `error ${key('a')} Bearer ${jwt('b')} password=${word('c')} ${email('d')} is invalid`;
    expect(leaks(JSON.stringify(searchTerms(text, [])))).toEqual([]);
  });

  it('are empty for an empty text', () => {
    expect(searchTerms(' \n', []).terms).toBe('');
  });
});
