/** Applies one plan as a transaction; the order of things is what makes it safe, so it stands here in one piece. */
import { readFile, rm } from 'node:fs/promises';
import { messageOf, StewardError, systemCode } from '../../errors.ts';
import { prepareStep } from '../apply/prepare-step.ts';
import type { PrepareContext, PreparedStep } from '../apply/step-handler.ts';
import { fileError } from '../file-error.ts';
import { fingerprint, sameFingerprint } from '../fingerprint.ts';
import { redact } from '../redact.ts';
import type { RepairPlan } from '../steps.ts';
import {
  createTransactionFolder,
  dropImages,
  giveToHomeOwner,
  newTransactionId,
  storeImages,
} from './folder.ts';
import { readState } from './images.ts';
import type { ApplyOutcome, Refusal, Refused, Verification } from './outcome.ts';
import { readTransaction, writeIntent } from './records.ts';
import { isBelow } from './restore.ts';
import { prune } from './retention.ts';
import { takeBack } from './take-back.ts';
import type { World } from './world.ts';

export type Verify = () => Promise<Verification>;

/** Checks, backs up, applies and verifies. The caller holds the lock and has recovered what was unfinished. */
export async function applyPlan(world: World, plan: RepairPlan, verify: Verify): Promise<ApplyOutcome> {
  const changed = await firstChangedPath(plan);
  if (changed !== undefined) {
    const now = await verify().catch((): Verification => ({ kind: 'not-verified', reason: '' }));
    if (now.kind === 'verified') {
      return refused({ kind: 'already-repaired' }, 'somebody else repaired it just now');
    }
    return refused(
      { kind: 'changed', path: changed },
      `${changed} changed since it was looked at; run the command again`,
    );
  }
  const running = await runningRefusal(world, plan, 'before');
  if (running !== undefined) return running;

  const id = newTransactionId(world.host.now());
  const folder = await createTransactionFolder(world.paths, id);
  await world.boundary('folder-created');
  let steps: readonly PreparedStep[];
  try {
    steps = await prepareAll(world, plan, id, folder);
    await world.boundary('images-stored');
    const again = await firstChangedPath(plan);
    if (again !== undefined) {
      throw new StewardError(
        'ERR_STORAGE_CHANGED',
        'environment',
        `${again} is being changed by another program`,
      );
    }
    await writeIntent(folder, {
      format: 1,
      id,
      repairId: plan.repairId,
      summary: redact(plan.summary),
      requiresStopped: plan.requiresStopped,
      credentials: plan.credentials === true,
      startedAt: world.host.now(),
      pid: process.pid,
      steps: steps.map(({ listing, undo }) => ({ listing, undo })),
    });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    if (error instanceof StewardError && error.kind !== 'environment') {
      return refused({ kind: 'impossible', code: error.code }, redact(error.message));
    }
    throw error;
  }
  await world.boundary('intent-written');
  return await runSteps(world, plan, { id, folder, steps }, verify);
}

async function runSteps(
  world: World,
  plan: RepairPlan,
  {
    id,
    folder,
    steps,
  }: { readonly id: string; readonly folder: string; readonly steps: readonly PreparedStep[] },
  verify: Verify,
): Promise<ApplyOutcome> {
  try {
    for (const [index, step] of steps.entries()) {
      world.record(folder, { kind: 'step-begun', step: index });
      await world.boundary(`begun-${index}`);
      const after = await step.apply({
        record: (event) => world.record(folder, event),
        boundary: (name) => world.boundary(`step-${index}-${name}`),
      });
      await world.boundary(`applied-${index}`);
      world.record(folder, { kind: 'step-done', step: index, after });
      await world.boundary(`done-${index}`);
      if (plan.steps[index]?.kind === 'stop-process' && plan.steps[index + 1]?.kind !== 'stop-process') {
        const running = await runningRefusal(world, plan, 'after-stop');
        if (running !== undefined) return await rollBack(world, folder, id, running.reason);
      }
    }
    await giveToHomeOwner(world.paths, world.host.uid); // else the check would find our own files in its way
    const verification = await verify();
    await world.boundary('verified');
    if (verification.kind === 'not-verified') return await rollBack(world, folder, id, verification.reason);
  } catch (error) {
    return await rollBack(world, folder, id, messageOf(error), error);
  }
  world.record(folder, { kind: 'repaired' });
  await world.boundary('repaired');
  if (plan.credentials === true) await dropImages(folder);
  await prune(world).catch(() => {}); // a journal that is too long is no reason to call a good repair bad
  return { kind: 'repaired', id };
}

