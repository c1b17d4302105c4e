/**
 * What the gateway costs: a POST of 8 KB answered by 42 small events, and the same over WebSocket, side by side with a
 * direct connection, a bare pipe on Node, and nginx where it is installed. Each in its own process, in turns, so that a busy
 * machine slows all alike. Targets: at 32 connections 0.85 of the bare pipe's throughput, at 1 connection 1.5 × its median.
 */
import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type LoadResult, loadHttp, loadWebSocket } from './gateway/load.ts';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const SECONDS = Number(process.env.BENCH_SECONDS ?? 2);
/** The compiler of the engine needs some thousand requests before a contender shows what it can. */
const WARM_SECONDS = 3;
const root = fileURLToPath(new URL('..', import.meta.url));
const out = join(root, 'node_modules', '.bench', 'gateway-children');

interface Contender {
  readonly name: string;
  readonly port: number;
  readonly prefix: string;
  readonly process: ChildProcess | null;
}

await build({
  absWorkingDir: root,
  entryPoints: ['upstream', 'bare-pipe', 'steward-child'].map((name) => `bench/gateway/${name}.ts`),
  outdir: out,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  format: 'esm',
  platform: 'node',
  packages: 'external',
});

const children: ChildProcess[] = [];
const folder = mkdtempSync(join(tmpdir(), 'steward-bench-'));
try {
  const upstream = await startChild('upstream', []);
  const direct: Contender = { ...upstream, name: 'direct', process: null };
  const pipe = { ...(await startChild('bare-pipe', [String(upstream.port)])), name: 'bare pipe' };
  const gateway = { ...(await startChild('steward-child', [String(upstream.port)])), name: 'gateway' };
  const nginx = await startNginx(upstream.port);
  for (const connections of [32, 1]) {
    const http = [direct, pipe, gateway, ...(nginx === null ? [] : [nginx])];
    await compare(`HTTP, ${connections} connection(s)`, http, connections, loadHttp);
    await compare(
      `WebSocket, ${connections} connection(s)`,
      [direct, pipe, gateway],
      connections,
      loadWebSocket,
    );
  }
  if (nginx === null) console.log('\n(nginx is not installed: not compared)');
} finally {
  for (const child of children) child.kill();
  rmSync(folder, { recursive: true, force: true });
}

async function compare(
  title: string,
  contenders: readonly Contender[],
  connections: number,
  load: typeof loadHttp,
) {
  const results = contenders.map((): LoadResult[] => []);
  const costs = contenders.map((): number[] => []);
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [index, { port, prefix }] of contenders.entries()) {
      const before = await cpuOf(contenders[index]?.process ?? null);
      const result = await load(port, prefix, connections, round === 0 ? WARM_SECONDS : SECONDS);
      if (round === 0) continue; // warms up
      results[index]?.push(result);
      costs[index]?.push(((await cpuOf(contenders[index]?.process ?? null)) - before) / result.requests);
    }
  }
  const pipe = contenders.findIndex(({ name }) => name === 'bare pipe');
  const rate = (result: LoadResult | undefined) =>
    result === undefined ? 0 : result.requests / result.seconds;
  console.log(`\n${title}: median of ${ROUNDS} rounds`);
  for (const [index, { name }] of contenders.entries()) {
    const own = results[index] ?? [];
    // Round by round against the pipe's neighbour round, then the median: what disturbs one disturbs the other.
    const rates = median(own.map((result, round) => rate(result) / rate(results[pipe]?.[round])));
    const times = median(own.map((result, round) => result.median / (results[pipe]?.[round]?.median ?? 1)));
    const cost = median(costs[index] ?? []);
    const isMet = connections > 1 ? rates >= 0.85 : times <= 1.5;
    const verdict =
      name !== 'gateway'
        ? ''
        : `  (target ${connections > 1 ? 'rate ≥ 0.85 ×' : 'median ≤ 1.5 ×'}: ${isMet ? 'met' : 'MISSED'})`;
    console.log(
      `  ${name.padEnd(10)} ${median(own.map(rate)).toFixed(0).padStart(7)}/s  ${rates.toFixed(2)} ×   ` +
        `median ${median(own.map((result) => result.median)).toFixed(2)} ms  ${times.toFixed(2)} ×   ` +
        `p99 ${median(own.map((result) => result.p99)).toFixed(2)} ms` +
        `${cost > 0 ? `   ${cost.toFixed(0)} µs of processor` : ''}${verdict}`,
    );
  }
}

/** Processor time of a contender so far, microseconds: tells what it costs even on a machine that is busy otherwise. */
async function cpuOf(child: ChildProcess | null): Promise<number> {
  if (child === null || child.channel == null) return 0;
  child.send('cpu');
  const [told]: { cpu: NodeJS.CpuUsage }[] = await once(child, 'message');
  return told === undefined ? 0 : told.cpu.user + told.cpu.system;
}

async function startChild(name: string, args: readonly string[]): Promise<Contender> {
  const child = fork(join(out, `${name}.mjs`), args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  children.push(child);
  const [ready]: { port: number; prefix?: string }[] = await once(child, 'message');
  return { name, port: ready?.port ?? 0, prefix: ready?.prefix ?? '', process: child };
}

/** One worker, as the others are one process; buffering off, as a proxy of streams needs it. */
async function startNginx(upstreamPort: number): Promise<Contender | null> {
  if (spawnSync('nginx', ['-v']).status !== 0) return null;
  const port = await freePort();
  const config = join(folder, 'nginx.conf');
  writeFileSync(
    config,
    `worker_processes 1; daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 1024; }
http { access_log off; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/f;
  uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s; keepalive_requests 10000000;
  upstream far { server 127.0.0.1:${upstreamPort}; keepalive 64; keepalive_requests 10000000; }
  server { listen 127.0.0.1:${port}; location / { proxy_pass http://far; proxy_http_version 1.1; proxy_set_header Connection "";
    proxy_buffering off; } } }`,
  );
  const child = spawn('nginx', ['-c', config, '-p', folder], { stdio: 'ignore' });
  children.push(child);
  for (let tries = 0; tries < 50; tries += 1) {
    try {
      await loadHttp(port, '', 1, 0);
      return { name: 'nginx', port, prefix: '', process: child };
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100)); // not listening yet
    }
  }
  return null;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return address !== null && typeof address === 'object' ? address.port : 0;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
