/** Carries a repair plan out without the journal, so that a check's own test can see what its plan does. */
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { expect } from 'vitest';
import type { FoundProblem } from '../../src/doctor/check.ts';
import { fingerprint, sameFingerprint } from '../../src/storage/fingerprint.ts';
import { editJson } from '../../src/storage/json-edit.ts';
import type { RepairPlan } from '../../src/storage/steps.ts';
import { spliceText } from '../../src/storage/text-edit.ts';
import { editToml } from '../../src/storage/toml-edit.ts';

/** The plan of that problem; fails where there is none, or it is refused. */
export async function planOf(problem: FoundProblem | undefined): Promise<RepairPlan> {
  const plan = await problem?.plan?.();
  if (plan === undefined) throw new Error(`no plan for ${problem?.finding.id ?? 'no problem'}`);
  if ('refused' in plan) throw new Error(`refused: ${plan.refused}`);
  expect(plan.repairId).toBe(problem?.finding.fix.repairId);
  return plan;
}

/** Plans and carries out; the file steps only. */
export async function carryOut(problem: FoundProblem | undefined): Promise<RepairPlan> {
  const plan = await planOf(problem);
  for (const step of plan.steps) {
    if ('expect' in step) expect(sameFingerprint(step.expect, await fingerprint(step.path))).toBe(true);
    switch (step.kind) {
      case 'text-edit':
        await editFile(step.path, (text) => spliceText(text, step.splices));
        break;
      case 'toml-edit':
        await editFile(step.path, (text) => editToml(text, step.edits));
        break;
      case 'json-edit':
        await editFile(step.path, (text) => editJson(text, step.edits));
        break;
      case 'write-file':
        await writeFile(step.path, step.content, { mode: step.mode });
        break;
      case 'set-mode':
        await chmod(step.path, step.mode);
        break;
      case 'make-folder':
        await mkdir(step.path, { mode: step.mode });
        break;
      case 'move-aside':
        await rename(step.path, `${step.path}.aside`);
        break;
      default:
        throw new Error(`${step.kind} is not carried out here`);
    }
  }
  return plan;
}

async function editFile(path: string, change: (text: string) => string | Promise<string>): Promise<void> {
  const text = (await readFile(path, 'utf8')).replace(/^\ufeff/, '');
  await writeFile(path, await change(text));
}
