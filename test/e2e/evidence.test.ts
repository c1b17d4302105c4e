/** The evidence that is handed on, from what the real Codex leaves behind: a user's session, the conversation, the analysis. */
import { access, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { strFromU8, unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/storage/sqlite.ts';
import { configure, sql } from '../faults/change.ts';
import { createCanaries } from '../support/canaries.ts';
import { makeWorld } from '../support/fault-world.ts';
import { startGithubServer } from '../support/github-server.ts';
import { type LabWorld, makeLabWorld } from '../support/lab-world.ts';
import { CODEX_ALIASES } from '../support/real-codex.ts';
import { steward } from '../support/steward.ts';

async function bundleOf(
  { world }: LabWorld,
  ...more: readonly string[]
): Promise<Readonly<Record<string, string>>> {
  const path = join(world.root, 'bundle.zip');
  const ran = await steward(world, ['bundle', '--yes', '--out', path, ...more]);
  expect(ran.code, ran.stderr).toBe(0);
  const files = Object.entries(unzipSync(await readFile(path)));
  return { ...Object.fromEntries(files.map(([name, bytes]) => [name, strFromU8(bytes)])), shown: ran.stdout };
}

const call = (index: number, name: string, args: string) => ({
  type: 'function_call',
  id: `fc_${index}`,
  call_id: `call_${index}`,
  name,
  arguments: args,
});
const patch = (index: number, input: string) => ({
  type: 'custom_tool_call',
  id: `ctc_${index}`,
  call_id: `call_${index}`,
  name: 'apply_patch',
  input,
});
/** Words that only the conversation holds, in every place where the model and the person put words. */
const SPOKEN = [
  'zebra',
  'quince',
  'lantern',
  'gazelle',
  'marzipan',
  'thicket',
  'walrus',
  'bramble',
  'saffron',
];
const [PROMPT, REPLY, COMMAND, FILE, PATCH, BAD, BROKEN, MIDDLE, RULES] = SPOKEN as [string, ...string[]];
const TALK = [
  call(1, 'exec_command', `{"cmd":"cat note.txt ${COMMAND}; false"}`),
  call(2, 'shell_command', `{"command":"cat note.txt ${COMMAND}"}`),
  call(3, 'exec_command', `{"cmd": ${BROKEN}`),
  patch(4, `*** Begin Patch\n*** Update File: note.txt\n@@\n-${PATCH} was\n+${PATCH} is\n*** End Patch`),
  patch(5, `${BAD}, which is no patch`),
  {
    type: 'message',
    id: 'msg_6',
    role: 'assistant',
    content: [{ type: 'output_text', text: `first ${MIDDLE}`, annotations: [] }],
  },
];

describe.each(CODEX_ALIASES)('with %s', (alias) => {
  let lab: LabWorld;
  beforeAll(async () => {
    lab = await makeLabWorld(alias, 'sse-only');
  });
  afterAll(() => lab.remove());

  it('a bundle holds what failed and no word of what was said, run, read, patched or answered', async () => {
    const { world } = lab;
    await writeFile(join(world.project, 'note.txt'), `the ${FILE}\n`);
    await writeFile(join(world.project, 'AGENTS.md'), `Mind the ${RULES}.\n`);
    await lab.lab.control({ do: 'settings', patch: { reply: `then a ${REPLY}` } });
    await lab.nextAnswer(TALK);
    const ran = await lab.exec(`look at the ${PROMPT}`);
    await lab.nextAnswer(TALK);
    await lab.turn(`look at the ${PROMPT} again`);
    // What the terminal writes into its log, the command writes to standard error.
    await mkdir(join(world.codexHome, 'log'), { recursive: true });
    await writeFile(join(world.codexHome, 'log', 'codex-tui.log'), ran.stderr);
    for (const word of [REPLY, COMMAND, FILE, PATCH]) expect(ran.stderr, word).toContain(word);

    const { shown = '', ...files } = await bundleOf(lab);
    for (const [name, text] of Object.entries({ ...files, shown })) {
      for (const word of SPOKEN) expect(text.includes(word), `${word} in ${name}: ${text}`).toBe(false);
    }
    const logs = Object.entries(files).filter(([name]) => name.startsWith('logs/'));
    const text = logs.map(([, each]) => each).join('\n');
    expect(text).toMatch(/codex_core::tools::router: .*\(left out: it may quote the conversation\)/);
    expect(text).toMatch(/codex_api::endpoint::responses_websocket: .*failed to connect/);
    expect(text).toMatch(/thread_id=[0-9a-f-]{36}/);
    expect(shown).toContain('No conversation is in it');
  });

  it('steward issue --analyze has codex exec read the graph: read-only, by schema, leaving no session', async () => {
    const { world } = lab;
    const github = await startGithubServer();
    try {
      github.addIssue(1, { title: 'It fails', body: 'It fails. See #2.' });
      github.addIssue(2, { title: 'It works again' });
      const url = `${github.url}/o/r/issues/1`;
      const answer = { likelyCause: 'a cause', bestNextStep: 'a step', whatIsNotKnown: 'a gap' };
      const reply = JSON.stringify({ ...answer, sources: [url, 'https://github.com/made/up/issues/1'] });
      await lab.lab.control({ do: 'settings', patch: { reply } });
      const marks = ['exec_command', 'shell_command'].map((name) =>
        join(world.project, `written-by-${name}`),
      );
      await lab.nextAnswer([
        call(1, 'exec_command', `{"cmd":"touch ${marks[0]}"}`),
        call(2, 'shell_command', `{"command":"touch ${marks[1]}"}`),
      ]);
      const started = join(world.project, 'mcp-started');
      await configure(world, `[mcp_servers.mark]\ncommand = "touch"\nargs = ["${started}"]`);
      const sessions = () => readdir(join(world.codexHome, 'sessions'), { recursive: true });
      const before = await sessions();
      const ran = await steward(world, ['issue', 'o/r#1', '--analyze'], {
        env: { GITHUB_API_URL: github.url },
      });
      expect(ran.code, ran.stderr).toBe(0);
      expect(ran.stdout).toContain('## Analysis (written by a model, not checked)');
      expect(ran.stdout).toContain('Likely cause: a cause');
      expect(ran.stdout).toContain(`Sources: ${url} (1 that are not in the graph were left out)`);
      for (const mark of [...marks, started])
        await expect(access(mark)).rejects.toMatchObject({ code: 'ENOENT' });
      expect(await sessions()).toEqual(before);

      await lab.lab.control({ do: 'settings', patch: { reply: 'I would rather not.' } });
      const refused = await steward(world, ['issue', 'o/r#1', '--analyze'], {
        env: { GITHUB_API_URL: github.url },
      });
      expect(refused.code).toBe(3);
      expect(refused.stderr).toContain('codex exec gave an answer of another form');
    } finally {
      await github.close();
    }
  });
});

describe('secrets in the answers of servers', () => {
  const { key, refresh, jwt, word, email, leaks } = createCanaries();
  const said = (name: string) =>
    `token ${key(name)} of ${email(name)}: Bearer ${jwt(name)}, ${refresh(name)}, password=${word(name)}, ${Buffer.from(jwt(`${name} encoded`)).toString('base64')}`;

  it('of OpenAI: none is in the report, the bundle or the accounts, nor what the server echoes of our own', async () => {
    const lab = await makeLabWorld('codex-newest', 'ok');
    const { world } = lab;
    try {
      await configure(world, `[mcp_servers.docs]\ncommand = "x"\nenv = { DOCS = "${word('handed on')}" }`);
      const { tokens } = JSON.parse(await readFile(join(world.codexHome, 'auth.json'), 'utf8'));
      const echo = `${said('echo')} ${tokens.access_token} ${tokens.refresh_token} ${word('handed on')}`;
      for (const status of [401, 500]) {
        const json = { error: { code: 'token_expired', message: echo }, detail: echo, [key('member')]: echo };
        const headers = { 'set-cookie': `session=${word('cookie')}`, 'x-request-id': 'req_0123456789abcdef' };
        await lab.lab.control({ do: 'clear-faults' });
        const faults = [
          { match: { path: '**' }, effect: { kind: 'answer' as const, status, headers, json } },
        ];
        await lab.lab.control({ do: 'fault', faults });
        const args = status === 401 ? ['report', '--live', '--json'] : ['doctor', '--live', '--verbose'];
        const ran = await steward(world, args);
        expect(lab.lab.requests().filter((request) => request.status === status)).not.toEqual([]);
        const files = status === 401 ? await bundleOf(lab, '--live') : {};
        for (const [name, text] of Object.entries({ ran: ran.stdout + ran.stderr, ...files })) {
          expect(leaks(text), `${name}: ${text}`).toEqual([]);
          for (const token of [tokens.access_token, tokens.refresh_token])
            expect(text.includes(token.slice(-40, -20)), name).toBe(false);
        }
      }
    } finally {
      await lab.remove();
    }
  });

  it('of GitHub: none is in the report of an issue, as text or JSON, or in an error', async () => {
    const github = await startGithubServer();
    const world = await makeWorld('codex-newest', 'npm');
    try {
      github.addIssue(
        1,
        {
          title: said('title'),
          body: `${said('body')}\n\n\`\`\`\nError: ${said('code')}\n\`\`\`\n#2 #3`,
          labels: [{ name: said('label') }],
        },
        [{ body: `Workaround: set it to ${said('comment')}`, user: { login: email('login') } }],
      );
      github.once.set('/repos/o/r/issues/3', [{ status: 200, body: `<html>${said('page')}</html>` }]);
      const options = { env: { GITHUB_API_URL: github.url, GITHUB_TOKEN: word('github token') } };
      for (const args of [
        ['issue', 'o/r#1'],
        ['issue', 'o/r#1', '--json'],
        ['issue', 'o/r#2'],
      ]) {
        const ran = await steward(world, args, options);
        expect(leaks(ran.stdout + ran.stderr), ran.stdout + ran.stderr).toEqual([]);
      }
      github.once.set('/repos/o/r/issues/9', [{ status: 401, body: { message: said('refusal') } }]);
      expect(leaks((await steward(world, ['issue', 'o/r#9'], options)).stderr)).toEqual([]);
    } finally {
      await github.close();
      await world.remove();
    }
  });
});

describe('a session with a failure that nobody here can fix', () => {
  it('goes as docs/evidence.md shows it: failure, doctor, bundle, bug report', async () => {
    const lab = await makeLabWorld('codex-0.133', 'overloaded-503');
    try {
      Object.assign(lab.world.env, { TERM_PROGRAM: 'ghostty', TERM_PROGRAM_VERSION: '1.2.0' });
      // 0.133 does not always write down what became of the connection it makes ahead of the turn.
      for (let turns = 0; turns < 6 && !(await hasLoggedRefusal(lab)); turns += 1)
        await lab.turn('say hello');
      await asIfByOpenAi(lab);
      const doctor = await steward(lab.world, ['doctor', '--only', 'server.overloaded']);
      const { shown, ...files } = await bundleOf(lab);
      const page = await readFile(fileURLToPath(new URL('../../docs/evidence.md', import.meta.url)), 'utf8');
      const session = page.slice(page.indexOf('## A session'), page.indexOf('## What keeps secrets in'));
      const [shownDoctor = '', shownBundle = '', report = ''] = [
        ...session.matchAll(/^(`{3,})(?:console|markdown)\n([\s\S]*?)^\1$/gm),
      ].map((block) => block[2] ?? '');
      expectInOrder(doctor.stdout, shownDoctor.replace(/^\$.*\n/, ''));
      expectInOrder(shown ?? '', shownBundle.replace(/^\$.*\n/, ''));
      expectInOrder(files['issue.md'] ?? '', report);
    } finally {
      await lab.remove();
    }
  });
});

async function hasLoggedRefusal({ world }: LabWorld): Promise<boolean> {
  const db = await openDatabase(join(world.codexHome, 'logs_2.sqlite'), { busyTimeoutMs: 5000 });
  try {
    return db.all(`SELECT 1 FROM logs WHERE level = 'ERROR' AND target LIKE 'codex_api%'`).length > 0;
  } finally {
    await db.close();
  }
}

/** The lab stands on this machine, has no plugins, and is reached by no proxy: its traces become those of OpenAI's servers. */
async function asIfByOpenAi({ world, lab }: LabWorld): Promise<void> {
  await sql(
    world,
    'logs_2.sqlite',
    `DELETE FROM logs WHERE target NOT LIKE 'codex_api%' AND target NOT LIKE 'codex_core::session%'`,
    `UPDATE logs SET feedback_log_body = replace(feedback_log_body, 'ws://127.0.0.1:${lab.port}/v1', 'wss://chatgpt.com/backend-api/codex')`,
  );
  for (const name of Object.keys(lab.environment())) delete world.env[name];
}

/** Every line of the page, in order, of an output whose times, ids, ports and sizes are others. */
function expectInOrder(output: string, page: string): void {
  const plain = (text: string) =>
    text
      .replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}\b/g, 'ID')
      .replace(/^\S+ \d.*$/gm, (line) => line.replace(/ +/g, ' '))
      .replace(/\b[\d.]+ k?B\b/g, 'SIZE')
      .replace(/\d+/g, '0')
      .replace(/[ \t]+/g, ' ')
      .trim();
  let rest = plain(output);
  for (const line of plain(page).split('\n')) {
    if (line.trim() === '' || line.trim() === '…') continue;
    const at = rest.indexOf(line.trim());
    expect(at, `${line}\nin\n${rest}`).not.toBe(-1);
    rest = rest.slice(at + line.trim().length);
  }
}
