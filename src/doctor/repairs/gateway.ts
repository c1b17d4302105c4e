/** Repairs of the gateway's binding: the gateway started again, or the config freed of it where nothing can start it. */
import { access, constants } from 'node:fs/promises';
import type { CodexScope } from '../../codex/home.ts';
import { type BindRecord, bindRecordPath } from '../../gateway-client/bind-record.ts';
import { planUnbind } from '../../gateway-client/unbind-plan.ts';
import { fingerprint } from '../../storage/fingerprint.ts';
import type { RepairPlan } from '../../storage/steps.ts';

const START_MS = 30_000;

/** Whether what the service would start is still on this machine. */
export async function canStart({ program }: BindRecord): Promise<boolean> {
  const found = await Promise.all(
    [program.node, program.steward].map((path) =>
      access(path, constants.R_OK).then(
        () => true,
        () => false, // then it cannot be started
      ),
    ),
  );
  return found.every(Boolean);
}

/** Starts it from the very program that was bound. */
export function planStart({ program }: BindRecord, codexHome: string, repairId: string): RepairPlan {
  return {
    repairId,
    summary: 'Start the gateway that the app is bound to',
    steps: [
      {
        kind: 'command',
        argv: [program.node, program.steward, 'gateway', 'start'],
        env: { CODEX_HOME: codexHome },
        touches: [],
        timeoutMs: START_MS,
      },
    ],
    requiresStopped: 'nothing',
  };
}

/** Frees the config, the service's file and the record. */
export async function planRelease(
  scope: CodexScope,
  record: BindRecord,
  repairId: string,
): Promise<RepairPlan> {
  const { plan } = await planUnbind(scope, record);
  const path = bindRecordPath(scope.home.path);
  return {
    ...plan,
    repairId,
    steps: [...plan.steps, { kind: 'move-aside', path, expect: await fingerprint(path), sidecars: [] }],
  };
}
