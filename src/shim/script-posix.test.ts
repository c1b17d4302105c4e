import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DIRECT_SUBCOMMANDS, renderPosixShim } from './script-posix.ts';

let root: string;
const at = (...names: string[]) => join(root, ...names);

/** A program that says who it is, its arguments one a line, and the variables it was given. */
function writeProgram(path: string, name: string, more = ''): void {
  writeFileSync(
    path,
    `#!/bin/sh\necho ${name}\nfor a do echo "<$a>"; done\necho "by=$CODEX_MANAGED_BY_NPM"\n${more}`,
  );
  chmodSync(path, 0o755);
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "steward shim's-"));
  for (const folder of ['shim', 'bin', 'vendor', 'home/.codex/steward', 'home/.codex/multi-auth'])
    mkdirSync(at(folder), { recursive: true });
  writeProgram(at('vendor/codex'), 'native');
  writeProgram(at('bin/codex'), 'other');
  writeProgram(
    at('bin/node'),
    'node',
    'echo "$@" >> "$HOME/node-calls"\n[ -z "$FAKE_GATEWAY" ] || cp "$FAKE_GATEWAY" "$HOME/.codex/steward/gateway.json"\n',
  );
  writeFileSync(at('bin/steward.cjs'), '');
  const script = renderPosixShim({
    folder: at('shim'),
    node: at('bin/node'),
    steward: at('bin/steward.cjs'),
    native: at('vendor/codex'),
    launcherEnv: { CODEX_MANAGED_BY_NPM: '1' },
    toolsFolder: null,
  });
  writeFileSync(at('shim/codex'), script);
  chmodSync(at('shim/codex'), 0o755);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function codex(args: readonly string[], env: Record<string, string> = {}) {
  const ran = spawnSync(at('shim/codex'), args, {
    encoding: 'utf8',
    env: { HOME: at('home'), PATH: `${at('shim')}:${at('bin')}:/usr/bin:/bin`, ...env },
  });
  return { lines: ran.stdout.trimEnd().split('\n'), stderr: ran.stderr, code: ran.status };
}

function writePool(refreshTokens: number, text = 'x'): void {
  const accounts = Array.from({ length: refreshTokens }, () => ({ refreshToken: text }));
  writeFileSync(
    at('home/.codex/multi-auth/openai-codex-accounts.json'),
    JSON.stringify({ accounts }, null, 2),
  );
}

/** The gateway's file as the daemon writes it, for the process with that number. */
function gatewayFile(pid: number): string {
  return JSON.stringify({ version: 1, pid, baseUrl: 'http://127.0.0.1:4321/secret/v1' }, null, 2);
}

