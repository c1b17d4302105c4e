import {
  chmod,
  chown,
  lstat,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { linkEnd, writeFileAtomic } from './atomic-file.ts';

let folder: string;
const at = (name: string) => join(folder, name);
beforeEach(async () => {
  folder = await mkdtemp('/var/tmp/steward-atomic-');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('writeFileAtomic', () => {
  it('gives a new file the mode asked for, whatever the umask', async () => {
    const umask = process.umask(0o077);
    try {
      await writeFileAtomic(at('a'), 'x', { mode: 0o644 });
    } finally {
      process.umask(umask);
    }
    expect((await stat(at('a'))).mode & 0o7777).toBe(0o644);
  });

  it('keeps mode and owner of an existing file', async () => {
    await writeFile(at('a'), 'x');
    if (process.getuid?.() === 0) await chown(at('a'), 1234, 2345);
    await chmod(at('a'), 0o4751);
    const before = await stat(at('a'));
    await writeFileAtomic(at('a'), 'y', { mode: 0o600 });
    const after = await stat(at('a'));
    expect([after.mode, after.uid, after.gid]).toEqual([before.mode, before.uid, before.gid]);
  });

  it('changes the end of a chain of links and keeps the links', async () => {
    await writeFile(at('real'), 'x');
    await symlink('real', at('one'));
    await symlink(at('one'), at('two'));
    await writeFileAtomic(at('two'), 'y', { mode: 0o600 });
    expect(await readFile(at('real'), 'utf8')).toBe('y');
    expect((await lstat(at('two'))).isSymbolicLink() && (await lstat(at('one'))).isSymbolicLink()).toBe(true);
  });

  it('creates what a dangling link points to', async () => {
    await symlink('nothing-yet', at('link'));
    expect(await linkEnd(at('link'))).toBe(at('nothing-yet'));
    await writeFileAtomic(at('link'), 'y', { mode: 0o600 });
    expect(await readFile(at('nothing-yet'), 'utf8')).toBe('y');
  });

  it('says what is wrong with a loop of links, a missing folder, a folder in the way', async () => {
    await symlink('loop', at('loop'));
    const write = (name: string) =>
      writeFileAtomic(at(name), 'y', { mode: 0o600 }).catch((error: unknown) => error);
    expect(await write('loop')).toMatchObject({ code: 'ERR_STORAGE_FILE', details: { systemCode: 'ELOOP' } });
    expect(await write('none/a')).toMatchObject({
      kind: 'environment',
      message: expect.stringContaining('does not exist'),
    });
    expect(
      await writeFileAtomic(folder, 'y', { mode: 0o600 }).catch((error: unknown) => error),
    ).toMatchObject({
      code: 'ERR_STORAGE_FILE',
    });
    expect(await readdir(folder)).toEqual(['loop']);
  });

  it('leaves the old content and no temporary file when it is stopped before the end', async () => {
    await writeFile(at('a'), 'old');
    const stopped = writeFileAtomic(at('a'), 'new', {
      mode: 0o600,
      onWritten: () => {
        throw new Error('stopped');
      },
    });
    await expect(stopped).rejects.toMatchObject({ message: expect.stringContaining('stopped') });
    expect(await readFile(at('a'), 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['a']);
  });

  it('is not fooled by a link planted under the name of its temporary file', async () => {
    await writeFile(at('victim'), 'precious');
    await symlink('victim', at('.a.temp'));
    await writeFileAtomic(at('a'), 'new', { mode: 0o600, tempSuffix: '.temp' });
    expect(await readFile(at('victim'), 'utf8')).toBe('precious');
    expect(await readFile(at('a'), 'utf8')).toBe('new');
  });
});
