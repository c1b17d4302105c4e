import { mkdir, writeFile } from 'node:fs/promises';
import { strFromU8, unzipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCanaries } from '../../../test/support/canaries.ts';
import { makePlainHome, type PlainHome } from '../../../test/support/plain-home.ts';
import { resolveCodexHome } from '../../codex/home.ts';
import { finding } from '../../knowledge/finding.ts';
import { openDatabase } from '../../storage/sqlite.ts';
import { collectReport } from '../health-report.ts';
import { readMachineSecrets } from '../machine-secrets.ts';
import { createScrubber } from '../scrubber.ts';
import { type Bundle, createBundle } from './bundle.ts';
import { type Draft, draftBundle } from './contents.ts';
import { hasGaps } from './issue-body.ts';

const canaries = createCanaries();
const { key, refresh, jwt, word, email } = canaries;
const NOW = Date.UTC(2026, 6, 27, 9, 30);

let home: PlainHome;
beforeEach(async () => {
  home = await makePlainHome();
});
afterEach(() => home.remove());

/** A home with secrets in every file, log and database, and a failure in the log. */
async function plant(): Promise<Record<string, string>> {
  const tokens = { id_token: jwt('id'), access_token: jwt('access'), refresh_token: refresh('auth') };
  await home.write('auth.json', JSON.stringify({ OPENAI_API_KEY: key('auth'), tokens }));
  await home.write(
    'config.toml',
    `# token of ${email('comment')}: ${word('token in env')}\nmodel = "gpt-5.5"\n[mcp_servers.docs]\nargs = ["--token", "${word('arg')}"]\nenv = { GREETING = "${word('env of any name')}", DOCS_TOKEN = "${word('token in env')}" }\nhttp_headers = { "X-Docs" = "${word('header')}" }\n`,
  );
  await home.write('work.config.toml', `experimental_bearer_token = "${word('profile')}"\nnot toml at all\n`);

  await mkdir(`${home.path}/log`);
  const time = (n: number) => new Date(NOW - 60_000 + n).toISOString();
  const line = (n: number, text: string) => `${time(n)} ${text}\n`;
  await writeFile(
    `${home.path}/log/codex-tui.log`,
    [
      line(1, `INFO codex_core: thread_id=0198e2f4-1111-7222-8333-444455556666 starts for ${email('log')}`),
      line(
        2,
        `ERROR codex_core: stream error: unexpected status 401 Unauthorized: {"error":{"code":"token_expired"}}, url: https://chatgpt.com/backend-api/codex/responses, request id: req_0123456789abcdef, authorization: Bearer ${jwt('access')}, again ${Buffer.from(refresh('auth')).toString('base64')}`,
      ),
      line(
        3,
        `WARN other: plain ${word('arg').slice(2, 20)} and %${[...word('arg')].map((c) => c.charCodeAt(0).toString(16)).join('%')}`,
      ),
    ].join(''),
  );
  const db = await openDatabase(`${home.path}/logs_2.sqlite`);
  db.exec(
    'CREATE TABLE logs (id INTEGER PRIMARY KEY, ts INTEGER, ts_nanos INTEGER, level TEXT, target TEXT, feedback_log_body TEXT)',
  );
  db.run('INSERT INTO logs VALUES (1, ?, 0, ?, ?, ?)', [
    Math.floor(NOW / 1000) - 50,
    'ERROR',
    'codex_core',
    `cookie: ${word('cookie')}`,
  ]);
  await db.close();
  return {
    GITHUB_TOKEN: word('github'),
    HTTPS_PROXY: `http://ada:${word('proxy')}@127.0.0.1:9`,
    CODEX_API_KEY: key('env'),
  };
}

async function makeBundle(env: Record<string, string> = {}, extra: readonly string[] = []): Promise<Bundle> {
  const host = home.host({ env: { PATH: '', ...env }, now: () => NOW });
  const scope = { host, home: resolveCodexHome(host), signal: new AbortController().signal };
  const scrubber = createScrubber({ secrets: await readMachineSecrets(scope), userHome: home.userHome });
  const nothing = { unavailable: { code: 'ERR_TEST', message: `not asked, says ${key('auth')}` } };
  const doctor = {
    codexVersion: '0.169.0',
    findings: [
      finding('auth.token_expired', {
        subject: 'login',
        evidence: [{ source: 'log', where: `${home.path}/log`, what: `Bearer ${jwt('access')}` }],
      }),
    ],
  };
  const handedIn = {
    stewardVersion: '0.1.0',
    live: false,
    doctor,
    accounts: nothing,
    remote: nothing,
    gateway: nothing,
    shim: nothing,
    signals: nothing,
  };
  const collected = await collectReport(scope, handedIn, scrubber);
  const drafts = await draftBundle(scope, collected, extra);
  return createBundle(drafts, { scrubber, maxBytes: 1024 * 1024, now: NOW, stewardVersion: '0.1.0' });
}

