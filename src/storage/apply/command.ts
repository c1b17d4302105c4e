/** `command`: a program of somebody else changes files; everything it may touch is imaged first. */
import { StewardError } from '../../errors.ts';
import type { RunResult } from '../../host.ts';
import { npmReason } from '../../npm-reason.ts';
import { startTimeOf } from '../journal/child-life.ts';
import { type ImageEntry, readState } from '../journal/images.ts';
import { SETTLES_MS } from '../journal/records.ts';
import { isBelow } from '../journal/restore.ts';
import { redact } from '../redact.ts';
import type { StepHandler } from './step-handler.ts';

export const prepareCommand: StepHandler<'command'> = async (step, context) => {
  const [file, ...args] = step.argv;
  if (file === undefined) throw new StewardError('ERR_STORAGE_COMMAND', 'bug', 'a command without a program');
  const inside = step.touches.find((path) => isBelow(path, context.stewardFolder));
  if (inside !== undefined)
    throw new StewardError('ERR_STORAGE_OWN_FOLDER', 'bug', `${inside} belongs to the journal`);
  const before = await context.takeImages(step.touches, 'tree');
  const line = redact(step.argv.join(' '));
  return {
    listing: line,
    undo: {
      kind: 'images',
      before,
      after: null,
      shape: 'tree',
      settlesWithinMs: step.timeoutMs + SETTLES_MS,
      temporary: [],
    },
    apply: async ({ record, boundary }) => {
      const started = (pid: number, startTime: string | null) =>
        record({ kind: 'child', step: context.index, pid, startTime });
      let identified: Promise<void> = Promise.resolve();
      const result = await context.host.run(file, args, {
        env: { ...context.host.env, ...step.env },
        timeoutMs: step.timeoutMs,
        onStart: (pid) => {
          started(pid, null); // on disk before the program gets far
          // Without the start time recovery still knows the pid.
          identified = startTimeOf(context.host, pid)
            .then((time) => started(pid, time))
            .catch(() => {});
        },
      });
      await identified;
      await boundary('ended');
      requireSuccess(result, line);
      const after: ImageEntry[] = [];
      for (const path of step.touches) after.push(...(await readState(path, 'tree', context.stewardFolder)));
      return after;
    },
  };
};

function requireSuccess(result: RunResult, line: string): void {
  if (result.kind === 'exited' && result.code === 0) return;
  const how =
    result.kind === 'exited'
      ? `ended with code ${result.code}`
      : result.kind === 'signalled'
        ? `was ended by ${result.signal}`
        : result.kind === 'timeout'
          ? 'took too long'
          : `could not be started (${result.code})`;
  const said =
    result.kind === 'unstartable'
      ? ''
      : short(npmReason(result.stderr) ?? '') || lastLine(result.stderr) || lastLine(result.stdout);
  throw new StewardError(
    'ERR_STORAGE_COMMAND',
    'environment',
    `${line} ${how}${said === '' ? '' : `: ${said}`}`,
  );
}

function lastLine(output: string): string {
  return short(output.trim().split('\n').at(-1) ?? '');
}

function short(line: string): string {
  return redact(line.slice(0, 300));
}
