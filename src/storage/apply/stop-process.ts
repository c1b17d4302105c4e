/** `stop-process`: asks one process to end and waits. Never by name, never a process that merely has the same pid. */
import { setTimeout as wait } from 'node:timers/promises';
import { StewardError, systemCode } from '../../errors.ts';
import { redact } from '../redact.ts';
import type { StepHandler } from './step-handler.ts';

const POLL_MS = 50;

export const prepareStopProcess: StepHandler<'stop-process'> = async (step, context) => {
  const isThere = async () => (await context.readProcess(step.pid))?.startTime === step.startTime;
  const found = await context.readProcess(step.pid);
  if (found?.startTime === step.startTime && found.command !== step.command) {
    throw new StewardError(
      'ERR_STORAGE_WRONG_PROCESS',
      'environment',
      `process ${step.pid} is not the one that was meant`,
      {
        hint: 'Run the command again.',
        details: { pid: step.pid },
      },
    );
  }
  return {
    listing: redact(`stop process ${step.pid}: ${step.command}`),
    undo: { kind: 'none', why: `a stopped process is not started again (${redact(step.command)})` },
    apply: async ({ boundary }) => {
      if (!(await isThere())) return null; // it ended by itself
      try {
        process.kill(step.pid, 'SIGTERM');
      } catch (error) {
        if (systemCode(error) === 'ESRCH') return null;
        throw new StewardError(
          'ERR_STORAGE_STOP',
          'environment',
          `cannot stop process ${step.pid}: not permitted`,
          {
            hint: `Stop it as its owner: kill ${step.pid}`,
            cause: error,
          },
        );
      }
      await boundary('asked');
      for (let waited = 0; await isThere(); waited += POLL_MS) {
        if (waited >= step.timeoutMs) {
          throw new StewardError(
            'ERR_STORAGE_STOP',
            'environment',
            `process ${step.pid} did not end when asked`,
            {
              hint: `Close it yourself, then run the command again: ${redact(step.command)}`,
              details: { pid: step.pid },
            },
          );
        }
        await wait(POLL_MS);
      }
      return null;
    },
  };
};
