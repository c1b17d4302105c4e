/** `steward auth why-selected`: the choice, and how every account stood. */
import { accountLabel, maskAddress } from '../../../accounts/account-label.ts';
import { explainChoice } from '../../../accounts/selection/explain.ts';
import { EXIT } from '../../../errors.ts';
import type { AccountsView } from '../../accounts-view.ts';
import { openAuthSession } from '../../auth-session.ts';
import type { CommandDeps } from '../../main.ts';
import { recommendationOf } from '../../render/accounts-json.ts';
import { hang } from '../../render/layout.ts';
import { tellLastChoice } from './last-choice.ts';
import { loadLiveView } from './live-view.ts';

export interface WhySelectedOptions {
  readonly now?: boolean;
  readonly last?: boolean;
  readonly model?: string;
  readonly json?: boolean;
}

/** Explains a choice made now, from what is on disk; 1 when no account can be chosen. */
export async function runWhySelected(options: WhySelectedOptions, deps: CommandDeps): Promise<number> {
  const session = await openAuthSession(deps, { command: 'why-selected', json: options.json });
  const { scope, terminal } = session;
  if (options.last === true) return tellLastChoice(session);
  const loaded = await loadLiveView(scope, terminal, {
    live: false,
    overlay: true,
    model: options.model ?? null,
  });
  const { view } = loaded;
  const candidates = candidatesOf(view);
  const selected = candidates.find(({ isSelected }) => isSelected) ?? null;
  session.answer({
    mode: 'now',
    runtimeOverlay: loaded.hasOverlay,
    ok: selected !== null,
    availableCount: candidates.filter(({ available }) => available).length,
    totalCount: candidates.length,
    model: view.input.model,
    config: view.loaded.demand.settings,
    reason: recommendationOf(view),
    selected: selected === null ? null : { ...selected, selectionReason: recommendationOf(view) },
    candidates,
    ...(candidates.length === 0 ? { error: 'there are no accounts yet' } : {}),
  });
  session.say(recommendationOf(view));
  for (const { number, label, isSelected, score, reasons } of candidates) {
    const mark = isSelected ? terminal.paint('green', '●') : ' ';
    session.say(`${mark} ${number}. ${label}${score === null ? '' : `: score ${score}`}`);
    for (const reason of reasons) session.say(`     · ${hang(reason, terminal.width, 7)}`);
  }
  return selected === null ? EXIT.problems : EXIT.ok;
}

/** The accounts in the order in which they would serve. */
function candidatesOf(view: AccountsView) {
  const { pool } = view.reading;
  return explainChoice(view.input, view.forecast.now).flatMap((considered) => {
    const { index, availability, isChosen, score, reasons } = considered;
    const account = pool.accounts[index];
    if (account === undefined) return [];
    const facts = view.loaded.facts[index];
    return [
      {
        index,
        number: index + 1,
        oneBasedIndex: index + 1,
        label: accountLabel(account, index),
        ...(account.email === null ? {} : { email: maskAddress(account.email) }),
        ...(account.kind === 'chatgpt' && account.accountId !== null
          ? { accountId: `…${account.accountId.slice(-6)}` }
          : {}),
        enabled: account.isEnabled,
        available: availability.kind === 'ready',
        isSelected: isChosen,
        score,
        health: 100 - (view.forecast.accounts[index]?.riskScore ?? 0),
        weight: facts?.preferences.weight ?? 1,
        tags: facts?.preferences.tags ?? [],
        inflight: facts?.runtime.inflight ?? 0,
        hoursSinceUsed:
          account.lastUsed === 0 ? null : Math.round((view.now - account.lastUsed) / 36_000) / 100,
        ...(reasons[0] === undefined ? {} : { reason: reasons[0] }),
        reasons,
        ...(account.lastSwitchReason === null ? {} : { lastSwitchReason: account.lastSwitchReason }),
        ...(account.cooldown === null ? {} : { cooldownReason: account.cooldown.reason }),
      },
    ];
  });
}
