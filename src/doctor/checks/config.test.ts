import { chmod, mkdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { chatgptAuthJson, TEST_ACCOUNT } from '../../../test/support/codex-home.ts';
import { makePlainHome, type PlainHome } from '../../../test/support/plain-home.ts';
import { carryOut, planOf } from '../../../test/support/plan.ts';
import type { Check } from '../check.ts';
import { configHomeCheck } from './config-home.ts';
import { configLoginCheck } from './config-login.ts';
import { configSyntaxCheck } from './config-syntax.ts';
import { configTrustCheck } from './config-trust.ts';
import { configValuesCheck } from './config-values.ts';

let home: PlainHome;
beforeEach(async () => {
  home = await makePlainHome();
});
afterEach(() => home.remove());

const config = () => readFile(join(home.path, 'config.toml'), 'utf8');

/** Breaks the file, finds that one fault, repairs it, and sees it gone. */
async function cure(check: Check, text: string | Buffer) {
  await home.write('config.toml', text);
  const found = await home.run(check);
  expect(found.status).toBe('problems');
  const [problem] = found.problems;
  const plan = await carryOut(problem);
  const after = await home.run(check);
  expect(after.problems.map(({ finding }) => finding.subject)).not.toContain(problem?.finding.subject);
  return { finding: problem?.finding, plan, text: await config() };
}

describe('config.toml_syntax', () => {
  test('a Windows path in double quotes gets single quotes, and nothing else changes', async () => {
    const { finding, plan, text } = await cure(
      configSyntaxCheck,
      '# mine\nmodel = "x"\nlog_dir = "C:\\Users\\ada\\log"   # here\n\n[tui]\ntheme = "dark"\n',
    );
    expect(finding).toMatchObject({ id: 'config.toml_syntax', severity: 'fail', fixClass: 'C' });
    expect(finding?.evidence[0]?.where).toBe(`${join(home.path, 'config.toml')}:3`);
    expect(finding?.cause).toContain('Line 3');
    expect(plan.repairId).toBe('config.toml_syntax.minimal-edit');
    expect(text).toBe(
      '# mine\nmodel = "x"\nlog_dir = \'C:\\Users\\ada\\log\'   # here\n\n[tui]\ntheme = "dark"\n',
    );
  });

  test('a table that is opened twice is merged into the first', async () => {
    const { text } = await cure(
      configSyntaxCheck,
      '[mcp_servers.a]\ncommand = "x"\n\n[tui]\ntheme = "d"\n\n[mcp_servers.a]\nargs = ["1"]\ncommand = "y"\n',
    );
    expect(text).toBe(
      '[mcp_servers.a]\ncommand = "x"\nargs = ["1"]\n# codex-steward: already set above: command = "y"\n\n[tui]\ntheme = "d"\n',
    );
  });

  test('several mistakes are cured one after the other', async () => {
    const { finding, text } = await cure(
      configSyntaxCheck,
      'model = gpt-5.5\r\nhello there\r\n[tui\r\ntheme = "dark\r\n',
    );
    expect(text).toBe(
      'model = "gpt-5.5"\r\n# codex-steward: the line is neither a table header nor key = value\r\n# hello there\r\n[tui]\r\ntheme = "dark"\r\n',
    );
    expect(finding?.fix.summary).toMatch(/line 1: quote the text; line 2: comment it out/);
  });

  test('UTF-16 becomes UTF-8', async () => {
    const { plan, text } = await cure(configSyntaxCheck, Buffer.from('\ufeffmodel = "x"\r\n', 'utf16le'));
    expect(plan.repairId).toBe('config.toml_syntax.re-encode');
    expect(text).toBe('model = "x"\r\n');
  });

  test('what is no text at all is only moved aside', async () => {
    await home.write('config.toml', Buffer.from([0x00, 0x01, 0xff, 0x9d, 0x88]));
    const { problems } = await home.run(configSyntaxCheck);
    expect((await planOf(problems[0])).steps).toMatchObject([{ kind: 'move-aside' }]);
  });

  test.each([
    ['a folder', () => mkdir(join(home.path, 'config.toml')), 'EISDIR'],
    ['a link to itself', () => symlink('config.toml', join(home.path, 'config.toml')), 'ELOOP'],
  ])('%s in its place is found and moved aside', async (_title, make, code) => {
    await make();
    const { problems } = await home.run(configSyntaxCheck);
    expect(problems[0]?.finding).toMatchObject({
      id: 'config.toml_syntax',
      evidence: [{ what: expect.stringContaining(code) }],
    });
    expect((await planOf(problems[0])).steps).toMatchObject([{ kind: 'move-aside' }]);
  });

  test('200 MB in its place are found without being read', async () => {
    await home.write('config.toml', '');
    await truncate(join(home.path, 'config.toml'), 200 * 1024 * 1024);
    const { problems } = await home.run(configSyntaxCheck);
    expect(problems[0]?.finding.evidence[0]?.what).toContain('TOO_LARGE');
  });

  test("an administrator's file is reported to the administrator and not touched", async () => {
    const etc = join(home.userHome, 'root', 'etc', 'codex');
    await mkdir(etc, { recursive: true });
    await writeFile(join(etc, 'config.toml'), 'a = [\n');
    const { problems } = await home.run(configSyntaxCheck);
    expect(problems[0]?.finding).toMatchObject({ actor: 'admin', subject: join(etc, 'config.toml') });
    expect(problems[0]?.plan).toBeUndefined();
  });

  test('a file that we may not read is not called fine', async () => {
    await home.write('config.toml', 'model = "x"\n');
    await chmod(join(home.path, 'config.toml'), 0o000);
    const result = await home.run(configSyntaxCheck);
    // Root reads everything: then it is simply a good file.
    expect(result.status).toBe(process.getuid?.() === 0 ? 'ok' : 'skipped');
  });

  test('no file at all is fine', async () => {
    expect(await home.run(configSyntaxCheck)).toMatchObject({ status: 'ok', problems: [] });
  });
});

describe('config.invalid_value and config.deprecated_field', () => {
  test('an evident value is corrected in its place', async () => {
    const { finding, text } = await cure(
      configValuesCheck,
      '[tui]\nanimations = "false" # calm\ntheme = "d"\n',
    );
    expect(finding).toMatchObject({
      id: 'config.invalid_value',
      subject: 'tui.animations',
      evidence: [{ source: 'config', where: `${join(home.path, 'config.toml')}:2` }],
    });
    expect(text).toBe('[tui]\nanimations = false # calm\ntheme = "d"\n');
  });

  test('a value without evident form becomes a comment with its reason', async () => {
    const { text } = await cure(
      configValuesCheck,
      'model = "x"\napproval_policy = "always"\n[tui]\ntheme = "d"\n',
    );
    expect(text).toBe(
      'model = "x"\n# codex-steward: not one of untrusted, on-failure, on-request, never\n# approval_policy = "always"\n[tui]\ntheme = "d"\n',
    );
  });

  test('a server that cannot be started or called goes with its sub-tables', async () => {
    const { text } = await cure(
      configValuesCheck,
      '[mcp_servers.a]\nenabled = true\n\n[mcp_servers.a.env]\nA = "b"\n\n[tui]\ntheme = "d"\n',
    );
    expect(text).toBe(
      '# codex-steward: a server without command and url cannot be used\n# [mcp_servers.a]\n# enabled = true\n\n# [mcp_servers.a.env]\n# A = "b"\n\n[tui]\ntheme = "d"\n',
    );
  });

  test('wire_api = "chat" is a deprecated field with a successor', async () => {
    const { finding, text } = await cure(
      configValuesCheck,
      '[model_providers.p]\nname = "p"\nwire_api = "chat"\n',
    );
    expect(finding?.id).toBe('config.deprecated_field');
    expect(text).toContain('wire_api = "responses"');
  });

  test('a file that the configuration names has to be there', async () => {
    await home.write('instructions.md', 'be brief');
    await home.write('config.toml', 'model_instructions_file = "instructions.md"\n');
    expect((await home.run(configValuesCheck)).problems).toEqual([]);
    const { finding } = await cure(configValuesCheck, 'model_instructions_file = "/nowhere/x.md"\n');
    expect(finding).toMatchObject({
      id: 'config.invalid_value',
      cause: expect.stringContaining('/nowhere/x.md'),
    });
  });

  test('every refused entry is named, not only the first', async () => {
    await home.write(
      'config.toml',
      'hide_agent_reasoning = "no"\nsandbox_mode = "full"\n[projects."/x"]\ntrust_level = "yes"\n',
    );
    const { problems } = await home.run(configValuesCheck);
    expect(problems.map(({ finding }) => finding.subject)).toEqual([
      'sandbox_mode',
      'hide_agent_reasoning',
      'projects."/x".trust_level',
    ]);
  });

  test('a plan is refused when the file was changed in between', async () => {
    await home.write('config.toml', 'sandbox_mode = "full"\n');
    const { problems } = await home.run(configValuesCheck);
    await home.write('config.toml', 'sandbox_mode = "half"\n');
    expect(await problems[0]?.plan?.()).toMatchObject({
      refused: expect.stringContaining('changed a moment ago'),
    });
  });
});

describe('config.forced_login_mismatch', () => {
  test('a ChatGPT login where a key is enforced would be signed out: found, and the setting removed', async () => {
    await home.write('auth.json', chatgptAuthJson());
    const { finding, text } = await cure(configLoginCheck, 'forced_login_method = "api"\nmodel = "x"\n');
    expect(finding).toMatchObject({ id: 'config.forced_login_mismatch', subject: 'forced_login_method' });
    expect(finding?.evidence[0]?.where).toContain('config.toml:1');
    expect(text).not.toContain('forced_login_method');
  });

  test('another workspace than the enforced one is found; the right one is not', async () => {
    await home.write('auth.json', chatgptAuthJson());
    await home.write(
      'config.toml',
      `forced_chatgpt_workspace_id = ["${TEST_ACCOUNT.accountId}"]\nforced_login_method = "chatgpt"\n`,
    );
    expect(await home.run(configLoginCheck)).toMatchObject({ status: 'ok', problems: [] });
    await cure(configLoginCheck, 'forced_chatgpt_workspace_id = "other"\n');
  });

  test('enforced by the administrator: theirs to change', async () => {
    const etc = join(home.userHome, 'root', 'etc', 'codex');
    await mkdir(etc, { recursive: true });
    await writeFile(join(etc, 'managed_config.toml'), 'forced_login_method = "chatgpt"\n');
    await home.write('auth.json', '{"OPENAI_API_KEY":"sk-x"}');
    const { problems } = await home.run(configLoginCheck);
    expect(problems[0]?.finding.actor).toBe('admin');
    expect(problems[0]?.plan).toBeUndefined();
  });
});

describe('config.home_invalid', () => {
  const withHome = (value: string, more: Record<string, string> = {}) => ({
    env: { CODEX_HOME: value, ...more },
  });

  test('a missing folder is found, and made where no other is in use', async () => {
    const wanted = join(home.userHome, 'codex-home');
    const inUse = await home.run(configHomeCheck, withHome(wanted));
    expect(inUse.problems[0]?.finding).toMatchObject({
      id: 'config.home_invalid',
      subject: 'CODEX_HOME',
      severity: 'fail',
    });
    expect(inUse.problems[0]?.plan).toBeUndefined(); // ~/.codex is there: which one is meant is not ours to say

    const elsewhere = { userHome: join(home.userHome, 'work'), ...withHome(wanted) };
    await carryOut((await home.run(configHomeCheck, elsewhere)).problems[0]);
    expect((await home.run(configHomeCheck, elsewhere)).status).toBe('ok');
  });

  test.each([
    ['quotes', (path: string) => `"${path}"`],
    ['a space at its end', (path: string) => `${path} `],
  ])(
    '%s that came through are named, with the folder that is meant and the line that sets it',
    async (_title, spell) => {
      await writeFile(join(home.userHome, '.bashrc'), `# mine\nexport CODEX_HOME='${spell(home.path)}'\n`);
      const { problems } = await home.run(configHomeCheck, withHome(spell(home.path)));
      expect(problems[0]?.finding.cause).toContain(`${home.path} exists`);
      expect(problems[0]?.finding.fix.steps[0]).toContain(`.bashrc:2`);
    },
  );

  test('a literal tilde is named', async () => {
    const { problems } = await home.run(configHomeCheck, withHome('~/.codex'));
    expect(problems[0]?.finding.cause).toContain(`${home.path} exists`);
  });

  test('a file, a relative path and a temporary folder are named for what they are', async () => {
    await writeFile(join(home.userHome, 'file'), '');
    const cause = async (value: string, more = {}) =>
      (await home.run(configHomeCheck, withHome(value, more))).problems[0]?.finding;
    expect(await cause(join(home.userHome, 'file'))).toMatchObject({
      severity: 'fail',
      cause: expect.stringContaining('which is a file'),
    });
    await mkdir(join(home.userHome, 'work', 'rel'));
    expect(await cause('rel')).toMatchObject({
      severity: 'warn',
      cause: expect.stringContaining('relative path'),
    });
    expect(await cause(home.path, { TMPDIR: home.userHome })).toMatchObject({
      severity: 'warn',
      cause: expect.stringContaining('temporary folder'),
    });
  });

  test('a home that is named and good, and a default one that is not there yet, are fine', async () => {
    expect((await home.run(configHomeCheck, withHome(home.path))).problems).toEqual([]);
    expect(await home.run(configHomeCheck, { userHome: join(home.userHome, 'work') })).toMatchObject({
      status: 'ok',
    });
  });
});

describe('config.untrusted_dir', () => {
  test('a plain folder is no problem; a configuration that is ignored is worth a word', async () => {
    expect(await home.run(configTrustCheck)).toMatchObject({ status: 'ok', problems: [] });
    const work = join(home.userHome, 'work');
    await mkdir(join(work, '.codex'));
    await writeFile(join(work, '.codex', 'config.toml'), 'model = "x"\n');
    const { problems } = await home.run(configTrustCheck);
    expect(problems[0]?.finding).toMatchObject({
      id: 'config.untrusted_dir',
      severity: 'info',
      subject: work,
    });
    await home.write('config.toml', `[projects."${work}"]\ntrust_level = "trusted"\n`);
    expect((await home.run(configTrustCheck)).problems).toEqual([]);
  });
});
