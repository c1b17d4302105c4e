/** Runs the screen of the accounts: paints, hands keys to the model, does what they want, and leaves the terminal as it was. */
import process from 'node:process';
import type { CodexScope } from '../../codex/home.ts';
import { EXIT } from '../../errors.ts';
import { createAccountsView } from '../accounts-view.ts';
import { codexLoginOf } from '../commands/auth/status.ts';
import { readHealthyPool } from '../commands/auth/stored-view.ts';
import type { CommandDeps } from '../main.ts';
import { errorLines, performAction, performLogin, progressText } from './actions.ts';
import { type Action, type Effect, pressKey } from './keys.ts';
import { createModel, type ScreenModel, type Snapshot } from './model.ts';
import { createPage, startTurn } from './prompt.ts';
import { drawScreen } from './view.ts';

/** Other processes change the accounts too: a gateway, a `switch` in another window. */
const RELOAD_MS = 5000;
const FRAME_MS = 100;
/** What changes something can still be read when the screen is gone. */
const LASTING: ReadonlySet<Action['kind']> = new Set(['switch', 'unpin', 'enable', 'disable', 'remove']);

/** Why the keys are no longer listened to; `repaint`: the window is another one, or Escape ended the prompt. */
type TurnEnd = Extract<Effect, { readonly kind: 'leave' | 'login' }> | { readonly kind: 'repaint' };

/** 0, or 130 after Ctrl-C. Throws `ERR_ACCOUNTS_POOL` when there is nothing to show. */
export async function runAuthScreen(plainScope: CodexScope, deps: CommandDeps): Promise<number> {
  const { terminal } = deps;
  const { stdin: input, stdout: output } = process;
  const leaving = new AbortController();
  const signal = AbortSignal.any([deps.signal, leaving.signal]);
  const scope: CodexScope = { ...plainScope, signal };
  const page = createPage(output);
  const changes: string[] = [];
  let model: ScreenModel = createModel(await takeSnapshot(scope));
  let work: Promise<void> = Promise.resolve();
  let tick = 0;
  let isAway = false;
  let redraw = () => {};
  let endTurn = () => {};

  const reload = async () => {
    try {
      model = { ...model, ...(await takeSnapshot(scope)) };
    } catch (error) {
      if (!signal.aborted) model = { ...model, notice: errorLines(error, terminal) };
    }
    redraw();
  };
  const begin = async (action: Action) => {
    model = { ...model, busy: progressText(action), notice: [] };
    const frames = setInterval(() => {
      tick++;
      redraw();
    }, FRAME_MS);
    const onProgress = (busy: string) => {
      model = { ...model, busy };
    };
    const notice = await performAction(action, { terminal, signal, scope, onProgress });
    clearInterval(frames);
    if (LASTING.has(action.kind)) changes.push(...notice);
    model = { ...model, busy: null, notice };
    await reload();
  };
  const runTurn = async (): Promise<TurnEnd> => {
    let end: TurnEnd = { kind: 'repaint' };
    const turn = new AbortController();
    const running = startTurn({
      input,
      output,
      signal: AbortSignal.any([deps.signal, turn.signal]),
      draw: () => {
        const { columns = 80, rows = 24 } = output;
        return drawScreen(model, { paint: terminal.paint, columns, rows }, tick);
      },
      onKey: (key) => {
        const { model: next, effect } = pressKey(model, key);
        model = next;
        if (effect.kind === 'leave' || effect.kind === 'login') end = effect;
        if (effect.kind === 'do') work = begin(effect.action);
        return end.kind !== 'repaint';
      },
    });
    redraw = running.redraw;
    endTurn = () => turn.abort();
    await running.ended;
    redraw = () => {};
    endTurn = () => {};
    return end;
  };
  const logIn = async (key: string | null) => {
    isAway = true;
    page.hide();
    const notice = await performLogin(key, { terminal, signal: deps.signal, scope });
    model = { ...model, notice };
    await reload();
    isAway = false;
  };

  const reloading = setInterval(() => {
    if (model.busy === null && !isAway) work = reload();
  }, RELOAD_MS);
  const onResize = () => endTurn();
  const onStop = () => {
    page.hide();
    process.kill(process.pid, 'SIGSTOP');
  };
  const onContinue = () => {
    if (isAway) return;
    page.show();
    endTurn();
  };
  output.on('resize', onResize);
  process.on('SIGTSTP', onStop).on('SIGCONT', onContinue).once('exit', page.hide);
  try {
    while (!deps.signal.aborted) {
      page.show();
      const end = await runTurn();
      if (end.kind === 'leave') return end.exitCode;
      if (end.kind === 'login') await logIn(end.key);
    }
    return EXIT.interrupted;
  } finally {
    leaving.abort();
    await work; // ends soon now, and never in the middle of a write
    clearInterval(reloading);
    output.off('resize', onResize);
    process.off('SIGTSTP', onStop).off('SIGCONT', onContinue).off('exit', page.hide);
    page.hide();
    for (const line of changes) terminal.out(`${line}\n`);
  }
}

async function takeSnapshot(scope: CodexScope): Promise<Snapshot> {
  const reading = await readHealthyPool(scope);
  const view = await createAccountsView(scope, reading, null);
  return { view, codexLogin: await codexLoginOf(scope, reading.pool) };
}
