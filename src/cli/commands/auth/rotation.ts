/** Placeholder, to be replaced by its owner: the registration in `program/` needs the names. */
import { StewardError } from '../../../errors.ts';

export async function runRotationEnable(..._args: readonly unknown[]): Promise<number> {
  throw new StewardError('ERR_NOT_BUILT', 'bug', 'rotation is not built yet');
}
export async function runRotationDisable(..._args: readonly unknown[]): Promise<number> {
  throw new StewardError('ERR_NOT_BUILT', 'bug', 'rotation is not built yet');
}
export async function runRotationResetRateLimits(..._args: readonly unknown[]): Promise<number> {
  throw new StewardError('ERR_NOT_BUILT', 'bug', 'rotation is not built yet');
}
