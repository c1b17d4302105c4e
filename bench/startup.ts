/**
 * How long a command takes beside a bare `node -e 0`, in one run: median of many starts, interleaved, so that a busy
 * machine slows all contenders alike. Targets: `--version` 1.5 ×, `auth status` 2 ×, a healthy offline doctor 10 ×; with
 * 1,000 accounts, `auth status` and `auth forecast` at most 100 ms over twice the bare start.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { makeWorld } from '../test/support/fault-world.ts';
import { makePoolOf } from '../test/support/pool-of.ts';
import { CODEX_ALIASES } from '../test/support/real-codex.ts';

const STEWARD = fileURLToPath(new URL('../dist/steward.cjs', import.meta.url));
const ROUNDS = 15;

interface Contender {
  readonly name: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Times the bare start. */
  readonly target?: number;
  /** Milliseconds on top of `target`. */
  readonly extraMs?: number;
}

const BARE: Contender = { name: 'node -e 0', args: ['-e', '0'] };

for (const alias of CODEX_ALIASES) {
  const world = await makeWorld(alias, 'npm');
  try {
    race(`${alias}, healthy home`, world, [
      BARE,
      { name: 'steward --version', args: [STEWARD, '--version'], target: 1.5 },
      { name: 'steward --help', args: [STEWARD, '--help'] },
      { name: 'steward doctor', args: [STEWARD, 'doctor'], target: 10 },
    ]);
  } finally {
    await world.remove();
  }
}

const few = await makePoolOf(3);
const many = await makePoolOf(1_000);
try {
  const with3 = { CODEX_HOME: few.path };
  const with1000 = { CODEX_HOME: many.path };
  const status = [STEWARD, 'auth', 'status'];
  const forecast = [STEWARD, 'auth', 'forecast'];
  const env = { PATH: process.env.PATH ?? '', HOME: few.path };
  race('accounts', { env, project: few.path }, [
    BARE,
    { name: 'status, 3', args: status, env: with3, target: 2 },
    { name: 'status --json, 3', args: [...status, '--json'], env: with3, target: 2 },
    { name: 'status, 1,000', args: status, env: with1000, target: 2, extraMs: 100 },
    { name: 'status --json, 1,000', args: [...status, '--json'], env: with1000, target: 2, extraMs: 100 },
    { name: 'list, 1,000', args: [STEWARD, 'auth', 'list'], env: with1000, target: 2, extraMs: 100 },
    { name: 'forecast, 3', args: forecast, env: with3 },
    { name: 'forecast, 1,000', args: forecast, env: with1000, target: 2, extraMs: 100 },
  ]);
} finally {
  await few.remove();
  await many.remove();
}

function race(
  title: string,
  place: { readonly env: Readonly<Record<string, string>>; readonly project: string },
  contenders: readonly Contender[],
): void {
  const times = contenders.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round += 1) {
    contenders.forEach(({ name, args, env }, index) => {
      const startedAt = process.hrtime.bigint();
      const ran = spawnSync(process.execPath, args, {
        env: { ...place.env, ...env },
        cwd: place.project,
        maxBuffer: 64 << 20,
      });
      const tookMs = Number(process.hrtime.bigint() - startedAt) / 1e6;
      if (ran.status !== 0) throw new Error(`${name} ended with ${ran.status}: ${ran.stdout}${ran.stderr}`);
      if (round > 0) times[index]?.push(tookMs); // the first round warms the file cache
    });
  }
  const medians = times.map(median);
  const bare = medians[0] ?? 1;
  console.log(`\n${title}, median of ${ROUNDS - 1}:`);
  contenders.forEach(({ name, target, extraMs = 0 }, index) => {
    const ms = medians[index] ?? 0;
    const allowed = extraMs === 0 ? `${target} ×` : `${target} × and ${extraMs} ms`;
    const verdict =
      target === undefined
        ? ''
        : `  (target ${allowed}: ${ms <= target * bare + extraMs ? 'met' : 'MISSED'})`;
    console.log(
      `  ${name.padEnd(20)} ${ms.toFixed(1).padStart(7)} ms  ${(ms / bare).toFixed(2).padStart(6)} ×${verdict}`,
    );
  });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
