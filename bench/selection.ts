/**
 * How long a choice takes, beside the plainest loop over the same accounts, in one run. Target: a median below 50 µs among
 * 1,000 accounts, with every account usable (nothing is skipped early).
 */
import { forecastPool } from '../src/accounts/forecast/forecast.ts';
import { prepareCandidates } from '../src/accounts/selection/candidate.ts';
import { chooseAccount, type SelectionInput } from '../src/accounts/selection/choose.ts';
import { STRATEGIES } from '../src/accounts/selection/facts.ts';
import { chatgpt, demandOf, factsOf, NOON, reading } from '../test/support/account-facts.ts';

const ROUNDS = 2_000;
const TARGET_US = 50;

for (const size of [3, 1_000]) {
  const facts = Array.from({ length: size }, (_, index) =>
    factsOf(chatgpt(`a${index}`, { lastUsed: NOON - (index % 7) * 1_000 }), {
      quota: reading([index % 90, 1 + (index % 4)], [(index * 7) % 90, 2 + (index % 160)]),
      runtime: { inflight: index % 3 },
    }),
  );
  const demand = demandOf({ model: 'gpt-5.5' });
  const candidates = prepareCandidates(facts, demand);
  const input: SelectionInput = { candidates, model: demand.model, strategy: 'hybrid', now: NOON };
  const bare = median(() =>
    candidates.reduce((least, { account }) => Math.min(least, account.lastUsed), NOON),
  );
  console.log(`\n${size} accounts, median of ${ROUNDS}:`);
  print('a plain loop over them', bare, bare);
  for (const strategy of STRATEGIES) {
    print(
      `chooseAccount, ${strategy}`,
      median((round) => chooseAccount({ ...input, strategy, now: NOON + round })),
      bare,
      TARGET_US,
    );
  }
  print(
    'chooseAccount, affinity',
    median(() => chooseAccount({ ...input, affinityIndex: 1 })),
    bare,
    TARGET_US,
  );
  print(
    'prepareCandidates',
    median(() => prepareCandidates(facts, demand), 100),
    bare,
  );
  print(
    'forecastPool',
    median(() => forecastPool(input), 50),
    bare,
  );
}

function median(action: (round: number) => unknown, rounds = ROUNDS): number {
  const times: number[] = [];
  for (let round = 0; round < rounds + rounds / 10; round += 1) {
    const startedAt = process.hrtime.bigint();
    action(round);
    const took = Number(process.hrtime.bigint() - startedAt) / 1_000;
    if (round >= rounds / 10) times.push(took);
  }
  times.sort((a, b) => a - b);
  return times[Math.floor(times.length / 2)] ?? 0;
}

function print(name: string, us: number, bare: number, target?: number): void {
  const verdict =
    target === undefined
      ? ''
      : us <= target
        ? `  (target ${target} µs: met)`
        : `  (target ${target} µs: MISSED)`;
  console.log(
    `  ${name.padEnd(28)} ${us.toFixed(2).padStart(9)} µs  ${(us / bare).toFixed(1).padStart(7)} ×${verdict}`,
  );
}
