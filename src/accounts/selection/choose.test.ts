import { describe, expect, it } from 'vitest';
import {
  apiKey,
  chatgpt,
  DAY,
  demandOf,
  type FactsChanges,
  factsOf,
  HOUR,
  NOON,
  reading,
} from '../../../test/support/account-facts.ts';
import type { Account } from '../account.ts';
import { prepareCandidates } from './candidate.ts';
import { chooseAccount, type Selection, type SelectionInput } from './choose.ts';
import type { Demand } from './facts.ts';

type Row = readonly [Account, FactsChanges?];

function inputOf(rows: readonly Row[], demand: Demand, more: Partial<SelectionInput> = {}): SelectionInput {
  const facts = rows.map(([account, changes]) => factsOf(account, changes));
  return {
    candidates: prepareCandidates(facts, demand),
    model: demand.model,
    strategy: demand.settings.strategy,
    now: NOON,
    ...more,
  };
}

function choose(rows: readonly Row[], more: Partial<SelectionInput> = {}, demand = demandOf()): Selection {
  return chooseAccount(inputOf(rows, demand, more));
}

const chosen = (index: number, reason: string) => ({ kind: 'chosen', index, reason });

describe('an account that cannot serve is not chosen', () => {
  const good = chatgpt('good');
  const cases: readonly (readonly [string, Row])[] = [
    ['disabled by the user', [chatgpt('a', { isEnabled: false })]],
    ['told dead by the server', [chatgpt('a', { invalidated: { at: NOON, code: 'token_expired' } })]],
    ['paused', [chatgpt('a'), { preferences: { isPaused: true } }]],
    ['drained', [chatgpt('a'), { preferences: { isDrained: true } }]],
    ['cooling down', [chatgpt('a', { cooldown: { untilMs: NOON + 1, reason: 'server-error' } })]],
    ['limited for a family', [chatgpt('a', { rateLimitResetTimes: { 'gpt-5.2': NOON + HOUR } })]],
    ['at the end of its weekly limit', [chatgpt('a'), { quota: reading([10, 3], [100, 50]) }]],
    ['at the end of its 5-hour limit', [chatgpt('a'), { quota: reading([100, 3], [10, 50]) }]],
    [
      'left alone by the gateway',
      [chatgpt('a'), { runtime: { blocked: { untilMs: NOON + 1, reason: 'x' } } }],
    ],
    [
      'in a disabled workspace',
      [
        chatgpt('a', {
          workspaces: [{ id: 'w', name: null, isEnabled: false, disabledAt: NOON, isDefault: true }],
          currentWorkspaceIndex: 0,
        }),
      ],
    ],
  ];
  it.each(cases)('when it is %s', (_title, row) => {
    expect(choose([row, [good]])).toEqual(chosen(1, 'only'));
    expect(choose([row]).kind).toBe('none');
  });

  it('when the server refuses the model for it, but for other models', () => {
    const rows: readonly Row[] = [[chatgpt('a'), { runtime: { refusedModels: ['gpt-9'] } }], [good]];
    expect(choose(rows, {}, demandOf({ model: 'gpt-9' }))).toEqual(chosen(1, 'only'));
    expect(choose(rows, {}, demandOf({ model: 'gpt-5.5' }))).toEqual(chosen(0, 'best'));
  });

  it('when the project does not allow the model', () => {
    const demand = demandOf({ model: 'gpt-9', profile: { modelDenylist: ['gpt-9'] } });
    expect(choose([[good]], {}, demand)).toEqual({ kind: 'none', hard: null, soonestMs: null });
  });
});

describe('times', () => {
  it('an account whose limit was reset since it was read serves again', () => {
    const rows: readonly Row[] = [[chatgpt('a'), { quota: reading([100, -1], [100, -0.5]) }]];
    expect(choose(rows)).toEqual(chosen(0, 'only'));
  });

  it('a limit of another model family does not count', () => {
    const rows: readonly Row[] = [[chatgpt('a', { rateLimitResetTimes: { 'gpt-5-codex': NOON + HOUR } })]];
    expect(choose(rows, {}, demandOf({ model: 'gpt-5.5' }))).toEqual(chosen(0, 'only'));
    expect(choose(rows, {}, demandOf({ model: 'gpt-5.3-codex' })).kind).toBe('none');
  });

  it('when all wait, the soonest is told', () => {
    const rows: readonly Row[] = [
      [chatgpt('a'), { quota: reading([100, 3], [50, 50]) }],
      [chatgpt('b'), { quota: reading([20, 1], [100, 20]) }],
      [chatgpt('c', { isEnabled: false })],
    ];
    expect(choose(rows)).toEqual({ kind: 'none', hard: null, soonestMs: NOON + 3 * HOUR });
  });
});

