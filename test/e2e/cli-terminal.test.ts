/** `steward doctor` with a person in front of it: colours, progress, the question before a change, and Ctrl-C. */
import { existsSync, readFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { configure, configureTop } from '../faults/change.ts';
import { treeOf } from '../support/fault-runner.ts';
import { type FaultWorld, makeWorld } from '../support/fault-world.ts';
import { doctorJson, idsOf, startSteward, steward } from '../support/steward.ts';
import { CTRL_C, plain, startAtTerminal, visibleLines } from '../support/terminal.ts';

const SPINNER = /[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/;

let world: FaultWorld;
beforeAll(async () => {
  world = await makeWorld('codex-newest', 'npm');
});
afterEach(() => world.made.reset());
afterAll(() => world.remove());

const configText = () => readFile(join(world.codexHome, 'config.toml'), 'utf8');

/**
 * An MCP server that never answers, ignores polite signals and has a child of its own. Gives back a function that waits
 * for both and tells their pids.
 */
async function configureStubbornServer(): Promise<() => Promise<readonly number[]>> {
  const pids = join(world.root, 'pids');
  await rm(pids, { force: true });
  const path = join(world.root, 'server.sh');
  await writeFile(
    path,
    `#!/bin/sh\ntrap '' INT TERM HUP\nsleep 300 &\necho "$$ $!" > '${pids}.new'; mv '${pids}.new' '${pids}'\nwait\nsleep 300\n`,
    { mode: 0o755 },
  );
  await configure(world, `[mcp_servers.docs]\ncommand = "${path}"\nstartup_timeout_sec = 20`);
  return async () => {
    while (!existsSync(pids)) await sleep(20);
    return (await readFile(pids, 'utf8')).trim().split(' ').map(Number);
  };
}

/** A dead process whose parent has not asked for it yet does nothing any more. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

describe('the verdict on a fix', () => {
  test('is asked for once, after a repair that held, and the count stands beside the finding', async () => {
    const fix = async () => {
      await writeFile(
        join(world.codexHome, 'config.toml'),
        '[tui]\nnotifications = true\nnotifications = false\n',
      );
      const run = startAtTerminal(world, ['doctor', '--fix', '--yes', '--only', 'config.toml_syntax']);
      await run.ended;
      return plain(run.written());
    };
    expect(await fix()).toContain('Did it help? steward signal config.toml_syntax works');
    const again = await fix();
    expect(again).toContain('worked 1 of 1 time here');
    expect(again).not.toContain('Did it help?');
  });
});

describe('the screen', () => {
  test('has colours, and a line of progress that is gone in the end', async () => {
    await configure(world, '[mcp_servers.docs]\ncommand = "/bin/sleep"\nargs = ["1"]');
    const run = startAtTerminal(world, ['doctor', '--live', '--only', 'mcp']);
    expect((await run.ended).code).toBe(0);
    expect(run.written()).toContain('\u001b[33m▲');
    expect(run.written()).toMatch(SPINNER);
    const lines = visibleLines(run.written());
    expect(lines.filter((line) => SPINNER.test(line))).toEqual([]);
    expect(lines.join('\n')).toContain('mcp.handshake_failed');
    expect(lines.filter((line) => line.length > 100)).toEqual([]);
  });

  test('is plain with NO_COLOR, and without redrawing on a dumb terminal', async () => {
    const grey = startAtTerminal(world, ['doctor'], { NO_COLOR: '1' });
    expect((await grey.ended).code).toBe(0);
    expect(grey.written()).not.toMatch(/\u001b\[\d*m/);
    const dumb = startAtTerminal(world, ['doctor'], { TERM: 'dumb' });
    expect((await dumb.ended).code).toBe(0);
    expect(dumb.written()).not.toContain('\u001b');
  });
});

describe('the question before a repair that needs consent', () => {
  const breakTwice = async () => {
    await configureTop(world, 'sandbox_mode = "half-open"\napproval_policy = "sometimes"');
    expect(idsOf(await doctorJson(world))).toEqual(['config.invalid_value', 'config.invalid_value']);
  };
  const questions = (written: string) => plain(written).match(/A backup is kept\. Do it\?/g)?.length ?? 0;

  test('shows each change, and is answered by y and n', async () => {
    await breakTwice();
    const run = startAtTerminal(world, ['doctor', '--fix']);
    await run.until(/Do it\?/);
    expect(plain(run.written())).toMatch(/• ~\/\.codex\/config\.toml: change one place/);
    expect(plain(run.written())).toMatch(/- \w+ = "(half-open|sometimes)"/);
    run.type('y');
    await run.until(/left alone|Do it\?[\s\S]*✔[\s\S]*Do it\?/);
    run.type('n');
    expect((await run.ended).code).toBe(1);
    expect(plain(run.written())).toMatch(/✔ [\s\S]*checked again: gone\. Undo: steward undo \S+/);
    expect(plain(run.written())).toContain('left alone');
    expect((await configText()).match(/^\w+ = "(half-open|sometimes)"/gm)).toHaveLength(1);
    expect((await doctorJson(world)).findings).toHaveLength(1);
  });

  test('means no when it is only confirmed', async () => {
    await breakTwice();
    const before = await treeOf(world.codexHome);
    const run = startAtTerminal(world, ['doctor', '--fix']);
    await run.until(/Do it\?/);
    run.type('\r');
    await run.until(/left alone[\s\S]*Do it\?/);
    run.type('\r');
    expect((await run.ended).code).toBe(1);
    expect(await treeOf(world.codexHome)).toEqual(before);
  });

  test.each([['Ctrl-C', CTRL_C]])(
    'is taken as "stop" by %s: exit 130, nothing changed',
    async (_name, key) => {
      await breakTwice();
      const before = await treeOf(world.codexHome);
      const run = startAtTerminal(world, ['doctor', '--fix']);
      await run.until(/Do it\?/);
      run.type(key);
      expect((await run.ended).code).toBe(130);
      expect(questions(run.written().slice(0, run.written().indexOf('Interrupted')))).toBeLessThan(3);
      expect(plain(run.written())).toContain('what was not asked yet is untouched');
      expect(run.written()).toContain('\u001b[?25h'); // the cursor is back
      expect(await treeOf(world.codexHome)).toEqual(before);
      expect((await steward(world, ['history'])).stdout).toMatch(/Nothing was changed/);
    },
  );

  test('leaves what was done before a Ctrl-C in effect, and undoable', async () => {
    await breakTwice();
    const before = await treeOf(world.codexHome);
    const run = startAtTerminal(world, ['doctor', '--fix']);
    await run.until(/Do it\?/);
    run.type('y');
    await run.until(/Do it\?[\s\S]*checked again: gone[\s\S]*Do it\?/);
    run.type(CTRL_C);
    expect((await run.ended).code).toBe(130);
    expect((await doctorJson(world)).findings).toHaveLength(1);
    expect((await steward(world, ['undo'])).code).toBe(0);
    expect(await treeOf(world.codexHome)).toEqual(before);
  });
});

describe('Ctrl-C while programs run', () => {
  test('at a terminal ends the run and everything that it had started', async () => {
    const started = await configureStubbornServer();
    const run = startAtTerminal(world, ['doctor', '--live', '--only', 'mcp,sandbox']);
    const pids = await started();
    await run.until(SPINNER);
    run.type(CTRL_C);
    expect((await run.ended).code).toBe(130);
    expect(visibleLines(run.written()).filter((line) => SPINNER.test(line))).toEqual([]);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('by %s to steward alone, too', async (signal) => {
    const started = await configureStubbornServer();
    const run = startSteward(world, ['doctor', '--live', '--json']);
    const pids = await started();
    run.child.kill(signal);
    expect(await run.ended).toMatchObject({ code: 130, stdout: '' });
    expect(pids.filter(isAlive)).toEqual([]);
  });
});
