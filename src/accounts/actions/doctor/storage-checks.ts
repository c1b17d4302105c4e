/** The files that the accounts are kept in: there, readable, closed to others; settings and flagged accounts too. */
import { stat } from 'node:fs/promises';
import type { CodexScope } from '../../../codex/home.ts';
import { systemCode } from '../../../errors.ts';
import { readFlagged } from '../../store/flagged-store.ts';
import type { PoolReading } from '../../store/pool-store.ts';
import { readSettings } from '../../store/settings-store.ts';
import { error, ok, type PoolCheck, warn } from './pool-check.ts';

/** All checks of the files. */
export async function checkStorage(scope: CodexScope, reading: PoolReading): Promise<readonly PoolCheck[]> {
  return [
    await checkPoolFile(reading),
    checkReadable(reading),
    ...(await checkPermissions(scope, reading)),
    await checkFlagged(scope),
    await checkSettings(scope),
  ];
}

async function checkPoolFile({ paths }: PoolReading): Promise<PoolCheck> {
  const where = paths.projectKey === null ? paths.poolFile : `${paths.poolFile} (of this project)`;
  try {
    await stat(paths.poolFile);
    return ok('storage-file', 'the pool file is there', where);
  } catch (failure) {
    const code = systemCode(failure);
    if (code === 'ENOENT') return warn('storage-file', 'there is no pool file yet', where);
    return error('storage-file', `the pool file cannot be reached (${code ?? 'unknown'})`, where);
  }
}

function checkReadable(reading: PoolReading): PoolCheck {
  if (reading.kind === 'corrupt') {
    return error(
      'storage-readable',
      'the pool file cannot be read, and no copy can stand in',
      `${reading.message}. ${reading.hint}`,
    );
  }
  const { health, recoveredFrom, pool } = reading;
  switch (health) {
    case 'healthy':
      return ok(
        'storage-readable',
        `${pool.accounts.length} account${pool.accounts.length === 1 ? '' : 's'} read`,
      );
    case 'empty':
      return ok('storage-readable', 'the pool is empty');
    case 'intentional-reset':
      return ok('storage-readable', 'the pool was emptied on purpose');
    case 'recoverable':
      return recoveredFrom === reading.paths.poolFile
        ? warn(
            'storage-readable',
            'the file beside the pool (API keys, id tokens) is broken',
            reading.paths.extrasFile,
          )
        : warn(
            'storage-readable',
            'the pool file is broken; its accounts were read from a copy',
            recoveredFrom ?? undefined,
          );
  }
}

async function checkPermissions({ host }: CodexScope, { paths }: PoolReading): Promise<readonly PoolCheck[]> {
  if (host.platform === 'win32') return [];
  const open: string[] = [];
  for (const path of [paths.poolFile, paths.extrasFile, paths.flaggedFile]) {
    const mode = await stat(path).then(
      (found) => found.mode & 0o777,
      () => 0, // not there: said above where it matters
    );
    if ((mode & 0o077) !== 0) open.push(`${path} has mode ${mode.toString(8)}`);
  }
  if (open.length === 0) return [ok('storage-permissions', 'only you can read the tokens')];
  return [warn('storage-permissions', 'others can read the tokens', open.join('; '))];
}

async function checkFlagged(scope: CodexScope): Promise<PoolCheck> {
  const flagged = await readFlagged(scope);
  if (flagged.kind === 'corrupt')
    return error('flagged-accounts', 'the flagged accounts cannot be read', flagged.message);
  if (flagged.accounts.length === 0) return ok('flagged-accounts', 'no account is flagged');
  return warn(
    'flagged-accounts',
    `${flagged.accounts.length} flagged`,
    'steward auth verify-flagged tries them again',
  );
}

async function checkSettings(scope: CodexScope): Promise<PoolCheck> {
  const { warnings, path } = await readSettings(scope);
  if (warnings.length === 0) return ok('settings-file', path === null ? 'default settings' : 'settings read');
  return warn('settings-file', 'some settings cannot be honoured', warnings.join('; '));
}