describe('the codex script', () => {
  it('starts the official program with the same words when there is one account', () => {
    writePool(1);
    expect(codex(['exec', 'say "hi"', '', '$HOME']).lines).toEqual([
      'native',
      '<exec>',
      '<say "hi">',
      '<>',
      '<$HOME>',
      'by=1',
    ]);
  });

  it.each([
    [
      ['auth', 'list', '--json'],
      ['<auth>', '<list>', '<--json>'],
    ],
    [
      ['multi', 'auth', 'status'],
      ['<auth>', '<status>'],
    ],
    [
      ['multi-auth', 'status'],
      ['<auth>', '<status>'],
    ],
    [['multiauth'], ['<auth>']],
    [
      ['remote-control', 'start'],
      ['<remote>', '<start>'],
    ],
    [
      ['--account', '2', 'exec', 'hi'],
      ['<run>', '<-->', '<--account>', '<2>', '<exec>', '<hi>'],
    ],
  ])('hands %j to steward', (args, expected) => {
    const { lines } = codex(args);
    expect(lines.slice(0, -1)).toEqual(['node', `<${at('bin/steward.cjs')}>`, ...expected]);
  });

  describe('with a gateway that runs', () => {
    // It has to look like the gateway to whoever reads its command line.
    let standIn: number;
    beforeEach(() => {
      const shell = execFileSync('/bin/sh', [
        '-c',
        'sh -c "sleep 30; : gateway serve" > /dev/null 2>&1 & echo $!',
      ]);
      standIn = Number(shell.toString());
      writeFileSync(at('home/.codex/steward/gateway.json'), gatewayFile(standIn));
    });
    afterEach(() => {
      process.kill(standIn);
    });

    it('lets steward find out whose accounts are meant where projects may have pools of their own', () => {
      writePool(2);
      for (const variable of ['CODEX_AUTH_PER_PROJECT_ACCOUNTS=1', 'CODEX_MULTI_AUTH_SYNC_CODEX_CLI=0']) {
        const [name = '', value = ''] = variable.split('=');
        const { lines } = codex(['exec', 'hi'], { [name]: value });
        expect(lines.slice(0, -1), variable).toEqual([
          'node',
          `<${at('bin/steward.cjs')}>`,
          ...['<run>', '<-->', '<exec>', '<hi>'],
        ]);
      }
      expect(codex(['exec', 'hi'], { CODEX_AUTH_PER_PROJECT_ACCOUNTS: '0' }).lines[0]).toBe('native');
    });

    it('leaves it alone once rotation was switched off, unless a variable asks for it', () => {
      writeFileSync(
        at('home/.codex/multi-auth/settings.json'),
        JSON.stringify({ codexRuntimeRotationProxy: false }, null, 2),
      );
      expect(codex(['exec', 'hi']).lines).toEqual(['native', '<exec>', '<hi>', 'by=1']);
      const asked = codex(['exec', 'hi'], { CODEX_MULTI_AUTH_RUNTIME_ROTATION_PROXY: '1' });
      expect(asked.lines[1]).toBe('<-c>');
    });

    it('points a session at it', () => {
      expect(codex(['exec', 'hi']).lines).toEqual([
        'native',
        '<-c>',
        '<openai_base_url="http://127.0.0.1:4321/secret/v1">',
        '<exec>',
        '<hi>',
        'by=1',
      ]);
      expect(codex([]).lines[1]).toBe('<-c>');
      expect(codex(['-m', 'login', 'fix the login']).lines[1]).toBe('<-c>');
    });

    it('keeps the requests to it from going through a proxy', () => {
      writeProgram(at('vendor/codex'), 'native', 'echo "NO_PROXY=$NO_PROXY"\n');
      const seen = (env: Record<string, string>) => codex(['exec'], env).lines.at(-1);
      expect(seen({})).toBe('NO_PROXY=');
      expect(seen({ HTTPS_PROXY: 'http://p' })).toBe('NO_PROXY=');
      expect(seen({ HTTP_PROXY: 'http://p' })).toBe('NO_PROXY=127.0.0.1');
      expect(seen({ all_proxy: 'http://p', no_proxy: 'corp' })).toBe('NO_PROXY=corp,127.0.0.1');
      expect(seen({ HTTP_PROXY: 'http://p', NO_PROXY: 'a,b', no_proxy: 'c' })).toBe('NO_PROXY=a,b,127.0.0.1');
    });

    it.each([
      ...DIRECT_SUBCOMMANDS.filter((word) => word !== 'remote-control').map((word) => [[word, '--x']]),
      [['-m', 'gpt-5', 'login']],
      [['--version']],
      [['-c', 'openai_base_url="http://127.0.0.1:9/v1"', 'exec', 'hi']],
      [['--config=openai_base_url="http://127.0.0.1:9/v1"', 'exec', 'hi']],
    ])('starts %j without it', (args) => {
      expect(codex(args).lines).toEqual(['native', ...args.map((word) => `<${word}>`), 'by=1']);
    });

    it.each<Record<string, string>>([
      { CODEX_MULTI_AUTH_BYPASS: '1' },
      { CODEX_MULTI_AUTH_RUNTIME_ROTATION_PROXY: '0' },
    ])('starts without it when %j says so', (env) => {
      expect(codex(['exec'], env).lines).toEqual(['native', '<exec>', 'by=1']);
    });
  });

  it('starts the gateway for a second account, and uses what came up', () => {
    writePool(2);
    const file = at('file');
    writeFileSync(file, gatewayFile(process.pid));
    const { lines, stderr } = codex(['exec'], { FAKE_GATEWAY: file });
    expect(stderr).toContain('<gateway>\n<start>\n<--quiet>');
    // The process with that number is the test, not a gateway: its address is not believed.
    expect(lines).toEqual(['native', '<exec>', 'by=1']);
  });

  it('does not start it for one account, nor when rotation was switched off', () => {
    writePool(1);
    expect(codex(['exec']).stderr).toBe('');
    writePool(2);
    writeFileSync(
      at('home/.codex/multi-auth/settings.json'),
      '{\n  "pluginConfig": {\n    "codexRuntimeRotationProxy": false\n  }\n}',
    );
    expect(codex(['exec']).stderr).toBe('');
  });

  it('ignores the file of a gateway that died', () => {
    writeFileSync(at('home/.codex/steward/gateway.json'), gatewayFile(4_194_303));
    expect(codex(['exec']).lines).toEqual(['native', '<exec>', 'by=1']);
  });

  it('goes on to the next codex on PATH when the official program was moved', () => {
    rmSync(at('vendor/codex'));
    expect(codex(['exec']).lines.slice(0, 2)).toEqual(['other', '<exec>']);
    rmSync(at('bin/codex'));
    const { code, stderr } = codex(['exec']);
    expect(code).toBe(127);
    expect(stderr).toContain("run 'steward doctor'");
  });

  it('works without steward, but for the account commands', () => {
    rmSync(at('bin/steward.cjs'));
    writePool(2);
    expect(codex(['exec']).lines[0]).toBe('native');
    expect(codex(['remote-control', 'status']).lines).toEqual([
      'native',
      '<remote-control>',
      '<status>',
      'by=1',
    ]);
    const { code, stderr } = codex(['auth', 'list']);
    expect(code).toBe(127);
    expect(stderr).toContain('npm install -g codex-steward');
  });
});
