import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fingerprint } from '../../storage/fingerprint.ts';
import { changedLines, previewStep } from './preview.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preview-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('changedLines', () => {
  it('shows the line that differs and nothing around it', () => {
    expect(changedLines('a\nb\nc', 'a\nB\nc')).toEqual([
      { kind: 'removed', text: 'b' },
      { kind: 'added', text: 'B' },
    ]);
  });

  it('shows an added line alone', () => {
    expect(changedLines('a\na', 'a\na\na')).toEqual([{ kind: 'added', text: 'a' }]);
  });

  it('says nothing about equal texts', () => {
    expect(changedLines('a\n', 'a\n')).toEqual([]);
  });

  it('cuts a large change short and says how much is hidden', () => {
    const lines = Array.from({ length: 20 }, (_, n) => `line ${n}`).join('\n');
    expect(changedLines('', lines).at(-1)).toEqual({ kind: 'added', text: '… 12 more' });
  });

  it('blanks secrets in the lines that it shows', () => {
    const shown = changedLines('', 'api_key = "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789"');
    expect(JSON.stringify(shown)).not.toContain('abcdefghijklmnop');
  });
});

describe('previewStep', () => {
  it('tries a TOML edit on the file without changing it', async () => {
    const path = join(folder, 'config.toml');
    await writeFile(path, '# mine\nmodel = "gone"\n');
    const expected = await fingerprint(path);
    const shown = await previewStep({
      kind: 'toml-edit',
      path,
      expect: expected,
      edits: [{ op: 'set', key: ['model'], value: 'gpt-5' }],
    });
    expect(shown).toEqual([
      { kind: 'removed', text: 'model = "gone"' },
      { kind: 'added', text: 'model = "gpt-5"' },
    ]);
    expect(await fingerprint(path)).toEqual(expected);
  });

  it('is empty for a step that edits nothing, and for a file that is not there', async () => {
    const path = join(folder, 'none');
    const absent = { kind: 'absent' } as const;
    expect(await previewStep({ kind: 'set-mode', path, expect: absent, mode: 0o600 })).toEqual([]);
    expect(
      await previewStep({ kind: 'json-edit', path, expect: absent, edits: [{ op: 'delete', path: ['a'] }] }),
    ).toEqual([]);
  });
});
