/** Turns what the system says about files into an error that a person can act on. */
import { dirname } from 'node:path';
import { messageOf, StewardError, systemCode } from '../errors.ts';

const ADVICE: Readonly<Record<string, readonly [what: string, hint: string]>> = {
  ENOSPC: ['the disk is full', 'Free some space and run the command again.'],
  EDQUOT: ['your disk quota is used up', 'Free some space and run the command again.'],
  EROFS: ['the file system is read-only', 'Make it writable, or run where it is.'],
  EACCES: ['permission denied', 'Check the owner and mode of the file and its folder.'],
  EPERM: ['not permitted', 'Check the owner and mode of the file and its folder.'],
  ENOENT: ['it does not exist', 'Create the folder first.'],
  ENOTDIR: ['a file stands where a folder should be', 'Move that file away.'],
  EIO: ['the disk reports an error', 'Check the disk; then run the command again.'],
  EBUSY: ['it is in use', 'Close the program that uses it and run the command again.'],
  EMFILE: ['too many open files', 'Close other programs and run the command again.'],
  EXDEV: ['it is on another file system', 'Move it by hand.'],
  EFBIG: ['the file would be larger than is allowed', 'Raise the limit (`ulimit -f`).'],
};

/** `ERR_STORAGE_FILE`, kind environment, for a failed file operation; a StewardError passes through unchanged. */
export function fileError(action: string, path: string, error: unknown): StewardError {
  if (error instanceof StewardError) return error;
  const code = systemCode(error);
  if (code === undefined) {
    return new StewardError(
      'ERR_STORAGE_UNEXPECTED',
      'bug',
      `cannot ${action} ${path}: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
  const [what, hint] = ADVICE[code] ?? [messageOf(error), `Look at ${dirname(path)}.`];
  return new StewardError('ERR_STORAGE_FILE', 'environment', `cannot ${action} ${path}: ${what}`, {
    hint,
    details: { path, systemCode: code },
    cause: error,
  });
}
