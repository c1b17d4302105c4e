/**
 * `systemctl`, `launchctl` and `schtasks` as programs on PATH: they write down how they were called, read the description
 * that was written for them, and keep the process running as the real ones would.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface ServiceManagers {
  /** To be put first on PATH. */
  readonly bin: string;
  /** One line a call. */
  calls(): Promise<readonly string[]>;
  /** From now on the programs fail when they are to start something. */
  breakStart(): Promise<void>;
  /** Ends what is still running. */
  stop(): Promise<void>;
}

/** Restarts its program one second after it ended, until it is told to end. */
const SUPERVISOR = `
import { spawn } from 'node:child_process';
const { words, env } = JSON.parse(process.argv[2]);
let child;
let over = false;
const start = () => {
  child = spawn(words[0], words.slice(1), { env, stdio: 'ignore' });
  child.on('close', () => (over ? process.exit(0) : setTimeout(() => over || start(), 1000)));
};
process.on('SIGTERM', () => {
  over = true;
  if (child.exitCode !== null || child.signalCode !== null) process.exit(0);
  child.kill('SIGTERM');
});
start();
`;

const MANAGER = `const { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { spawn } = require('node:child_process');
const { join } = require('node:path');
const state = __dirname;
const [, , me, ...args] = process.argv;
appendFileSync(join(state, 'calls'), [me, ...args].join(' ') + '\\n');
const fail = (text) => { console.error(text); process.exit(1); };
const pidFile = (name) => join(state, encodeURIComponent(name) + '.pid');
const isAlive = (pid) => { try { process.kill(pid, 0); return true; } catch { return false; } };
const stop = (name) => {
  if (!existsSync(pidFile(name))) return false;
  const pid = Number(readFileSync(pidFile(name), 'utf8'));
  rmSync(pidFile(name));
  if (isAlive(pid)) process.kill(pid, 'SIGTERM');
  while (isAlive(pid)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  return true;
};
const start = (name, words, env) => {
  if (existsSync(join(state, 'broken'))) fail('Job for ' + name + ' failed because the control process exited.');
  const own = { HOME: process.env.HOME, PATH: '/usr/bin:/bin', ...env };
  const child = spawn(process.execPath, [join(state, 'supervisor.mjs'), JSON.stringify({ words, env: own })], { detached: true, stdio: 'ignore' });
  writeFileSync(pidFile(name), String(child.pid));
  child.unref();
};
const unquote = (text) => (text.startsWith('"') ? text.slice(1, -1).replace(/\\\\(.)/g, '$1') : text).replaceAll('%%', '%');
if (me === 'systemctl') {
  const [, verb, ...rest] = args;
  const unit = rest.find((word) => word.endsWith('.service'));
  const path = unit && join(process.env.XDG_CONFIG_HOME || join(process.env.HOME, '.config'), 'systemd/user', unit);
  if (verb === 'show-environment' && existsSync(join(state, 'absent'))) fail('Failed to connect to bus: No medium found');
  if (verb === 'enable' && !existsSync(path)) fail('Unit file ' + unit + ' does not exist.');
  if (verb === 'disable' && !stop(unit) && !existsSync(path)) fail('Unit file ' + unit + ' does not exist.');
  if (verb === 'restart') {
    stop(unit);
    const text = readFileSync(path, 'utf8');
    const words = /^ExecStart=(.*)$/m.exec(text)[1].match(/"(?:[^"\\\\]|\\\\.)*"|\\S+/g).map((word) => unquote(word).replaceAll('$$', '$'));
    const env = Object.fromEntries([...text.matchAll(/^Environment=(.*)$/gm)].map(([, pair]) => { const whole = unquote(pair); const at = whole.indexOf('='); return [whole.slice(0, at), whole.slice(at + 1)]; }));
    start(unit, words, env);
  }
} else if (me === 'launchctl') {
  const plain = (text) => text.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
  if (args[0] === 'bootstrap') {
    const text = readFileSync(args[2], 'utf8');
    const label = /<key>Label<\\/key>\\s*<string>(.*?)</.exec(text)[1];
    const name = args[1] + '/' + label;
    if (existsSync(pidFile(name))) fail('Bootstrap failed: 5: Input/output error');
    const strings = (block) => [...block.matchAll(/<string>(.*?)<\\/string>/g)].map(([, word]) => plain(word));
    const env = /EnvironmentVariables<\\/key>([\\s\\S]*?)<\\/dict>/.exec(text)[1];
    start(name, strings(/<array>([\\s\\S]*?)<\\/array>/.exec(text)[1]), Object.fromEntries([...env.matchAll(/<key>(.*?)<\\/key>\\s*<string>(.*?)<\\/string>/g)].map(([, key, value]) => [plain(key), plain(value)])));
  }
  if (args[0] === 'bootout' && !stop(args[1])) fail('Boot-out failed: 3: No such process');
} else if (me === 'schtasks') {
  const option = (name) => args[args.indexOf(name) + 1];
  const task = option('/TN');
  const saved = join(state, encodeURIComponent(String(task)) + '.xml');
  if (args[0] === '/Create') writeFileSync(saved, readFileSync(option('/XML'), 'utf8'));
  if (args[0] === '/Run') {
    const plain = /<Arguments>([\\s\\S]*?)<\\/Arguments>/.exec(readFileSync(saved, 'utf8'))[1].replaceAll('&quot;', '"').replaceAll('&amp;', '&');
    const script = /-Command "([\\s\\S]*)"$/.exec(plain)[1];
    const word = (text) => text.slice(1, -1).replaceAll("''", "'");
    const env = Object.fromEntries([...script.matchAll(/\\$env:(\\w+) = ('(?:[^']|'')*');/g)].map(([, name, value]) => [name, word(value)]));
    start(task, /& ((?:'(?:[^']|'')*' ?)+);?/.exec(script)[1].match(/'(?:[^']|'')*'/g).map(word), env);
  }
  if (args[0] === '/End' && !existsSync(saved)) fail('ERROR: The system cannot find the file specified.');
  if (args[0] === '/End') stop(task);
  if (args[0] === '/Delete') existsSync(saved) ? rmSync(saved) : fail('ERROR: The system cannot find the file specified.');
}
`;

/** Puts the three programs into a folder below that one. */
export async function makeServiceManagers(home: string): Promise<ServiceManagers> {
  const bin = join(home, 'managers');
  const state = join(home, 'managers-state');
  await mkdir(bin);
  await mkdir(state);
  await writeFile(join(state, 'supervisor.mjs'), SUPERVISOR);
  await writeFile(join(state, 'manager.cjs'), MANAGER);
  for (const name of ['systemctl', 'launchctl', 'schtasks']) {
    const script = `#!/bin/sh\nexec "${process.execPath}" "${state}/manager.cjs" ${name} "$@"\n`;
    await writeFile(join(bin, name), script, { mode: 0o755 });
  }
  const pids = async () => {
    const { readdir } = await import('node:fs/promises');
    const names = (await readdir(state)).filter((name) => name.endsWith('.pid'));
    return await Promise.all(names.map(async (name) => Number(await readFile(join(state, name), 'utf8'))));
  };
  return {
    bin,
    calls: async () => (await readFile(join(state, 'calls'), 'utf8')).trim().split('\n'),
    breakStart: () => writeFile(join(state, 'broken'), ''),
    stop: async () => {
      for (const pid of await pids()) {
        try {
          process.kill(pid, 'SIGTERM');
        } catch {
          // it has ended
        }
      }
    },
  };
}
