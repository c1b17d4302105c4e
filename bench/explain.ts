/**
 * `steward explain` on a 500 MB log, beside reading the same file with a bare Node loop in the same run: megabytes a second and
 * the highest memory. Targets: 50 MB/s, 150 MB.
 */
import { spawnSync } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';

const STEWARD = fileURLToPath(new URL('../dist/steward.cjs', import.meta.url));
const BYTES = 500 * 1024 * 1024;
const BARE = `for await (const _ of require('node:fs').createReadStream(process.argv[1], { highWaterMark: 1 << 20 })) {}`;
/** Tells the highest memory on the way out. */
const REPORT = `data:text/javascript,process.on('exit',()=>process.stderr.write('maxrss='+process.resourceUsage().maxRSS+'\\n'))`;

const folder = await mkdtemp('/var/tmp/steward-bench-');
try {
  const path = join(folder, 'codex.log');
  await writeLog(path);
  const { size } = await stat(path);
  const bare = run(['-e', `(async () => { ${BARE} })()`, path]);
  const explain = run(['--import', REPORT, STEWARD, 'explain', path, '--json']);
  const best = (JSON.parse(explain.stdout) as { matches: readonly { id: string }[] }).matches[0]?.id;
  const rssMb = Number(/maxrss=(\d+)/.exec(explain.stderr)?.[1]) / 1024;
  const speed = (ms: number) => size / 1024 / 1024 / (ms / 1000);
  const verdict = (met: boolean) => (met ? 'met' : 'MISSED');
  console.log(`\n${Math.round(size / 1024 / 1024)} MB log, best match ${best}:`);
  console.log(`  bare read          ${speed(bare.ms).toFixed(0).padStart(6)} MB/s`);
  console.log(
    `  steward explain    ${speed(explain.ms).toFixed(0).padStart(6)} MB/s  (${(explain.ms / bare.ms).toFixed(1)} × the time; target 50 MB/s: ${verdict(speed(explain.ms) >= 50)})`,
  );
  console.log(
    `  highest memory     ${rssMb.toFixed(0).padStart(6)} MB    (target 150 MB: ${verdict(rssMb <= 150)})`,
  );
} finally {
  await rm(folder, { recursive: true });
}

function run(args: readonly string[]): {
  readonly ms: number;
  readonly stdout: string;
  readonly stderr: string;
} {
  const startedAt = performance.now();
  const ran = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 1 << 26 });
  if (ran.status !== 0) throw new Error(`ended with ${ran.status}: ${ran.stderr}`);
  return { ms: performance.now() - startedAt, stdout: ran.stdout, stderr: ran.stderr };
}

/** Lines as Codex logs them, different in their numbers; one failure in ten thousand. */
async function writeLog(path: string): Promise<void> {
  const out = createWriteStream(path);
  for (let n = 0, bytes = 0; bytes < BYTES; ) {
    const lines: string[] = [];
    for (let k = 0; k < 5_000; k += 1, n += 1) {
      const time = new Date(Date.UTC(2026, 10, 1) + n * 37).toISOString();
      lines.push(
        n % 10_000 === 77
          ? `${time} ERROR codex_core::client: unexpected status 429 Too Many Requests: {"error":{"type":"usage_limit_reached","resets_at":1795269900}}, request id: ${n}`
          : `${time} INFO codex_core::turn: session=${n % 97} turn=${n} tokens_in=${(n * 7919) % 100_000} tool="shell" status=ok path=/srv/app/src/module_${n % 1013}.rs took ${n % 900} ms`,
      );
    }
    const text = `${lines.join('\n')}\n`;
    bytes += text.length;
    if (!out.write(text)) await new Promise<void>((resolve) => out.once('drain', resolve));
  }
  out.end();
  await finished(out);
}
