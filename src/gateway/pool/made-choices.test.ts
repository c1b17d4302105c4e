import { describe, expect, test } from 'vitest';
import { makeAccount } from '../../../test/support/accounts-home.ts';
import { prepareCandidates } from '../../accounts/selection/candidate.ts';
import { chooseAccount, type SelectionInput } from '../../accounts/selection/choose.ts';
import { DEFAULT_SELECTION_SETTINGS } from '../../accounts/selection/facts.ts';
import type { ChoiceRequest } from '../account-source.ts';
import { type AccountState, blockUntil, createAccountState } from './account-state.ts';
import { createMadeChoices } from './made-choices.ts';

const NOW = 1_900_000_000_000;
const request: ChoiceRequest = {
  path: 'responses',
  threadId: 't',
  previousResponseId: null,
  model: 'gpt-x',
  excluded: new Set(),
  onlyAccount: null,
};

function pool(size: number) {
  const states = Array.from({ length: size }, createAccountState);
  const facts = states.map((runtime, index) => ({
    account: makeAccount(`n${index}`),
    quota: null,
    preferences: { tags: [], weight: 1, isPaused: false, isDrained: false },
    runtime,
  }));
  const candidates = prepareCandidates(facts, {
    model: 'gpt-x',
    settings: DEFAULT_SELECTION_SETTINGS,
    profile: null,
  });
  const stateAt = (index: number): AccountState => states[index] ?? createAccountState();
  const choices = createMadeChoices();
  const choose = (at = NOW) => {
    const input: SelectionInput = { candidates, model: 'gpt-x', strategy: 'hybrid', now: at };
    const selection = chooseAccount(input);
    const key = selection.kind === 'chosen' ? (candidates[selection.index]?.account.key ?? null) : null;
    choices.remember(request, input, selection, key);
  };
  return { choices, choose, stateAt };
}

describe('choices explained later', () => {
  test('tell how each account stood when it was chosen, not how it stands now', () => {
    const { choices, choose, stateAt } = pool(2);
    blockUntil(stateAt(0), 'rate-limit', NOW + 3_600_000, NOW);
    stateAt(1).inflight = 3;
    choose();
    stateAt(0).blocked = null;
    stateAt(1).inflight = 4;
    choose(NOW + 1);
    const [newer, older] = choices.explained();
    expect(older?.considered).toMatchObject([
      { number: 2, isChosen: true, isAvailable: true },
      { number: 1, isChosen: false, isAvailable: false, score: null },
    ]);
    expect(older?.considered[0]?.reasons).toContain('3 requests under way');
    expect(newer?.considered).toMatchObject([
      { number: 1, isChosen: true, isAvailable: true },
      { number: 2, isChosen: false, isAvailable: true },
    ]);
    expect(newer?.considered[1]?.reasons).toContain('4 requests under way');
  });

  test('are two hundred, the newest first', () => {
    const { choices, choose } = pool(1);
    for (let number = 0; number < 250; number += 1) choose(NOW + number);
    const explained = choices.explained();
    expect([explained.length, explained[0]?.at, explained.at(-1)?.at]).toEqual([200, NOW + 249, NOW + 50]);
    expect(explained.every(({ considered }) => considered.length === 1)).toBe(true);
  });

  test('of a large pool keep their accounts only for the newest', () => {
    const { choices, choose } = pool(1000);
    for (let number = 0; number < 300; number += 1) choose(NOW + number);
    const counts = choices.explained().map(({ considered }) => considered.length);
    expect(counts.length).toBe(200);
    expect(counts.filter((count) => count === 1000).length).toBe(5);
    expect(counts.slice(0, 5)).toEqual([1000, 1000, 1000, 1000, 1000]);
  });

  test('of a pool larger than what is kept in all, are explained for the newest one', () => {
    const { choices, choose } = pool(6000);
    for (let number = 0; number < 3; number += 1) choose(NOW + number);
    expect(choices.explained().map(({ considered }) => considered.length)).toEqual([6000, 0, 0]);
  });
});
