/** Placeholder, to be replaced by its owner: the registration in `program/` needs the names. */
import { StewardError } from '../../../errors.ts';

export async function runLogin(..._args: readonly unknown[]): Promise<number> {
  throw new StewardError('ERR_NOT_BUILT', 'bug', 'login is not built yet');
}
