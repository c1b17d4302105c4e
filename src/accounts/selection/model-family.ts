/** Which limits of the documented pool format a model counts against (codex-multi-auth 2.8: a family, and `family:model`). */
import type { ModelFamily } from '../account.ts';

/** The family of a model, as the documented format groups them; newer and unknown models count as `gpt-5.2`. */
export function familyOf(model: string): ModelFamily {
  const name = model.toLowerCase();
  if (name.includes('codex-max')) return 'codex-max';
  if (name.includes('codex')) return name.startsWith('gpt-') ? 'gpt-5-codex' : 'codex';
  return /^gpt-5\.1(?!\d)/.test(name) ? 'gpt-5.1' : 'gpt-5.2';
}

/** Whether a key of `rateLimitResetTimes` is about this model; without a model each is. */
export function limitAppliesTo(key: string, model: string | null): boolean {
  if (model === null) return true;
  const family = familyOf(model);
  return key === family || key === `${family}:${model}`;
}
