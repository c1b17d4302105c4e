/** Takes a bad line out of `$CODEX_HOME/.env`, the one network setting that is a file of Codex. */
import type { CodexScope } from '../../codex/home.ts';
import { readNetworkEnvironment } from '../../codex/network-env.ts';
import { fingerprint } from '../../storage/fingerprint.ts';
import type { RepairPlan } from '../../storage/steps.ts';
import type { RepairRefusal } from '../check.ts';

/**
 * Comments out every assignment of that variable with that value, so that the next one down (an earlier line, the
 * environment, the system) counts again and the person still sees what stood there.
 */
export async function planCommentOut(
  scope: CodexScope,
  variable: { readonly name: string; readonly value: string },
  repairId: string,
): Promise<RepairPlan | RepairRefusal> {
  const { dotenv } = await readNetworkEnvironment(scope);
  if (dotenv.kind !== 'ok') return { refused: `${dotenv.path} cannot be read any more` };
  const lines = dotenv.value.filter((line) => line.name === variable.name && line.value === variable.value);
  if (lines.length === 0) return { refused: `${dotenv.path} does not set ${variable.name} so any more` };
  return {
    repairId,
    summary: `Comment out ${variable.name} in ${dotenv.path}.`,
    steps: [
      {
        kind: 'text-edit',
        path: dotenv.path,
        expect: await fingerprint(dotenv.path),
        splices: lines.map(({ start }) => ({ start, end: start, text: '# ' })),
        mustParse: null,
      },
    ],
    requiresStopped: 'nothing',
  };
}
