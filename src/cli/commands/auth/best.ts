/** Placeholder, to be replaced by its owner: the registration in `program/` needs the names. */
import { StewardError } from '../../../errors.ts';

export async function runBest(..._args: readonly unknown[]): Promise<number> {
  throw new StewardError('ERR_NOT_BUILT', 'bug', 'best is not built yet');
}
