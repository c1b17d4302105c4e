/** `steward auth import`: accounts from an exported file, another tool's pool, or the login that Codex has. */
import { resolve } from 'node:path';
import process from 'node:process';
import type { Account } from '../../../accounts/account.ts';
import { accountLabel } from '../../../accounts/account-label.ts';
import { readCodexLogin } from '../../../accounts/codex-login/codex-login.ts';
import { requirePool } from '../../../accounts/store/pool-store.ts';
import {
  type ImportedRow,
  type ImportReport,
  type ImportRequest,
  importAccounts,
} from '../../../accounts/transfer/import-accounts.ts';
import { unsealPool } from '../../../accounts/transfer/sealed-file.ts';
import { poolSource, readTransferSource } from '../../../accounts/transfer/transfer-source.ts';
import { readLoginFacts } from '../../../codex/login-facts.ts';
import { readText } from '../../../codex/reading.ts';
import { EXIT, StewardError } from '../../../errors.ts';
import { type AuthSession, openAuthSession } from '../../auth-session.ts';
import { readAllInput } from '../../line-reader.ts';
import type { CommandDeps } from '../../main.ts';
import { readPassphrase } from '../../passphrase.ts';
import { count } from '../../render/layout.ts';

export interface ImportOptions {
  readonly codex?: boolean;
  readonly passphraseFile?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const MAX_BYTES = 16 * 1024 * 1024;

/** 0: every account of the source is in the pool now. Throws `ERR_IMPORT_…` with nothing changed. */
export async function runImport(
  file: string | undefined,
  options: ImportOptions,
  deps: CommandDeps,
): Promise<number> {
  const isDry = options.dryRun === true;
  if ((file === undefined) === (options.codex !== true)) {
    throw usage(
      file === undefined
        ? 'name a file to import from, or --codex for the login that Codex has'
        : '--codex and a file are two imports: run them one after the other',
    );
  }
  if (file === '-' && options.passphraseFile === '-') {
    throw usage('standard input can be the file or the passphrase, not both');
  }
  const session = await openAuthSession(deps, { command: 'import', json: options.json, readOnly: isDry });
  const request =
    file === undefined ? await codexLogin(session) : await fromFile(session, file, options.passphraseFile);
  if (request.accounts.length === 0) {
    throw new StewardError('ERR_IMPORT_EMPTY', 'user', `${file} has no accounts in it`, {
      hint: 'Nothing was changed.',
    });
  }
  const report = await importAccounts(session.scope, request, { dryRun: isDry });
  tell(session, report, isDry);
  return EXIT.ok;
}

async function codexLogin({ scope }: AuthSession): Promise<ImportRequest> {
  const login = await readCodexLogin(scope, await requirePool(scope));
  switch (login.kind) {
    case 'stranger':
      return { accounts: [login.account], active: 0 };
    case 'pool':
      return { accounts: [login.held], active: 0 };
    case 'none': {
      const { store } = await readLoginFacts(scope);
      const elsewhere = store === 'file' ? '' : ` (cli_auth_credentials_store is "${store}")`;
      throw importError('NOTHING', `Codex has no login in ${scope.home.path}/auth.json${elsewhere}`, {
        hint: 'Add the account itself: `steward auth login`.',
      });
    }
    case 'other':
      throw importError('NOTHING', `Codex is logged in as "${login.mode}", which is no account of a person`, {
        hint: 'Add an account: `steward auth login`.',
      });
    case 'unreadable':
      throw importError('FILE', login.message, { hint: '`steward doctor --only auth` looks at that file.' });
  }
}

async function fromFile(
  session: AuthSession,
  file: string,
  passphraseFile: string | undefined,
): Promise<ImportRequest> {
  const { scope, terminal } = session;
  const now = scope.host.now();
  const text = file === '-' ? await readAllInput(process.stdin, scope.signal) : await textOf(file);
  const name = file === '-' ? 'standard input' : file;
  const source = await readTransferSource(text, now);
  if (source.kind === 'unknown') {
    throw importError('FILE', `nothing can be imported from ${name}: ${source.message}`, {
      hint: 'It takes files from `steward auth export`, pools of codex-multi-auth, and an auth.json of Codex.',
    });
  }
  if (source.kind !== 'sealed') return source;
  const passphrase = await readPassphrase({
    terminal,
    signal: scope.signal,
    file: passphraseFile,
    isNew: false,
  });
  const opened = await unsealPool(text, passphrase, now);
  if (opened.kind === 'ok') return poolSource(opened.pool);
  throw opened.kind === 'not-opened'
    ? importError(
        'PASSPHRASE',
        `${name} does not open with this passphrase, or was changed since it was made`,
        {
          hint: 'Nothing was changed. Try again with the passphrase of the export.',
        },
      )
    : importError('FILE', `nothing can be imported from ${name}: ${opened.message}`, {});
}

async function textOf(file: string): Promise<string> {
  const reading = await readText(resolve(file), MAX_BYTES);
  if (reading.kind === 'ok') return reading.value;
  const reason = reading.kind === 'missing' ? 'there is no such file' : reading.message;
  throw importError('FILE', `${file} cannot be read: ${reason}`, {});
}

const WORDS: Readonly<Record<ImportedRow['outcome'], string>> = {
  added: 'added',
  updated: 'updated: the login in the file is newer',
  unchanged: 'skipped: already here',
  older: 'skipped: the login here is newer',
};

function tell(session: AuthSession, { rows, changed }: ImportReport, isDry: boolean): void {
  const { paint } = session.terminal;
  const label = (row: { readonly account: Account; readonly index: number }) =>
    accountLabel(row.account, row.index);
  for (const row of rows) session.say(`  ${label(row)}  ${paint('dim', WORDS[row.outcome])}`);
  const of = (outcome: ImportedRow['outcome']) => rows.filter((row) => row.outcome === outcome).length;
  const [added, updated] = [of('added'), of('updated')];
  const summary = { added, updated, skipped: rows.length - added - updated };
  const words = `${summary.added} added, ${summary.updated} updated, ${summary.skipped} skipped`;
  session.say(
    isDry
      ? `Dry run: ${count(rows.length, 'account')}; would be ${words}. Nothing was changed.`
      : `${paint('green', '✔')} ${count(rows.length, 'account')}: ${words}.`,
  );
  if (changed && !isDry) session.say(`${paint('cyan', '→')} steward auth switch N  makes one the active one`);
  session.answer({
    ok: true,
    dryRun: isDry,
    changed: changed && !isDry,
    summary,
    accounts: rows.map((row) => ({ index: row.index, label: label(row), outcome: row.outcome })),
  });
}

function usage(message: string): StewardError {
  return new StewardError('ERR_CLI_USAGE', 'user', message, {
    hint: 'steward auth import --help',
    exitCode: EXIT.usage,
  });
}

function importError(name: string, message: string, options: { readonly hint?: string }): StewardError {
  return new StewardError(`ERR_IMPORT_${name}`, 'user', message, options);
}
