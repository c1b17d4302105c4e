/** `steward doctor` as a person or a script meets it: exit codes, the JSON contract, choices, consent without a terminal. */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { configure, configureTop } from '../faults/change.ts';
import { alter } from '../faults/local-state.ts';
import { treeOf } from '../support/fault-runner.ts';
import { type FaultWorld, makeWorld } from '../support/fault-world.ts';
import { CODEX_ALIASES, codexBinary, runProgram } from '../support/real-codex.ts';
import { doctorJson, idsOf, STEWARD, steward } from '../support/steward.ts';

let world: FaultWorld;
beforeAll(async () => {
  world = await makeWorld('codex-newest', 'npm');
});
afterEach(() => world.made.reset());
afterAll(() => world.remove());

/** A class A failure: repaired by a bare `--fix`. */
const breakIndex = () =>
  alter(
    join(world.codexHome, 'state_5.sqlite'),
    "UPDATE backfill_state SET status = 'running', updated_at = unixepoch() - 60",
  );
/** A class C failure: repaired with consent. */
const breakConfig = () => configureTop(world, 'sandbox_mode = "half-open"');

describe('exit codes', () => {
  test('are 0 for a healthy home and 1 for a problem, which a warning is not', async () => {
    expect(await doctorJson(world)).toMatchObject({ exitCode: 0, overallStatus: 'ok', findings: [] });
    await configure(world, '[mcp_servers.docs]\ncommand = "no-such-program-here"');
    expect(await doctorJson(world)).toMatchObject({ exitCode: 0, overallStatus: 'warning' });
    await breakConfig();
    const sick = await doctorJson(world);
    expect(sick).toMatchObject({ exitCode: 1, overallStatus: 'fail' });
    expect(idsOf(sick)).toEqual(['config.invalid_value', 'mcp.command_not_found']);
  });

  test.each([
    {
      args: ['doctor', '--only', 'remot'],
      says: /no failure, family or check is called "remot"[\s\S]*remote/,
    },
    { args: ['doctor', '--only', 'config.toml_sintax'], says: /Did you mean config\.toml_syntax\?/ },
    { args: ['doctor', '--only', 'context.window_exceeded,nope'], says: /"nope"/ },
    { args: ['doctor', '--only', ''], says: /check is called ""/ },
    { args: ['doctor', '--only'], says: /--only <id\.\.\.>' argument missing/ },
    {
      args: ['doctor', '--fixx'],
      says: /unknown option '--fixx' \(Did you mean --fix\?\)\n {2}→ steward doctor --help/,
    },
    { args: ['doctor', 'config'], says: /too many arguments/ },
    { args: ['doctr'], says: /unknown command 'doctr' \(Did you mean doctor\?\)/ },
    { args: ['history', '--fix'], says: /unknown option '--fix'/ },
    { args: ['lab', 'run', 'ok'], says: /missing required argument 'command'/ },
    { args: ['lab', 'run', 'mfa-requred', '--', 'codex'], says: /Did you mean mfa-required\b/ },
    { args: ['lab', 'start', 'nope'], says: /no scenario called "nope"/ },
    { args: ['lab', 'start', '--port', '99999'], says: /not a port number/ },
    { args: ['explain', '--last', 'text'], says: /--last reads the logs/ },
  ])('are 2 for wrong usage, with a way on: $args', async ({ args, says }) => {
    const before = await treeOf(world.codexHome);
    const ran = await steward(world, args);
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toMatch(says);
    expect(ran.stderr.split('\n').length, ran.stderr).toBeLessThan(8);
    const asJson = await steward(world, [...args.slice(0, 1), '--json', ...args.slice(1)]);
    if (args[0] !== 'lab') {
      expect(asJson).toMatchObject({ code: 2, stderr: '' });
      expect(JSON.parse(asJson.stdout)).toMatchObject({ schemaVersion: 1, error: { kind: 'user' } });
    }
    expect(await treeOf(world.codexHome)).toEqual(before);
  });

  test('are 0 for help and the version, and 2 for no command at all', async () => {
    expect(await steward(world, [])).toMatchObject({ code: 2, stdout: '' });
    for (const args of [['--help'], ['doctor', '--help'], ['help', 'doctor'], ['lab', 'run', '-h']]) {
      const ran = await steward(world, args);
      expect(ran).toMatchObject({ code: 0, stderr: '' });
      expect(ran.stdout).toMatch(/^Usage: steward /);
    }
    const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
    for (const flag of ['-V', '--version'])
      expect(await steward(world, [flag])).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' });
    expect((await steward(world, ['doctor', '--version'])).code).toBe(2);
  });
});

describe.each(CODEX_ALIASES)('--json with %s', (alias) => {
  test('A4: is a superset of the official report, with the same types', async () => {
    const other = await makeWorld(alias, alias === 'codex-newest' ? 'standalone' : 'npm');
    try {
      const env = { ...other.env, HTTPS_PROXY: 'http://127.0.0.1:9', HTTP_PROXY: 'http://127.0.0.1:9' };
      const ran = await runProgram(codexBinary(alias), ['doctor', '--json'], { env, cwd: other.project });
      const official = JSON.parse(ran.stdout) as Record<string, unknown>;
      const ours = (await doctorJson(other)) as unknown as Record<string, unknown>;
      expect(shapeDifferences(official, ours, '')).toEqual([]);
      expect(ours).toMatchObject({ schemaVersion: 1, command: 'doctor', codexHome: other.codexHome });
    } finally {
      await other.remove();
    }
  });
});

describe('the JSON report', () => {
  test('has findings with every field of the contract', async () => {
    await breakConfig();
    const { findings } = await doctorJson(world, ['--only', 'config.invalid_value']);
    expect(findings).toEqual([
      {
        id: 'config.invalid_value',
        subject: expect.any(String),
        severity: 'fail',
        title: expect.any(String),
        cause: expect.stringContaining('half-open'),
        evidence: expect.arrayContaining([
          {
            source: expect.any(String),
            where: expect.stringMatching(/config\.toml:1\b/),
            what: expect.any(String),
          },
        ]),
        confidence: expect.toSatisfy((value: number) => value > 0 && value <= 1),
        fixClass: 'C',
        actor: 'steward',
        fix: {
          summary: expect.any(String),
          command: 'steward doctor --fix --only config.invalid_value',
          automatic: false,
          steps: expect.any(Array),
          repairId: expect.any(String),
        },
        references: expect.any(Array),
      },
    ]);
  });

  test('is one object on standard output and nothing else, whatever else is asked for', async () => {
    await breakConfig();
    for (const args of [['--verbose'], ['--dry-run'], ['--fix'], ['--fix', '--dry-run', '--yes']]) {
      const ran = await steward(world, ['doctor', '--json', ...args], { env: { FORCE_COLOR: '1' } });
      expect(ran).toMatchObject({ code: 1, stderr: '' });
      expect(ran.stdout).not.toContain('\u001b');
      expect(JSON.parse(ran.stdout).command).toBe('doctor');
    }
    const refused = await steward(world, ['undo', 'nope', '--json']);
    expect(refused).toMatchObject({ code: 1, stderr: '' });
    expect(JSON.parse(refused.stdout)).toMatchObject({ command: 'undo', kind: 'refused' });
  });
});

test('--only picks by failure, family and check, in each form of a list', async () => {
  await breakConfig();
  await configure(world, '[mcp_servers.docs]\ncommand = "no-such-program-here"');
  const both = ['config.invalid_value', 'mcp.command_not_found'];
  const only = async (...args: string[]) => [...idsOf(await doctorJson(world, args))].sort();
  expect(await only('--only', 'mcp')).toEqual(['mcp.command_not_found']);
  expect(await only('--only', 'config.invalid_value')).toEqual(['config.invalid_value']);
  expect(await only('--only', 'steward.mcp')).toEqual(['mcp.command_not_found']);
  expect(await only('--only', 'mcp,config')).toEqual(both);
  expect(await only('--only', 'mcp', 'config')).toEqual(both);
  expect(await only('--only', 'mcp', '--only', 'config')).toEqual(both);
  expect(await only('--only', 'auth')).toEqual([]);
});

describe('repairs', () => {
  test('--dry-run lists each change and makes none', async () => {
    await breakConfig();
    await breakIndex();
    const before = await treeOf(world.root);
    const report = await doctorJson(world, ['--fix', '--yes', '--dry-run']);
    expect(report.dryRun).toBe(true);
    expect(report.repairs?.map(({ result }) => result)).toEqual(['planned', 'planned']);
    for (const { steps, journalId } of report.repairs ?? []) {
      expect(steps.length).toBeGreaterThan(0);
      expect(journalId).toBeNull();
    }
    const text = await steward(world, ['doctor', '--dry-run']);
    expect(text.stdout).toMatch(/○ would: [\s\S]*config\.toml/);
    expect(text.stdout).toMatch(/steward doctor --fix {2}makes these changes/);
    expect(await treeOf(world.root)).toEqual(before);
    expect((await steward(world, ['history'])).stdout).toMatch(/Nothing was changed/);
  });

  test('a bare --fix without a terminal does what is safe, declines the rest and says how to get it', async () => {
    await breakConfig();
    await breakIndex();
    const config = await readFile(join(world.codexHome, 'config.toml'));
    const ran = await steward(world, ['doctor', '--fix']);
    expect(ran.code).toBe(1);
    expect(ran.stdout).toMatch(/✔ [^\n]*state\.backfill_timeout/);
    expect(ran.stdout).toMatch(/– left alone: [^\n]*config\.invalid_value[\s\S]*add --yes/);
    expect(await readFile(join(world.codexHome, 'config.toml'))).toEqual(config);
    expect(idsOf(await doctorJson(world))).toEqual(['config.invalid_value']);
    const consented = await doctorJson(world, ['--fix', '--yes']);
    expect(consented).toMatchObject({ exitCode: 0, findings: [] });
    expect(consented.repairs).toMatchObject([{ id: 'config.invalid_value', result: 'repaired' }]);
  });

  test('--fix on a healthy home says that nothing is wrong and leaves no trace', async () => {
    const before = await treeOf(world.root);
    const ran = await steward(world, ['doctor', '--fix', '--yes']);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toMatch(/nothing wrong found/);
    expect(await treeOf(world.root)).toEqual(before);
    expect((await steward(world, ['history', '--json'])).stdout).toContain('"entries": []');
  });
});

describe('output', () => {
  test('is coloured only where colour is wanted', async () => {
    const coloured = async (env: Record<string, string>) =>
      (await steward(world, ['doctor', '--only', 'auth'], { env })).stdout.includes('\u001b[');
    expect(await coloured({})).toBe(false);
    expect(await coloured({ FORCE_COLOR: '1' })).toBe(true);
    expect(await coloured({ FORCE_COLOR: '1', TERM: 'dumb' })).toBe(true);
    expect(await coloured({ FORCE_COLOR: '1', NO_COLOR: '1' })).toBe(false);
    expect(await coloured({ FORCE_COLOR: '0' })).toBe(false);
  });

  test.each([['doctor'], ['doctor --json'], ['lab list --json'], ['--help']])(
    'of "%s" may be cut off by its reader',
    async (line) => {
      const script = `"$0" "$1" ${line} 2>err.txt | head -c 1 > /dev/null; echo "\${PIPESTATUS[0]}"; cat err.txt`;
      const child = spawn('bash', ['-c', script, process.execPath, STEWARD], {
        cwd: world.project,
        env: world.env,
      });
      let said = '';
      child.stdout.on('data', (text) => {
        said += text;
      });
      await new Promise((resolve) => child.on('close', resolve));
      expect(said).toBe('0\n');
    },
  );

  test('goes on when standard error or input is closed', async () => {
    const script = '"$0" "$1" doctor --only auth 2>&- <&-';
    const ran = await runProgram('bash', ['-c', script, process.execPath, STEWARD], {
      cwd: world.project,
      env: world.env,
    });
    expect(ran.code).toBe(0);
    expect(ran.stdout).toMatch(/nothing wrong found/);
  });
});

/** Where `ours` lacks a key of `official` or has another type; a status of a network probe may differ, its type may not. */
function shapeDifferences(official: unknown, ours: unknown, path: string): string[] {
  const kind = kindOf(official);
  // An official remediation is null or text, as the run has it.
  if (path.endsWith('.remediation')) return ours === null || typeof ours === 'string' ? [] : [path];
  if (kind !== kindOf(ours)) return [`${path}: ${kind} → ${kindOf(ours)}`];
  // What is in the details is the probe's own matter.
  if (kind !== 'object' || path.endsWith('.details')) return [];
  return Object.entries(official as object).flatMap(([key, value]) =>
    shapeDifferences(value, (ours as Record<string, unknown>)[key], `${path}.${key}`),
  );
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}
