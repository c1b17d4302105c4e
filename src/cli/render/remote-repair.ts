/** A repair of remote control on the screen: what it would remove, the question, and what became of each step. */
import { EXIT, StewardError } from '../../errors.ts';
import type { RemoteActions } from '../../remote/actions.ts';
import { type Consent, isRemoved, type RemoteEvent, type RepairRemoteOptions } from '../../remote/repair.ts';
import { whyNot } from '../../remote/server-state.ts';
import { redact } from '../../storage/redact.ts';
import { count, hang, tildeText } from './layout.ts';
import { previewStep } from './preview.ts';
import { redacted } from './redacted.ts';
import { renderPreview } from './repairs.ts';
import { describeStep } from './steps.ts';
import type { Terminal } from './terminal.ts';

/** Everything that would be removed or changed, named one by one. */
export async function renderActions(
  actions: RemoteActions,
  terminal: Terminal,
  userHome: string,
): Promise<string> {
  const { paint, width } = terminal;
  const lines: string[] = [];
  const wrap = (text: string, indent: number) => hang(tildeText(redact(text), userHome), width, indent);
  for (const { plan } of actions.local) {
    lines.push(`${paint('cyan', '○')} ${wrap(plan.summary, 2)}`);
    for (const step of plan.steps) {
      lines.push(`    ${paint('dim', '·')} ${wrap(describeStep(step), 6)}`);
      lines.push(...renderPreview(await previewStep(step), terminal));
    }
  }
  if (actions.restart !== null)
    lines.push(`${paint('cyan', '○')} ${wrap(`Stop and start remote control: ${actions.restart}.`, 2)}`);
  const named = (id: string, name: string | null) => (name === null ? id : `${id} (${name})`);
  const onServer = (what: string, ids: readonly string[]) => {
    if (ids.length === 0) return;
    const text = `On the server, for good: remove ${count(ids.length, what)}: ${ids.join(', ')}.`;
    lines.push(`${paint('cyan', '○')} ${wrap(text, 2)}`);
  };
  onServer(
    'unfinished client',
    actions.removeClients.map(({ clientId, displayName }) => named(clientId, displayName)),
  );
  onServer(
    'environment',
    actions.removeEnvironments.map(({ environmentId, displayName }) => named(environmentId, displayName)),
  );
  for (const reason of actions.refused)
    lines.push(`${paint('red', '✖')} ${wrap(`not possible: ${reason}`, 2)}`);
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

/** The same for machines. */
export function actionsToJson(actions: RemoteActions): Readonly<Record<string, unknown>> {
  return redacted({
    local: actions.local.map(({ plan }) => ({
      repairId: plan.repairId,
      summary: plan.summary,
      steps: plan.steps.map(describeStep),
    })),
    removeClients: actions.removeClients.map(({ clientId }) => clientId),
    removeEnvironments: actions.removeEnvironments.map(({ environmentId }) => environmentId),
    restart: actions.restart,
    refused: actions.refused,
  });
}

/** What became of one step; a line or two. */
export function renderEvent(seen: RemoteEvent, terminal: Terminal, userHome: string): string {
  const { paint, width } = terminal;
  const line = (mark: 'good' | 'bad' | 'note', text: string) => {
    const symbol = { good: paint('green', '✔'), bad: paint('red', '✖'), note: paint('dim', '·') }[mark];
    return `${symbol} ${hang(tildeText(redact(text), userHome), width, 2)}\n`;
  };
  switch (seen.kind) {
    case 'stopped':
      return line('note', 'remote control stopped');
    case 'starting':
      return line('note', 'starting remote control anew');
    case 'removed':
      return isRemoved(seen.answer)
        ? line('good', `removed on the server: ${seen.id}`)
        : line(
            'bad',
            `not removed on the server: ${seen.id}: ${seen.answer.kind === 'ok' ? '' : whyNot(seen.answer)}`,
          );
    case 'applied':
      switch (seen.outcome.kind) {
        case 'repaired':
          return `${line('good', seen.plan.summary)}${paint('dim', `  checked again: gone. Undo: steward undo ${seen.outcome.id}\n`)}`;
        case 'rolled-back':
          return line('bad', `tried and taken back: ${seen.outcome.reason}`);
        case 'refused':
          return line('bad', `not done: ${seen.outcome.reason}`);
      }
  }
}

/** The same for machines. */
export function eventToJson(event: RemoteEvent): Readonly<Record<string, unknown>> {
  if (event.kind === 'applied') {
    const { outcome, plan } = event;
    return redacted({
      kind: 'applied',
      repairId: plan.repairId,
      result: outcome.kind,
      journalId: outcome.kind === 'refused' ? null : outcome.id,
      reason: outcome.kind === 'repaired' ? null : outcome.reason,
    });
  }
  if (event.kind !== 'removed') return { kind: event.kind };
  const { what, id, answer } = event;
  return redacted({
    ...{ kind: 'removed', what, id, result: isRemoved(answer) ? 'removed' : 'failed' },
    reason: answer.kind === 'ok' || isRemoved(answer) ? null : whyNot(answer),
  });
}

/** `yes` answers yes to everything; without a terminal, or with `--json`, the answer is no. */
export function createRemoteConsent(
  terminal: Terminal,
  options: { readonly yes: boolean; readonly json: boolean; readonly userHome: string },
): RepairRemoteOptions['consent'] {
  if (options.yes) return async () => ({ local: true, server: true });
  if (!terminal.interactive || options.json) return async () => ({ local: false, server: false });
  return async (actions): Promise<Consent> => {
    terminal.err(`\n${await renderActions(actions, terminal, options.userHome)}`);
    const isLocal = actions.local.length > 0 || actions.restart !== null;
    const onServer = actions.removeClients.length + actions.removeEnvironments.length;
    const local = isLocal && (await ask('Do this here? A backup is kept, and undo takes it back.'));
    const server = onServer > 0 && (await ask(`Remove ${onServer} on the server? That cannot be undone.`));
    return { local, server };
  };
}

/** Yes or no; no where nobody can be asked. */
export async function agree(terminal: Terminal, json: boolean, message: string): Promise<boolean> {
  return terminal.interactive && !json && (await ask(message));
}

async function ask(message: string): Promise<boolean> {
  const { confirm, isCancel } = await import('@clack/prompts');
  const answer = await confirm({ message, initialValue: false, output: process.stderr });
  if (isCancel(answer)) {
    throw new StewardError('ERR_INTERRUPTED', 'user', 'Interrupted; what was not asked yet is untouched.', {
      exitCode: EXIT.interrupted,
    });
  }
  return answer;
}
