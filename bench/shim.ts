/**
 * What the shim costs: `codex --version` through it, beside the official native program and the official npm launcher; and a
 * session that it sends to a running gateway, beside the same program started alone. Interleaved, median of many starts.
 * Targets: less than 10 ms over the native program, and faster than the launcher.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { renderPosixShim } from '../src/shim/script-posix.ts';
import { makePoolOf } from '../test/support/pool-of.ts';
import { CODEX_ALIASES, type CodexAlias, codexBinary, codexLauncher } from '../test/support/real-codex.ts';

const STEWARD = fileURLToPath(new URL('../dist/steward.cjs', import.meta.url));
const ROUNDS = 41;
const MOST_EXTRA_MS = 10;

interface Contender {
  readonly name: string;
  readonly argv: readonly [string, ...string[]];
}

const home = await makePoolOf(2);
const env = { HOME: home.path, CODEX_HOME: home.path, PATH: `${dirname(process.execPath)}:/usr/bin:/bin` };
let isMissed = false;
try {
  for (const alias of CODEX_ALIASES) {
    const native = codexBinary(alias);
    race(`${alias} --version`, [
      { name: 'native', argv: [native, '--version'] },
      { name: 'shim', argv: [writeShim(alias, native), '--version'] },
      { name: 'npm launcher', argv: [process.execPath, codexLauncher(alias), '--version'] },
    ]);
  }
  const started = spawnSync(process.execPath, [STEWARD, 'gateway', 'start'], { env });
  if (started.status !== 0) throw new Error(`the gateway does not start: ${started.stderr}`);
  race('a session, the gateway runs', [
    { name: 'program alone', argv: ['/bin/true', 'hi'] },
    { name: 'shim', argv: [writeShim('session', '/bin/true'), 'hi'] },
  ]);
} finally {
  spawnSync(process.execPath, [STEWARD, 'gateway', 'stop'], { env });
  await home.remove();
}
process.exitCode = isMissed ? 1 : 0;

function writeShim(name: CodexAlias | 'session', native: string): string {
  const folder = join(home.path, 'shims', name);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'codex');
  const facts = {
    folder,
    node: process.execPath,
    steward: STEWARD,
    native,
    launcherEnv: {},
    toolsFolder: null,
  };
  writeFileSync(path, renderPosixShim(facts), { mode: 0o755 });
  return path;
}

/** The first is what the others are held against. */
function race(title: string, contenders: readonly Contender[]): void {
  const times = contenders.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round += 1) {
    contenders.forEach(({ name, argv: [file, ...args] }, index) => {
      const startedAt = process.hrtime.bigint();
      const ran = spawnSync(file, args, { env, cwd: home.path });
      const tookMs = Number(process.hrtime.bigint() - startedAt) / 1e6;
      if (ran.status !== 0) throw new Error(`${name} ended with ${ran.status}: ${ran.stderr}`);
      if (round > 0) times[index]?.push(tookMs); // the first round warms the file cache
    });
  }
  const medians = times.map(median);
  const bare = medians[0] ?? 1;
  const launcher = medians[2] ?? Number.POSITIVE_INFINITY;
  console.log(`\n${title}, median of ${ROUNDS - 1}:`);
  contenders.forEach(({ name }, index) => {
    const took = medians[index] ?? 0;
    const extra = `${(took - bare).toFixed(1)} ms more`;
    const isShim = name === 'shim';
    const isGood = took - bare < MOST_EXTRA_MS && took < launcher;
    if (isShim && !isGood) isMissed = true;
    const verdict = isShim
      ? `  ${isGood ? 'ok' : 'MISSED'}: under ${MOST_EXTRA_MS} ms more, faster than the launcher`
      : '';
    console.log(
      `  ${name.padEnd(14)} ${took.toFixed(1).padStart(6)} ms  ${(took / bare).toFixed(2)} ×  ${extra}${verdict}`,
    );
  });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
