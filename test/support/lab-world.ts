/** A user's world (see `fault-world`) whose Codex talks to a lab, with what people do in it: a turn in the app, a command. */
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PASSWORD_ONLY } from '../../src/lab/issuer/sessions.ts';
import { type Lab, startLab } from '../../src/lab/lab.ts';
import { MODEL } from '../../src/lab/scenarios/matches.ts';
import { openDatabase } from '../../src/storage/sqlite.ts';
import { configureTop } from '../faults/change.ts';
import { type FaultWorld, makeWorld } from './fault-world.ts';
import { type CodexAlias, codexBinary, type Ran, runProgram } from './real-codex.ts';

export interface LabWorld {
  readonly world: FaultWorld;
  readonly lab: Lab;
  /** `codex exec`, with a log of level INFO on standard error. */
  exec(prompt: string): Promise<Ran>;
  /** One turn as the app makes it; Codex then keeps its log in its database. */
  turn(prompt: string): Promise<void>;
  /** The model's next answer consists of these items. */
  nextAnswer(items: readonly Readonly<Record<string, unknown>>[]): Promise<void>;
  remove(): Promise<void>;
}

export async function makeLabWorld(alias: CodexAlias, scenario: string): Promise<LabWorld> {
  const lab = await startLab({ scenario });
  const world = await makeWorld(alias, 'npm');
  await configureTop(world, lab.codexConfig().join('\n'));
  const account = lab.world.account('plus');
  const { id_token, access_token, refresh_token } = await lab.world.sessions.issue(
    lab.world.sessions.open(account, PASSWORD_ONLY),
  );
  const tokens = { id_token, access_token, refresh_token, account_id: account.accountId };
  const auth = { auth_mode: 'chatgpt', OPENAI_API_KEY: null, tokens, last_refresh: new Date().toISOString() };
  await writeFile(join(world.codexHome, 'auth.json'), JSON.stringify(auth), { mode: 0o600 });
  for (const [name, value] of Object.entries(lab.environment()))
    if (value !== undefined) world.env[name] = value;
  return {
    world,
    lab,
    exec: (prompt) =>
      runProgram(codexBinary(alias), ['exec', '--skip-git-repo-check', prompt], {
        cwd: world.project,
        env: { ...world.env, RUST_LOG: 'info' },
      }),
    turn: (prompt) => turn(world, alias, prompt),
    nextAnswer: async (items) => {
      const id = 'resp_planned';
      const events = [
        { type: 'response.created', response: { id } },
        ...items.flatMap((item, output_index) => [
          { type: 'response.output_item.added', output_index, item },
          { type: 'response.output_item.done', output_index, item },
        ]),
        {
          type: 'response.completed',
          response: {
            id,
            usage: {
              input_tokens: 1,
              input_tokens_details: { cached_tokens: 0 },
              output_tokens: 1,
              output_tokens_details: { reasoning_tokens: 0 },
              total_tokens: 2,
            },
          },
        },
      ];
      const effect = { kind: 'events' as const, events, ending: 'end' as const };
      await lab.control({ do: 'fault', faults: [{ match: MODEL, effect, times: 1 }] });
    },
    remove: async () => {
      await world.remove();
      await lab.stop();
    },
  };
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly result?: { readonly thread?: { readonly id: string } };
}

async function turn(world: FaultWorld, alias: CodexAlias, prompt: string): Promise<void> {
  const child = spawn(codexBinary(alias), ['app-server'], { cwd: world.project, env: world.env });
  const ended = new Promise((resolve) => child.on('close', resolve));
  const messages: Message[] = [];
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    messages.push(...lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Message));
  });
  const send = (message: object) => child.stdin.write(`${JSON.stringify(message)}\n`);
  const until = async (isIt: (message: Message) => boolean): Promise<Message> => {
    for (const end = Date.now() + 60_000; Date.now() < end; await sleep(20)) {
      const found = messages.find(isIt);
      if (found !== undefined) return found;
    }
    throw new Error(`the app server did not answer: ${JSON.stringify(messages).slice(0, 2000)}`);
  };
  try {
    const clientInfo = { name: 'test', title: 'test', version: '1' };
    send({ id: 1, method: 'initialize', params: { clientInfo } });
    await until(({ id }) => id === 1);
    send({ method: 'initialized' });
    send({ id: 2, method: 'thread/start', params: { cwd: world.project, approvalPolicy: 'never' } });
    const threadId = (await until(({ id }) => id === 2)).result?.thread?.id;
    send({ id: 3, method: 'turn/start', params: { threadId, input: [{ type: 'text', text: prompt }] } });
    await until(({ method }) => method === 'turn/completed');
    if (alias === 'codex-0.133') await logIsWritten(world);
  } finally {
    child.stdin.end();
    if ((await Promise.race([ended, sleep(5000, 'late')])) === 'late') child.kill('SIGKILL');
    await ended;
  }
}

/** 0.133 writes its log some 0.15 s late, and not at its end; 0.169 at its end. */
async function logIsWritten(world: FaultWorld): Promise<void> {
  let before = -1;
  for (const end = Date.now() + 10_000; Date.now() < end; await sleep(500)) {
    const db = await openDatabase(join(world.codexHome, 'logs_2.sqlite'), { busyTimeoutMs: 5000 });
    const rows = db.all('SELECT 1 FROM logs').length;
    await db.close();
    if (rows > 0 && rows === before) return;
    before = rows;
  }
  throw new Error('the log of that turn was not written');
}
