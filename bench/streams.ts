/**
 * Many long streams at once: 1,000 of one event a second for a minute through the gateway, and the same events at the same
 * moments through a bare pipe on Node, each in its own process: what the machine does otherwise meets both. Targets: nothing lost,
 * nothing more than 100 ms later than through the pipe, less than 200 MB. BENCH_SECONDS and BENCH_STREAMS make it shorter.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type ReadStream, readStream } from './gateway/stream-reader.ts';

const SECONDS = Number(process.env.BENCH_SECONDS ?? 60);
const STREAMS = Number(process.env.BENCH_STREAMS ?? 1000);
/** Opening a thousand at once is another question; so the ticks lie spread over the second, too. */
const RAMP_MS = 5000;
const LATE_MS = 100;
const MOST_BYTES = 200_000_000;
const root = fileURLToPath(new URL('..', import.meta.url));
const out = join(root, 'node_modules', '.bench', 'stream-children');

interface Way {
  readonly name: string;
  readonly port: number;
  readonly prefix: string;
  readonly process: ChildProcess;
}

interface Footing {
  readonly cpu: NodeJS.CpuUsage;
  readonly rss: number;
}

await build({
  absWorkingDir: root,
  entryPoints: ['ticking-upstream', 'bare-pipe', 'steward-child'].map((name) => `bench/gateway/${name}.ts`),
  outdir: out,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  format: 'esm',
  platform: 'node',
  packages: 'external',
});

const children: ChildProcess[] = [];
try {
  const upstream = await startChild('ticking-upstream', String(SECONDS));
  const pipe = { ...(await startChild('bare-pipe', String(upstream.port))), name: 'bare pipe' };
  const gateway = { ...(await startChild('steward-child', String(upstream.port))), name: 'gateway' };
  await compare(pipe, gateway);
} finally {
  for (const child of children) child.kill();
}

async function compare(pipe: Way, gateway: Way): Promise<void> {
  console.log(
    `\n${STREAMS} streams of one event a second for ${SECONDS} s, the same events both ways at once`,
  );
  const ways = [pipe, gateway];
  const before = await Promise.all(ways.map(footingOf));
  const peaks = before.map(({ rss }) => rss);
  const look = async () => {
    for (const [index, way] of ways.entries())
      peaks[index] = Math.max(peaks[index] ?? 0, (await footingOf(way)).rss);
  };
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      await look();
      await wait(500);
    }
  })();
  const pairs = await Promise.all(
    Array.from({ length: STREAMS }, async (_, number) => {
      await wait((number * RAMP_MS) / STREAMS);
      return await Promise.all(ways.map(({ port, prefix }) => readStream(port, prefix, `pair-${number}`)));
    }),
  );
  isOver = true;
  await watching;
  const after = await Promise.all(ways.map(footingOf));
  for (const [index, { name }] of ways.entries()) {
    const cpu = cpuOf(after[index]) - cpuOf(before[index]);
    const streams = pairs.flatMap((pair) => pair[index] ?? []);
    const peak = `memory ${megabytes(before[index]?.rss)} → at most ${megabytes(peaks[index])} MB`;
    console.log(
      `  ${name.padEnd(10)} ${wordsOf(streams)}   ${peak}   ${(cpu / 1e4 / SECONDS).toFixed(1)} % of a core`,
    );
  }
  const over = pairs.flatMap(([bare, own]) =>
    (own?.took ?? []).map((ms, number) => ms - (bare?.took[number] ?? Number.NaN)),
  );
  const late = over.filter((ms) => ms > LATE_MS).length;
  const early = over.filter((ms) => ms < -LATE_MS).length;
  const lost = lostOf(pairs.flatMap(([, own]) => own ?? []));
  const { mid, p99, most } = spread(over);
  console.log(
    `  gateway over the pipe: median ${mid} ms, p99 ${p99} ms, most ${most} ms; the pipe ${early} times over ${LATE_MS} ms later; load ${loadavg()[0]?.toFixed(1)}`,
  );
  verdict(`nothing lost (${lost})`, lost === 0);
  verdict(`nothing over ${LATE_MS} ms later than through the pipe (${late})`, late === 0);
  verdict(`less than ${megabytes(MOST_BYTES)} MB (${megabytes(peaks[1])})`, (peaks[1] ?? 0) < MOST_BYTES);
}

function wordsOf(streams: readonly ReadStream[]): string {
  const took = streams.flatMap((each) => each.took);
  const { mid, p99, most } = spread(took);
  const slow = took.filter((ms) => ms > LATE_MS).length;
  return `${took.length} events, ${lostOf(streams)} lost   median ${mid} ms  p99 ${p99} ms  most ${most} ms  ${slow} over ${LATE_MS} ms`;
}

/** Events that did not come, came out of turn, or ends that did not. */
function lostOf(streams: readonly ReadStream[]): number {
  const lacking = streams.map(({ took, odd, isWhole }) => {
    const came = Object.keys(took).length; // holes do not count
    return SECONDS - came + odd + (isWhole ? 0 : 1);
  });
  return lacking.reduce((sum, each) => sum + each, 0);
}

function spread(values: readonly number[]) {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const at = (share: number) =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1);
  return { mid: at(0.5), p99: at(0.99), most: at(1) };
}

function verdict(target: string, isMet: boolean): void {
  console.log(`  target ${target}: ${isMet ? 'met' : 'MISSED'}`);
}

function megabytes(bytes: number | undefined): string {
  return ((bytes ?? 0) / 1e6).toFixed(0);
}

function cpuOf(footing: Footing | undefined): number {
  return footing === undefined ? 0 : footing.cpu.user + footing.cpu.system;
}

async function footingOf({ process: child }: Way): Promise<Footing> {
  child.send('footing');
  const [told]: Footing[] = await once(child, 'message');
  if (told === undefined) throw new Error('the child said nothing');
  return told;
}

async function startChild(name: string, argument: string): Promise<Way> {
  const child = fork(join(out, `${name}.mjs`), [argument], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  children.push(child);
  const [ready]: { port: number; prefix?: string }[] = await once(child, 'message');
  return { name, port: ready?.port ?? 0, prefix: ready?.prefix ?? '', process: child };
}