describe('hard choices', () => {
  const rows: readonly Row[] = [
    [chatgpt('a')],
    [chatgpt('b'), { quota: reading([100, 2], [50, 50]) }],
    [chatgpt('c')],
  ];

  it('the pinned account serves and nobody else does; its reset time is told', () => {
    expect(choose(rows, { pinnedIndex: 2, affinityIndex: 0 })).toEqual(chosen(2, 'pinned'));
    expect(choose(rows, { pinnedIndex: 1 })).toEqual({
      kind: 'none',
      hard: { reason: 'pinned', index: 1 },
      soonestMs: NOON + 2 * HOUR,
    });
  });

  it('a pin to an account that does not exist is no choice', () => {
    expect(choose(rows, { pinnedIndex: 9 })).toEqual({
      kind: 'none',
      hard: { reason: 'pinned', index: 9 },
      soonestMs: null,
    });
  });

  it('the owner of a response goes before the pin, the account of this run before both', () => {
    expect(choose(rows, { ownerIndex: 0, pinnedIndex: 2 })).toEqual(chosen(0, 'owner'));
    expect(choose(rows, { forcedIndex: 2, ownerIndex: 0, pinnedIndex: 0 })).toEqual(chosen(2, 'forced'));
  });

  it('an owner that already failed for this request is not asked again', () => {
    expect(choose(rows, { ownerIndex: 0, excluded: new Set([0]) }).kind).toBe('none');
  });
});

describe('affinity', () => {
  it('a thread stays with its account, also when another one is better, and when it is drained', () => {
    const rows: readonly Row[] = [
      [chatgpt('a')],
      [chatgpt('b'), { quota: reading([97, 2], [90, 50]), preferences: { isDrained: true } }],
    ];
    expect(choose(rows, { affinityIndex: 1 })).toEqual(chosen(1, 'affinity'));
  });

  it('a thread moves when its account cannot serve', () => {
    const rows: readonly Row[] = [[chatgpt('a')], [chatgpt('b'), { quota: reading([100, 2], [9, 50]) }]];
    expect(choose(rows, { affinityIndex: 1 })).toEqual(chosen(0, 'only'));
  });
});

describe('hybrid', () => {
  it('takes the account that would lose most at its reset', () => {
    const rows: readonly Row[] = [
      [chatgpt('early-week'), { quota: reading([0, 5], [40, 120]) }],
      [chatgpt('resets-soon'), { quota: reading([0, 5], [40, 10]) }],
      [chatgpt('fresh'), { quota: reading([0, 5], [0, 168]) }],
    ];
    expect(choose(rows)).toEqual(chosen(1, 'best'));
  });

  it('keeps away from an account that would run out in the middle of the work', () => {
    const rows: readonly Row[] = [
      [chatgpt('a'), { quota: reading([90, 4], [50, 84]) }],
      [chatgpt('b'), { quota: reading([20, 4], [55, 84]) }],
    ];
    expect(choose(rows)).toEqual(chosen(1, 'best'));
  });

  it('spreads over equals: least under way, then least recently used, then the order of the list', () => {
    const idle: Row = [chatgpt('idle', { lastUsed: NOON - HOUR })];
    const busy: Row = [chatgpt('busy'), { runtime: { inflight: 1 } }];
    const older: Row = [chatgpt('older', { lastUsed: NOON - DAY })];
    expect(choose([busy, idle])).toEqual(chosen(1, 'best'));
    expect(choose([idle, older])).toEqual(chosen(1, 'best'));
    expect(choose([older, idle])).toEqual(chosen(0, 'best'));
    expect(choose([[chatgpt('x')], [chatgpt('y')]])).toEqual(chosen(0, 'best'));
  });

  it('holds back an account with little left, but uses it before nothing', () => {
    const low: Row = [chatgpt('low'), { quota: reading([96, 1], [10, 20]) }];
    const other: Row = [chatgpt('other'), { quota: reading([80, 1], [80, 100]) }];
    expect(choose([low, other])).toEqual(chosen(1, 'best'));
    expect(choose([low])).toEqual(chosen(0, 'only'));
    const demand = demandOf({ settings: { defersNearExhaustion: false } });
    expect(choose([low, [chatgpt('empty'), { quota: reading([99.5, 5], [94, 160]) }]], {}, demand)).toEqual(
      chosen(0, 'best'),
    );
  });
});

