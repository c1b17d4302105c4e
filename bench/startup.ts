/**
 * How long a command takes beside a bare `node -e 0`, in one run: median of many starts, interleaved, so that a busy
 * machine slows all contenders alike. Targets: `--version` 1.5 ×, a healthy offline doctor 10 ×.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { makeWorld } from '../test/support/fault-world.ts';
import { CODEX_ALIASES } from '../test/support/real-codex.ts';

const STEWARD = fileURLToPath(new URL('../dist/steward.cjs', import.meta.url));
const ROUNDS = 15;

for (const alias of CODEX_ALIASES) {
  const world = await makeWorld(alias, 'npm');
  try {
    const contenders: readonly {
      readonly name: string;
      readonly args: readonly string[];
      readonly target?: number;
    }[] = [
      { name: 'node -e 0', args: ['-e', '0'] },
      { name: 'steward --version', args: [STEWARD, '--version'], target: 1.5 },
      { name: 'steward --help', args: [STEWARD, '--help'] },
      { name: 'steward doctor', args: [STEWARD, 'doctor'], target: 10 },
    ];
    const times = contenders.map((): number[] => []);
    for (let round = 0; round < ROUNDS; round += 1) {
      contenders.forEach(({ name, args }, index) => {
        const startedAt = process.hrtime.bigint();
        const ran = spawnSync(process.execPath, args, { env: world.env, cwd: world.project });
        const tookMs = Number(process.hrtime.bigint() - startedAt) / 1e6;
        if (ran.status !== 0) throw new Error(`${name} ended with ${ran.status}: ${ran.stdout}${ran.stderr}`);
        if (round > 0) times[index]?.push(tookMs); // the first round warms the file cache
      });
    }
    const medians = times.map(median);
    const bare = medians[0] ?? 1;
    console.log(`\n${alias}, healthy home, median of ${ROUNDS - 1}:`);
    contenders.forEach(({ name, target }, index) => {
      const ms = medians[index] ?? 0;
      const verdict =
        target === undefined
          ? ''
          : ms / bare <= target
            ? `  (target ${target} ×: met)`
            : `  (target ${target} ×: MISSED)`;
      console.log(
        `  ${name.padEnd(20)} ${ms.toFixed(1).padStart(7)} ms  ${(ms / bare).toFixed(2).padStart(6)} ×${verdict}`,
      );
    });
  } finally {
    await world.remove();
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