async function rollBack(
  world: World,
  folder: string,
  id: string,
  cause: string,
  error?: unknown,
): Promise<ApplyOutcome> {
  const reason = redact(cause);
  // On a full disk this note may fail; taking back needs it least of all.
  await Promise.resolve()
    .then(() => world.record(folder, { kind: 'rollback-begun', reason }))
    .catch(() => {});
  await world.boundary('rollback-begun');
  const transaction = await readTransaction(folder);
  const left = transaction === undefined ? [] : await takeBack(world, transaction);
  world.record(folder, { kind: 'rolled-back', left });
  if (left.length === 0) await dropImages(folder); // nobody will need them again
  const code = error instanceof StewardError ? error.code : undefined;
  return { kind: 'rolled-back', id, reason, left, ...(code === undefined ? {} : { code }) };
}

async function prepareAll(
  world: World,
  plan: RepairPlan,
  id: string,
  folder: string,
): Promise<readonly PreparedStep[]> {
  const contents = new Map<string, Buffer | null>();
  const imaged = new Set<string>();
  let copies = 0;
  const isGone = (path: string) =>
    contents.get(path) === null ||
    (!contents.has(path) &&
      [...contents].some(([other, content]) => content === null && isBelow(path, other)));
  const context: Omit<PrepareContext, 'index'> = {
    transactionId: id,
    folder,
    stewardFolder: world.paths.stewardFolder,
    host: world.host,
    readProcess: (pid) => world.readProcess(pid),
    takeImages: async (paths, depth) => {
      const entries = [];
      for (const path of paths) {
        const key = `${depth === 'attributes' ? 'attributes' : 'content'} ${path}`;
        // What an earlier step has moved away is not there for this one, and needs no copy.
        if (isGone(path)) entries.push({ path, kind: 'absent' } as const);
        else if (!imaged.has(key)) entries.push(...(await readState(path, depth, world.paths.stewardFolder)));
        imaged.add(key);
      }
      return await storeImages(folder, String(copies++), entries);
    },
    contentOf: async (path) => {
      if (isGone(path)) return null;
      return contents.get(path) ?? (await readOrNull(path));
    },
    willLeave: (path, content) => void contents.set(path, content),
  };
  const prepared: PreparedStep[] = [];
  for (const [index, step] of plan.steps.entries()) {
    prepared.push(await prepareStep(step, { ...context, index }));
  }
  return prepared;
}

/** The first path that is not what the plan was made for; of a path with several steps, only the first tells. */
async function firstChangedPath(plan: RepairPlan): Promise<string | undefined> {
  const seen = new Set<string>();
  for (const step of plan.steps) {
    if (!('expect' in step) || seen.has(step.path)) continue;
    seen.add(step.path);
    const isMadeByThisPlan = plan.steps.some(
      (other) => other.kind === 'make-folder' && other !== step && isBelow(step.path, other.path),
    );
    if (isMadeByThisPlan && step.expect.kind === 'absent') continue;
    const now = await fingerprint(step.path).catch((error: unknown) => {
      throw fileError('read', step.path, error);
    });
    if (!sameFingerprint(now, step.expect)) return step.path;
  }
  return undefined;
}

/** Processes that the plan itself stops do not count before it has stopped them. */
async function runningRefusal(
  world: World,
  plan: RepairPlan,
  when: 'before' | 'after-stop',
): Promise<Refused | undefined> {
  if (plan.requiresStopped === 'nothing') return undefined;
  const found = (await world.runningProcesses())[plan.requiresStopped];
  const stops = new Set(plan.steps.flatMap((step) => (step.kind === 'stop-process' ? [step.pid] : [])));
  const processes = found
    .filter(({ pid }) => when === 'after-stop' || !stops.has(pid))
    .map(({ pid, command }) => ({ pid, command: redact(command) }));
  if (processes.length === 0) return undefined;
  const list = processes.map(({ pid, command }) => `${command} (pid ${pid})`).join(', ');
  return refused({ kind: 'running', processes }, `close Codex first: ${list}`);
}

function refused(refusal: Refusal, reason: string): Refused {
  return { kind: 'refused', reason, refusal };
}

async function readOrNull(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw fileError('read', path, error);
  }
}
