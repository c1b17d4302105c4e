/** Repairs of single entries that Codex refuses: the evident right form, else kept as a comment. */

import { dirname, join } from 'node:path';
import { asTomlValue } from '../../codex/config-corrections.ts';
import type { ConfigFault } from '../../codex/config-fault.ts';
import { type ConfigFile, readConfigFile } from '../../codex/config-file.ts';
import { isTomlTable, tomlAt, tomlKey } from '../../codex/toml.ts';
import { fingerprint } from '../../storage/fingerprint.ts';
import type { RepairPlan, Step } from '../../storage/steps.ts';
import type { RepairRefusal } from '../check.ts';
import { planCommentOutKeys, planTomlEdits } from './config-edit.ts';

/** The repair of that entry of that file. */
export async function planConfigFault(
  path: string,
  file: ConfigFile,
  fault: ConfigFault,
): Promise<RepairPlan | RepairRefusal> {
  const name = tomlKey(fault.key);
  const { correction } = fault;
  if (fault.kind === 'deprecated' && name === 'profile') return planProfileFile(path, file);
  const input = { path, text: file.text, repairId: repairIdOf(fault) };
  if (correction.kind === 'edit') {
    return planTomlEdits({ ...input, summary: `In ${path}, ${name}: ${correction.what}.` }, correction.edits);
  }
  const summary = `In ${path}, turn ${tomlKey(correction.key)} into a comment (${correction.what}).`;
  return planCommentOutKeys({ ...input, summary }, [correction.key], correction.what);
}

/** `config.invalid_value.correct`, `config.deprecated_field.comment-out`, … */
export function repairIdOf(fault: ConfigFault): string {
  const id = fault.kind === 'deprecated' ? 'config.deprecated_field' : 'config.invalid_value';
  return `${id}.${fault.correction.kind === 'edit' ? 'correct' : 'comment-out'}`;
}

/**
 * From 0.169 on, `profile = "x"` with `[profiles.x]` is refused: the profile becomes `x.config.toml`, chosen by
 * `codex --profile x`, and both must leave `config.toml`.
 */
async function planProfileFile(path: string, file: ConfigFile): Promise<RepairPlan | RepairRefusal> {
  const name = file.value.profile;
  const profile = typeof name === 'string' ? tomlAt(file.value, ['profiles', name]) : undefined;
  if (typeof name !== 'string' || !isTomlTable(profile))
    return { refused: `${path} selects no profile any more` };
  if (!/^[A-Za-z0-9_-]+$/.test(name)) return { refused: `"${name}" cannot be the name of a profile file` };
  const target = join(dirname(path), `${name}.config.toml`);
  const existing = await readConfigFile(target);
  const written = asTomlValue(profile);
  if (written === undefined || !isTomlTable(written))
    return { refused: `[profiles.${name}] holds a value that cannot be copied` };
  const { stringify } = await import('smol-toml');

  const selector = await planTomlEdits(
    {
      path,
      text: file.text,
      repairId: 'config.deprecated_field.profile-file',
      summary: `Move [profiles.${name}] from ${path} to ${target}, for codex --profile ${name}.`,
    },
    [
      { op: 'delete', key: ['profile'] },
      { op: 'delete', key: ['profiles', name] },
    ],
  );
  if ('refused' in selector || existing.kind !== 'missing') {
    return existing.kind === 'missing'
      ? selector
      : { refused: `${target} exists already: merge [profiles.${name}] into it by hand` };
  }
  const create: Step = {
    kind: 'write-file',
    path: target,
    expect: await fingerprint(target),
    content: `${stringify(written)}\n`,
    mode: 0o600,
  };
  return { ...selector, steps: [create, ...selector.steps] };
}
