/** Every kind of step and its handler. */
import type { Step } from '../steps.ts';
import { prepareAttributes } from './attributes.ts';
import { prepareCommand } from './command.ts';
import { prepareEdit } from './edit-file.ts';
import { prepareMakeFolder } from './make-folder.ts';
import { prepareMoveAside } from './move-aside.ts';
import { prepareSqlite } from './sqlite.ts';
import type { PrepareContext, PreparedStep } from './step-handler.ts';
import { prepareStopProcess } from './stop-process.ts';

/** Works out one step and takes its before-images. */
export function prepareStep(step: Step, context: PrepareContext): Promise<PreparedStep> {
  switch (step.kind) {
    case 'toml-edit':
    case 'json-edit':
    case 'text-edit':
    case 'write-file':
      return prepareEdit(step, context);
    case 'move-aside':
      return prepareMoveAside(step, context);
    case 'make-folder':
      return prepareMakeFolder(step, context);
    case 'set-mode':
    case 'set-owner':
      return prepareAttributes(step, context);
    case 'sqlite':
      return prepareSqlite(step, context);
    case 'stop-process':
      return prepareStopProcess(step, context);
    case 'command':
      return prepareCommand(step, context);
  }
}
