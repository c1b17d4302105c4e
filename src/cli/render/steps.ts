/** A repair's steps in words, for previews and questions. */
import { basename } from 'node:path';
import { redact } from '../../storage/redact.ts';
import type { Step } from '../../storage/steps.ts';

/** One line, without secrets: "config.toml: set model_providers.local.wire_api". */
export function describeStep(step: Step): string {
  return redact(wordsOf(step));
}

function wordsOf(step: Step): string {
  switch (step.kind) {
    case 'toml-edit':
      return `${step.path}: ${step.edits.map((edit) => `${edit.op === 'set' ? 'set' : 'remove'} ${edit.key.join('.')}`).join(', ')}`;
    case 'json-edit':
      return `${step.path}: ${step.edits.map((edit) => `${edit.op === 'set' ? 'set' : 'remove'} ${edit.path.join(' › ').replaceAll('\n', ' ')}`).join(', ')}`;
    case 'text-edit':
      return `${step.path}: change ${step.splices.length === 1 ? 'one place' : `${step.splices.length} places`}`;
    case 'write-file':
      return step.expect.kind === 'absent' ? `${step.path}: create` : `${step.path}: rewrite`;
    case 'move-aside':
      return `${[step.path, ...step.sidecars.map((suffix) => `${basename(step.path)}${suffix}`)].join(', ')}: move aside`;
    case 'make-folder':
      return `${step.path}: make the folder`;
    case 'set-mode':
      return `${step.path}: set mode ${step.mode.toString(8).padStart(4, '0')}`;
    case 'set-owner':
      return `${step.path}: give to user ${step.uid}, group ${step.gid}`;
    case 'sqlite':
      return `${step.path}: ${step.statements.length === 1 ? 'one statement' : `${step.statements.length} statements`} (${step.statements.map((statement) => statement.sql.split(' ').slice(0, 3).join(' ')).join('; ')})`;
    case 'stop-process':
      return `ask process ${step.pid} to end: ${step.command}`;
    case 'command':
      return `run ${step.argv.join(' ')}`;
  }
}
