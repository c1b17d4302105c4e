/** Asks before a repair that needs consent: what will change, in words, and a plain yes or no. */
import type { RepairOptions } from '../../doctor/repair.ts';
import { EXIT, StewardError } from '../../errors.ts';
import { redact } from '../../storage/redact.ts';
import { tildeText } from './layout.ts';
import { previewStep } from './preview.ts';
import { renderPreview } from './repairs.ts';
import { describeStep } from './steps.ts';
import type { Terminal } from './terminal.ts';

/** `--yes` answers yes; without a terminal, or with `--json`, the answer is no and the repair is told as declined. */
export function createConsent(
  terminal: Terminal,
  options: { readonly yes: boolean; readonly json: boolean; readonly userHome: string },
): RepairOptions['consent'] {
  if (options.yes) return async () => true;
  if (!terminal.interactive || options.json) return async () => false;
  const short = (text: string) => tildeText(redact(text), options.userHome);
  return async (finding, plan) => {
    const { confirm, isCancel, log } = await import('@clack/prompts');
    const output = process.stderr;
    const lines: string[] = [short(finding.title)];
    for (const step of plan.steps) {
      lines.push(`• ${short(describeStep(step))}`, ...renderPreview(await previewStep(step), terminal));
    }
    log.warn(lines.join('\n'), { output });
    const answer = await confirm({
      message: `${short(plan.summary)} A backup is kept. Do it?`,
      initialValue: false,
      output,
    });
    if (isCancel(answer)) {
      throw new StewardError('ERR_INTERRUPTED', 'user', 'Interrupted; what was not asked yet is untouched.', {
        exitCode: EXIT.interrupted,
      });
    }
    return answer;
  };
}
