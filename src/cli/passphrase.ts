/** A passphrase from a person, a file or standard input; never from the command line, where every process could read it. */
import { resolve } from 'node:path';
import process from 'node:process';
import { MIN_PASSPHRASE } from '../accounts/transfer/sealed-file.ts';
import { readText } from '../codex/reading.ts';
import { EXIT, StewardError } from '../errors.ts';
import { readAllInput } from './line-reader.ts';
import type { Terminal } from './render/terminal.ts';

export interface PassphraseRequest {
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  /** `--passphrase-file`: a path, `-` for standard input, or nothing: ask. */
  readonly file: string | undefined;
  /** A new one is asked for twice, and must not be short. */
  readonly isNew: boolean;
}

const MAX_BYTES = 64 * 1024;

/** The passphrase. Throws `ERR_PASSPHRASE` when there is none to be had or it is too short for a new one. */
export async function readPassphrase(request: PassphraseRequest): Promise<string> {
  const { file, isNew } = request;
  const passphrase = file === undefined ? await ask(request) : await fromFile(file, request.signal);
  if (passphrase === '') throw refusal('the passphrase is empty', 'Give one of several words.');
  if (isNew && passphrase.length < MIN_PASSPHRASE) {
    throw refusal(
      `the passphrase has fewer than ${MIN_PASSPHRASE} characters`,
      'Whoever gets the file can try any number of them: take several words.',
    );
  }
  return passphrase;
}

async function fromFile(file: string, signal: AbortSignal): Promise<string> {
  if (file === '-') return firstLine(await readAllInput(process.stdin, signal));
  const reading = await readText(resolve(file), MAX_BYTES);
  if (reading.kind === 'ok') return firstLine(reading.value);
  const reason = reading.kind === 'missing' ? 'there is no such file' : reading.message;
  throw refusal(
    `the passphrase cannot be read from ${file}: ${reason}`,
    'Name a file whose first line it is.',
  );
}

function firstLine(text: string): string {
  return text.split(/\r?\n/, 1)[0] ?? '';
}

async function ask({ terminal, isNew }: PassphraseRequest): Promise<string> {
  if (!terminal.interactive) {
    throw refusal(
      'there is nobody to ask for the passphrase',
      'Give it with --passphrase-file FILE, or --passphrase-file - for standard input.',
      EXIT.usage,
    );
  }
  const first = await askOnce(
    isNew ? `Passphrase for the file (at least ${MIN_PASSPHRASE} characters):` : 'Passphrase of the file:',
  );
  if (isNew && (await askOnce('The same again:')) !== first) {
    throw refusal('the two passphrases differ', 'Run the command again.');
  }
  return first;
}

async function askOnce(message: string): Promise<string> {
  const { isCancel, password } = await import('@clack/prompts');
  const answer = await password({ message, output: process.stderr });
  if (!isCancel(answer)) return answer ?? '';
  throw new StewardError('ERR_INTERRUPTED', 'user', 'Interrupted; nothing was changed.', {
    exitCode: EXIT.interrupted,
  });
}

function refusal(message: string, hint: string, exitCode: number = EXIT.problems): StewardError {
  return new StewardError('ERR_PASSPHRASE', 'user', message, { hint, exitCode });
}
