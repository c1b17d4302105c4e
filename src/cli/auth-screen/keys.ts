/** What each key does to the screen: pure, from the state and a key to the next state and what is to be done outside. */
import { EXIT } from '../../errors.ts';
import { focusedIndex, type ScreenModel, shownAccounts } from './model.ts';

/** A key as the prompt library tells it. */
export interface ScreenKey {
  /** What was typed; missing for keys such as Escape. */
  readonly char?: string | undefined;
  /** `up`, `return`, `escape`, …; missing for most signs. */
  readonly name?: string | undefined;
  readonly ctrl?: boolean | undefined;
  readonly meta?: boolean | undefined;
}

/** Done with one account. */
export type AccountActionKind = 'switch' | 'check' | 'enable' | 'disable' | 'remove';

/** What is done inside the screen: the commands of the same names, for the account with that key. */
export type Action =
  | { readonly kind: AccountActionKind; readonly key: string }
  | { readonly kind: 'unpin' | 'check-all' | 'refresh' };

export type Effect =
  | { readonly kind: 'none' }
  | { readonly kind: 'leave'; readonly exitCode: number }
  | { readonly kind: 'do'; readonly action: Action }
  /** Takes the whole terminal; `key`: the account that is meant to be logged in again, `null` for any. */
  | { readonly kind: 'login'; readonly key: string | null };

export interface Pressed {
  readonly model: ScreenModel;
  readonly effect: Effect;
}

const PAGE = 10;
const NUMBER_LENGTH = 6;

/** What happens when that key is pressed. */
export function pressKey(model: ScreenModel, key: ScreenKey): Pressed {
  if (key.ctrl === true && key.name === 'c') return leave(model, EXIT.interrupted);
  if (key.ctrl === true && key.name === 'd') return leave(model, EXIT.ok);
  switch (model.mode.kind) {
    case 'search':
      return pressInSearch(model, key);
    case 'confirm-remove':
      return key.char === 'y' || key.char === 'Y'
        ? perform(inList(model), { kind: 'do', action: { kind: 'remove', key: model.mode.key } })
        : only({ ...inList(model), notice: ['Nothing was removed.'] });
    case 'help':
      return only(inList(model));
    case 'list':
      return pressInList(model, key);
  }
}

function pressInList(model: ScreenModel, key: ScreenKey): Pressed {
  const moved = move(model, key);
  if (moved !== null) return only(moved);
  const { char = '' } = key;
  if (/^[0-9]$/.test(char)) return only(typeDigit(model, char));
  const now: ScreenModel = { ...model, digits: '' };
  if (key.name === 'escape') {
    return now.search === '' ? leave(now, EXIT.ok) : only({ ...now, search: '' });
  }
  if (key.ctrl === true || key.meta === true) return only(now);
  if (key.name === 'return') return about(now, 'switch');
  if (key.name === 'delete') return askToRemove(now);
  switch (char) {
    case 'q':
      return leave(now, EXIT.ok);
    case '/':
      return only({ ...now, mode: { kind: 'search' } });
    case '?':
      return only({ ...now, mode: { kind: 'help' } });
    case 's':
      return about(now, 'switch');
    case 'c':
      return about(now, 'check');
    case 'l':
      return about(now, 'login');
    case 'd':
      return about(now, focusedAccount(now)?.isEnabled === false ? 'enable' : 'disable');
    case 'x':
      return askToRemove(now);
    case 'C':
      return perform(now, { kind: 'do', action: { kind: 'check-all' } });
    case 'r':
      return perform(now, { kind: 'do', action: { kind: 'refresh' } });
    case 'u':
      return perform(now, { kind: 'do', action: { kind: 'unpin' } });
    case 'a':
      return perform(now, { kind: 'login', key: null });
    default:
      return only(now);
  }
}

function pressInSearch(model: ScreenModel, key: ScreenKey): Pressed {
  if (key.name === 'escape') return only({ ...inList(model), search: '' });
  if (key.name === 'return') return only(inList(model));
  if (key.name === 'backspace') return only({ ...model, search: [...model.search].slice(0, -1).join('') });
  if (key.ctrl === true && key.name === 'u') return only({ ...model, search: '' });
  if (key.name === 'up' || key.name === 'down') return only(move(model, key) ?? model);
  const { char = '' } = key;
  const isText = key.ctrl !== true && key.meta !== true && /^[^\p{Cc}\p{Cf}]+$/u.test(char);
  return only(isText ? { ...model, search: model.search + char } : model);
}

/** `null`: the key is none that moves. */
function move(model: ScreenModel, { name, char, ctrl }: ScreenKey): ScreenModel | null {
  const isListed = model.mode.kind === 'list' && ctrl !== true;
  const shown = shownAccounts(model);
  const at = shown.indexOf(focusedIndex(model) ?? -1);
  const to = (position: number): ScreenModel => {
    const index = shown[Math.max(0, Math.min(shown.length - 1, position))];
    const account = index === undefined ? undefined : model.view.reading.pool.accounts[index];
    return { ...model, digits: '', focus: account?.key ?? model.focus };
  };
  if (name === 'up' || (isListed && char === 'k')) return to(at - 1);
  if (name === 'down' || (isListed && char === 'j')) return to(at + 1);
  if (name === 'pageup') return to(at - PAGE);
  if (name === 'pagedown') return to(at + PAGE);
  if (name === 'home') return to(0);
  if (name === 'end') return to(shown.length - 1);
  return null;
}

/** Goes to the number that the digits make so far, or to the digit alone where they make none. */
function typeDigit(model: ScreenModel, digit: string): ScreenModel {
  const { accounts } = model.view.reading.pool;
  for (const digits of [(model.digits + digit).slice(-NUMBER_LENGTH), digit]) {
    const account = accounts[Number(digits) - 1];
    if (account === undefined) continue;
    const isShown = shownAccounts(model).includes(Number(digits) - 1);
    return { ...model, digits, focus: account.key, search: isShown ? model.search : '' };
  }
  return { ...model, digits: '' };
}

function focusedAccount(model: ScreenModel) {
  const index = focusedIndex(model);
  return index === null ? undefined : model.view.reading.pool.accounts[index];
}

function about(model: ScreenModel, kind: AccountActionKind | 'login'): Pressed {
  const account = focusedAccount(model);
  if (account === undefined) return only(model);
  const { key } = account;
  // The account stays the chosen one also when the search hides it afterwards.
  return perform(
    { ...model, focus: key },
    kind === 'login' ? { kind, key } : { kind: 'do', action: { kind, key } },
  );
}

function askToRemove(model: ScreenModel): Pressed {
  const account = focusedAccount(model);
  if (account === undefined || model.busy !== null) return only(model);
  return only({ ...model, focus: account.key, mode: { kind: 'confirm-remove', key: account.key } });
}

/** One thing at a time: until it is done, further ones are not begun. */
function perform(model: ScreenModel, effect: Effect): Pressed {
  return model.busy === null ? { model, effect } : only(model);
}

function leave(model: ScreenModel, exitCode: number): Pressed {
  return { model, effect: { kind: 'leave', exitCode } };
}

function only(model: ScreenModel): Pressed {
  return { model, effect: { kind: 'none' } };
}

function inList(model: ScreenModel): ScreenModel {
  return { ...model, mode: { kind: 'list' } };
}
