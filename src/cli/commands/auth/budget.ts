/** Placeholder, to be replaced by its owner: the registration in `program/` needs the names. */
import { StewardError } from '../../../errors.ts';

export async function runBudgetLimit(..._args: readonly unknown[]): Promise<number> {
  throw new StewardError('ERR_NOT_BUILT', 'bug', 'budget is not built yet');
}
export async function runBudgetCheck(..._args: readonly unknown[]): Promise<number> {
  throw new StewardError('ERR_NOT_BUILT', 'bug', 'budget is not built yet');
}
export async function runBudgetList(..._args: readonly unknown[]): Promise<number> {
  throw new StewardError('ERR_NOT_BUILT', 'bug', 'budget is not built yet');
}
