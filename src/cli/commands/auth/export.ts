/** `steward auth export`: all accounts in one encrypted file, for another machine or for safe keeping. */
import { open, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { noAccounts } from '../../../accounts/actions/account-reference.ts';
import { requirePool } from '../../../accounts/store/pool-store.ts';
import { sealPool } from '../../../accounts/transfer/sealed-file.ts';
import { EXIT, messageOf, StewardError, systemCode } from '../../../errors.ts';
import { openAuthSession } from '../../auth-session.ts';
import type { CommandDeps } from '../../main.ts';
import { readPassphrase } from '../../passphrase.ts';
import { count } from '../../render/layout.ts';

export interface ExportOptions {
  readonly passphraseFile?: string;
  readonly json?: boolean;
}

/** 0: written. Throws `ERR_ACCOUNTS_NONE`, `ERR_PASSPHRASE` or `ERR_EXPORT_FILE`, with no file left behind. */
export async function runExport(file: string, options: ExportOptions, deps: CommandDeps): Promise<number> {
  const session = await openAuthSession(deps, { command: 'export', json: options.json });
  const { scope, terminal } = session;
  const pool = await requirePool(scope);
  if (pool.accounts.length === 0) throw noAccounts();
  const path = resolve(file);
  const handle = await createNew(path);
  try {
    const passphrase = await readPassphrase({
      terminal,
      signal: scope.signal,
      file: options.passphraseFile,
      isNew: true,
    });
    const sealed = await sealPool(pool, passphrase, scope.host.now());
    scope.signal.throwIfAborted();
    await handle.writeFile(sealed);
    await handle.sync();
  } catch (error) {
    await rm(path, { force: true });
    throw error instanceof Error && 'syscall' in error ? fileError(path, error) : error;
  } finally {
    await handle.close();
  }
  const accounts = pool.accounts.length;
  session.say(`${terminal.paint('green', '✔')} ${count(accounts, 'account')} in ${path}, encrypted.`);
  session.say(
    'A login moves on with each renewal: import the file soon, and use each account on one machine only,',
  );
  session.say('or the two take the login away from each other.');
  session.answer({ ok: true, path, accounts });
  return EXIT.ok;
}

/** Made before anything is asked, so that nobody types a passphrase for nothing; never over a file that is there. */
async function createNew(path: string) {
  try {
    return await open(path, 'wx', 0o600);
  } catch (error) {
    throw fileError(path, error);
  }
}

function fileError(path: string, error: unknown): StewardError {
  const code = systemCode(error);
  if (code === 'EEXIST') {
    return new StewardError('ERR_EXPORT_FILE', 'user', `${path} is there already; it was left as it is`, {
      hint: 'Name a file that does not exist yet.',
    });
  }
  const reason = code === 'ENOENT' ? 'its folder does not exist' : (code ?? messageOf(error));
  return new StewardError('ERR_EXPORT_FILE', 'environment', `cannot write ${path}: ${reason}`, {
    hint: 'Name a place where you may write.',
    cause: error,
  });
}
