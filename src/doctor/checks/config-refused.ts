/** A refusal of the installed Codex that our rules do not know: reported with its own words. */
import type { ConfigPosition, ConfigPositions } from '../../codex/config-positions.ts';
import type { ConfigVerdict } from '../../codex/config-verdict.ts';
import { tomlKey } from '../../codex/toml.ts';
import { finding } from '../../knowledge/finding.ts';
import { redact } from '../../storage/redact.ts';
import type { FoundProblem } from '../check.ts';
import { planCommentOutKeys } from '../repairs/config-edit.ts';

const REPAIR = 'config.invalid_value.comment-out';

/** The problem, with a repair where Codex named a place. */
export function refusedProblem(
  path: string,
  text: string,
  verdict: Extract<ConfigVerdict, { kind: 'refused' }>,
  positions: ConfigPositions,
  version: string | null,
): FoundProblem {
  const entry = entryAt(text, verdict, positions);
  const where = verdict.line === null ? path : `${path}:${verdict.line}`;
  const message = redact(verdict.message.replace(/string "[^"]*"/g, 'string "…"'));
  const common = {
    subject: entry ? tomlKey(entry.key) : message,
    evidence: [{ source: 'command', where, what: `codex login status: ${message}` }],
    cause: `Codex ${version ?? ''} does not load ${path}: ${message}.`.replace('Codex  ', 'Codex '),
  } as const;
  if (entry === null) {
    return {
      finding: finding('config.invalid_value', {
        ...common,
        summary: `Correct ${path} as Codex says.`,
        steps: [`Open ${path}: ${message}.`, 'codex login status   # until it loads'],
      }),
    };
  }
  const name = tomlKey(entry.key);
  const summary = `In ${path}, turn ${name} into a comment.`;
  return {
    finding: finding('config.invalid_value', {
      ...common,
      summary,
      steps: [`Open ${where}: ${message}.`, `Correct ${name}, or put # before it.`, 'codex login status'],
      repairId: REPAIR,
    }),
    plan: () =>
      planCommentOutKeys({ path, text, repairId: REPAIR, summary }, [entry.key], 'Codex does not accept it'),
  };
}

/** The innermost entry at the place that Codex names; a place before the first value means the file as a whole. */
function entryAt(
  text: string,
  verdict: Extract<ConfigVerdict, { kind: 'refused' }>,
  positions: ConfigPositions,
): ConfigPosition | null {
  if (verdict.line === null || verdict.column === null) return null;
  let offset = 0;
  for (let line = 1; line < verdict.line; line += 1) offset = text.indexOf('\n', offset) + 1;
  offset += verdict.column - 1;
  const around = positions.all.filter((entry) => entry.start <= offset && offset <= entry.end);
  return around.findLast((entry) => entry.kind === 'value') ?? around.at(-1) ?? null;
}