describe('money', () => {
  const spent: Row = [chatgpt('spent'), { quota: reading([100, 2], [50, 50]) }];

  it('an API key serves only when no login can', () => {
    expect(choose([[apiKey('key')], [chatgpt('low'), { quota: reading([97, 2], [96, 50]) }]])).toEqual(
      chosen(1, 'best'),
    );
    expect(choose([[apiKey('key')], spent])).toEqual(chosen(0, 'only'));
  });

  it('an API key that the user gave weight to is an account like the others', () => {
    const key: Row = [apiKey('key'), { preferences: { weight: 2 } }];
    expect(choose([[chatgpt('a')], key])).toEqual(chosen(1, 'best'));
  });

  it('bought credits serve when the limits are used up, after the accounts that have some left', () => {
    const quota = { ...reading([100, 2], [50, 50]), limitReached: false, hasCredits: true };
    const credits: Row = [chatgpt('credits'), { quota }];
    expect(choose([credits, spent])).toEqual(chosen(0, 'only'));
    expect(choose([credits, [chatgpt('low'), { quota: reading([98, 2], [50, 50]) }]])).toEqual(
      chosen(1, 'best'),
    );
  });
});

describe('wishes', () => {
  it('a project gets the accounts with its tags first, and those it avoids last', () => {
    const work: Row = [
      chatgpt('work'),
      { preferences: { tags: ['work'] }, quota: reading([60, 2], [90, 99]) },
    ];
    const home: Row = [chatgpt('home'), { preferences: { tags: ['home'] } }];
    const demand = demandOf({ profile: { preferredTags: ['work'], avoidTags: ['home'] } });
    expect(choose([home, [chatgpt('plain')], work], {}, demand)).toEqual(chosen(2, 'best'));
    expect(choose([home, [chatgpt('plain')]], {}, demand)).toEqual(chosen(1, 'best'));
    expect(choose([home], {}, demand)).toEqual(chosen(0, 'only'));
  });

  it('weight 0 is a last resort', () => {
    const last: Row = [chatgpt('last'), { preferences: { weight: 0 }, quota: reading([0, 5], [0, 2]) }];
    expect(choose([last, [chatgpt('other'), { quota: reading([50, 5], [90, 100]) }]])).toEqual(
      chosen(1, 'best'),
    );
    expect(choose([last])).toEqual(chosen(0, 'only'));
  });
});

describe('other strategies', () => {
  it('sequential uses one account until it cannot serve, then the next in the list', () => {
    const demand = demandOf({ settings: { strategy: 'sequential' } });
    const rows: readonly Row[] = [
      [chatgpt('a'), { quota: reading([0, 5], [0, 2]) }],
      [chatgpt('b'), { quota: reading([90, 5], [90, 100]), runtime: { inflight: 5 } }],
      [chatgpt('c')],
    ];
    expect(choose(rows, { currentIndex: 1 }, demand)).toEqual(chosen(1, 'best'));
    expect(choose(rows, { currentIndex: 1, excluded: new Set([1]) }, demand)).toEqual(chosen(2, 'best'));
    expect(choose(rows, { currentIndex: 1, excluded: new Set([1, 2]) }, demand)).toEqual(chosen(0, 'only'));
  });

  it('reset-first uses the account whose slow limit resets soonest', () => {
    const demand = demandOf({ settings: { strategy: 'reset-first' } });
    const rows: readonly Row[] = [
      [chatgpt('a'), { quota: reading([0, 5], [10, 100]) }],
      [chatgpt('b'), { quota: reading([0, 5], [80, 20]) }],
      [chatgpt('unknown')],
    ];
    expect(choose(rows, {}, demand)).toEqual(chosen(1, 'best'));
  });
});
