/** Placeholder, to be replaced by its owner: the registration in `program/` needs the names. */
import { StewardError } from '../../../errors.ts';

export async function runUsage(..._args: readonly unknown[]): Promise<number> {
  throw new StewardError('ERR_NOT_BUILT', 'bug', 'usage is not built yet');
}
export async function runUsageRotate(..._args: readonly unknown[]): Promise<number> {
  throw new StewardError('ERR_NOT_BUILT', 'bug', 'usage is not built yet');
}
