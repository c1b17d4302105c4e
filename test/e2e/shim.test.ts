import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codexBinary } from '../support/real-codex.ts';

const STEWARD = fileURLToPath(new URL('../../dist/steward.cjs', import.meta.url));
let home: string;
let env: Record<string, string>;

function run(file: string, ...args: string[]) {
  const ran = spawnSync(file, args, { env, cwd: home, encoding: 'utf8' });
  return { code: ran.status, stdout: ran.stdout, stderr: ran.stderr };
}
const steward = (...args: string[]) => run(process.execPath, STEWARD, ...args);

beforeEach(() => {
  home = mkdtempSync('/var/tmp/steward-shim-');
  mkdirSync(join(home, '.codex'));
  mkdirSync(join(home, 'bin'));
  symlinkSync(codexBinary('codex-newest'), join(home, 'bin', 'codex'));
  env = {
    HOME: home,
    SHELL: '/bin/bash',
    PATH: `${join(home, 'bin')}:${dirname(process.execPath)}:/usr/bin:/bin`,
  };
  writeFileSync(join(home, '.bashrc'), '# mine\nalias ll="ls -l"');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

describe('steward shim', () => {
  it('C2: comes first in a new shell, starts the real Codex, and leaves every start-up file as it was when it goes', () => {
    const before = readFileSync(join(home, '.bashrc'), 'utf8');
    expect(steward('shim', 'status').code).toBe(0);
    expect(steward('shim', 'install', '--dry-run').stdout).toContain('Would:');
    expect(readFileSync(join(home, '.bashrc'), 'utf8')).toBe(before);

    const installed = steward('shim', 'install', '--json');
    expect(installed.code).toBe(0);
    expect(JSON.parse(installed.stdout)).toMatchObject({
      command: 'shim install',
      outcome: { kind: 'repaired' },
    });
    const shell = run(
      '/bin/bash',
      '-ic',
      `command -v codex; codex --version; node ${STEWARD} shim status --json`,
    );
    const [where, version, ...json] = shell.stdout.trim().split('\n');
    expect(where).toBe(join(home, '.local/share/codex-steward/bin/codex'));
    expect(version).toBe('codex-cli 0.169.0');
    expect(JSON.parse(json.join('\n'))).toMatchObject({ state: 'active', first: { isShim: true } });
    expect(steward('shim', 'install').stdout).toContain('in place already');

    expect(steward('shim', 'uninstall').code).toBe(0);
    expect(readFileSync(join(home, '.bashrc'), 'utf8')).toBe(before);
    expect(steward('undo').code).toBe(0);
    expect(run('/bin/bash', '-ic', 'codex --version').stdout).toBe('codex-cli 0.169.0\n');
    expect(readFileSync(join(home, '.bashrc'), 'utf8')).toContain('codex-steward');
  });

  it('says that another codex comes first', () => {
    steward('shim', 'install');
    const status = steward('shim', 'status', '--json');
    expect(status.code).toBe(1);
    expect(JSON.parse(status.stdout)).toMatchObject({
      state: 'shadowed',
      first: { path: join(home, 'bin/codex') },
    });
  });

  it('refuses to overwrite a program that is not a shim of ours', () => {
    const folder = join(home, '.local/share/codex-steward/bin');
    execFileSync('mkdir', ['-p', folder]);
    writeFileSync(join(folder, 'codex'), '#!/bin/sh\necho mine\n', { mode: 0o755 });
    const ran = steward('shim', 'install', '--json');
    expect(ran.code).toBe(1);
    expect(JSON.parse(ran.stdout)).toMatchObject({ error: { code: 'ERR_SHIM_FOREIGN_FILE' } });
    expect(readFileSync(join(folder, 'codex'), 'utf8')).toContain('echo mine');
  });

  it('says what to do when there is no official codex', () => {
    rmSync(join(home, 'bin/codex'));
    const ran = steward('shim', 'install', '--json');
    expect(ran.code).toBe(1);
    expect(JSON.parse(ran.stdout)).toMatchObject({ error: { code: 'ERR_SHIM_NO_CODEX' } });
  });
});