describe('the bundle', () => {
  it('holds what helps and no secret in any form, of a home that is full of them', async () => {
    const env = await plant();
    const said = await home.write(
      'said.txt',
      `$ codex exec hi\n{"password":"${word('said')}"} ${key('env')}\n`,
    );
    const { zip, files } = await makeBundle(env, [said]);
    const unpacked = Object.entries(unzipSync(zip)).map(([name, bytes]) => [name, strFromU8(bytes)] as const);
    expect(unpacked.map(([name]) => name)).toEqual(files.map(({ name }) => name));
    for (const [name, text] of unpacked) expect(canaries.leaks(text), `${name}: ${text}`).toEqual([]);
    const all = Object.fromEntries(unpacked);
    expect(Object.keys(all)).toEqual(
      expect.arrayContaining([
        'README.md',
        'issue.md',
        'report.json',
        'logs/auth.token_expired.txt',
        'config/config.toml',
        'config/work.config.toml',
        'databases.json',
        'journal.json',
        'added/1.txt',
      ]),
    );
    expect(all['logs/auth.token_expired.txt']).toContain('request id: req_0123456789abcdef');
    expect(all['logs/auth.token_expired.txt']).toContain('thread_id=0198e2f4-1111-7222-8333-444455556666');
    expect(all['config/config.toml']).toContain('model = "gpt-5.5"');
    expect(JSON.parse(all['databases.json'] ?? '')).toMatchObject([
      { path: '~/.codex/logs_2.sqlite', tables: [{ name: 'logs', rows: 1 }] },
    ]);
    expect(all['added/1.txt']).toContain('$ codex exec hi');
    for (const name of files.map((file) => file.name))
      expect(all['README.md']).toContain(name === 'README.md' ? '#' : `\`${name}\``);
  });

  it('says in the official form what is known, and marks what only a person knows', async () => {
    await plant();
    const { files } = await makeBundle();
    const body = files.find(({ name }) => name === 'issue.md')?.text ?? '';
    expect([...body.matchAll(/^### (.*)$/gm)].map((match) => match[1])).toEqual([
      'What version of Codex CLI is running?',
      'What subscription do you have?',
      'Which model were you using?',
      'What platform is your computer?',
      'What terminal emulator and version are you using (if applicable)?',
      'What issue are you seeing?',
      'What steps can reproduce the bug?',
      'What is the expected behavior?',
      'Additional information',
    ]);
    expect(body).toContain('gpt-5.5');
    expect(body).toContain('Login expired');
    expect(body).toContain('- request id: req_0123456789abcdef');
    expect(hasGaps(body)).toBe(true);
  });

  const draft = (name: string, size: number, expendable: number): Draft => ({
    name,
    about: 'a test',
    content: { kind: 'text', text: 'words '.repeat(size / 6) },
    expendable,
  });
  const options = {
    scrubber: createScrubber({ secrets: [], userHome: '' }),
    maxBytes: 64 * 1024,
    now: NOW,
    stewardVersion: '0.1.0',
  };

  it('stays below its limit by leaving out the least needed first, and says so', () => {
    const { files, omitted } = createBundle(
      [draft('core', 6000, 0), draft('dear', 24_000, 1), draft('cheap', 60_000, 9)],
      options,
    );
    expect(files.map(({ name }) => name)).toEqual(['README.md', 'core', 'dear']);
    expect(omitted).toEqual([
      'cheap (60000 bytes) was left out: the bundle would be larger than 65536 bytes.',
    ]);
    expect(files[0]?.text).toContain(omitted[0]);
  });

  it('refuses where the core alone is too large', () => {
    expect(() => createBundle([draft('core', 60_000, 0)], options)).toThrow(
      expect.objectContaining({ code: 'ERR_BUNDLE_SIZE' }),
    );
  });

  it('writes nothing rather than a secret that the scrubber let through', () => {
    const leaky = { ...options.scrubber, hasSecret: (text: string) => text.includes('words words') };
    expect(() => createBundle([draft('core', 600, 0)], { ...options, scrubber: leaky })).toThrow(
      expect.objectContaining({
        code: 'ERR_BUNDLE_SECRET',
        message: 'core would hold a secret of this machine; nothing was written',
      }),
    );
  });

  it('is the same, byte for byte, for the same home at the same time', async () => {
    const env = await plant();
    const [first, second] = [await makeBundle(env), await makeBundle(env)];
    expect(Buffer.from(first.zip).equals(Buffer.from(second.zip))).toBe(true);
  });
});
