/** A session of the real Codex with several turns in one process, as an editor holds it: over the pipes of `codex app-server`. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** What a person sees of one turn. */
export interface SeenTurn {
  /** The whole answer; `null` when there was none. */
  readonly answer: string | null;
  /** What the turn failed with; `null` when it did not. */
  readonly failure: string | null;
  /** What was shown on the way: "Reconnecting... 1/5". */
  readonly notices: readonly string[];
}

export interface CodexSession {
  /** Says something; resolves when the turn is over. */
  say(text: string): Promise<SeenTurn>;
  /** Resolves with the next piece of an answer that is shown. */
  nextPiece(): Promise<void>;
  /** What was written on standard error. */
  stderr(): string;
  end(): Promise<void>;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly result?: { readonly thread?: { readonly id: string } };
  readonly error?: { readonly message: string };
  readonly params?: {
    readonly item?: { readonly type: string; readonly text?: string };
    readonly turn?: { readonly error: { readonly message: string } | null };
    readonly error?: { readonly message: string };
    readonly willRetry?: boolean;
  };
}

const LONGEST_TURN_MS = 90_000;

/** Starts `file ...args`, which is to become `codex app-server`, and opens a thread in it. */
export async function startCodexSession(
  file: string,
  args: readonly string[],
  options: { readonly env: Readonly<Record<string, string>>; readonly cwd: string },
): Promise<CodexSession> {
  const child = spawn(file, args, options);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const listeners = new Set<(message: Message) => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const message = JSON.parse(line) as Message;
    for (const listener of [...listeners]) listener(message);
  });
  /** The first thing that a look at the messages from now on makes of them. */
  const until = <T>(look: (message: Message) => T | undefined): Promise<T> =>
    new Promise((resolve, reject) => {
      const finish = (settle: () => void) => {
        clearTimeout(timer);
        listeners.delete(listener);
        settle();
      };
      const listener = (message: Message) => {
        const seen = look(message);
        if (seen !== undefined) finish(() => resolve(seen));
      };
      const timer = setTimeout(
        () => finish(() => reject(new Error(`the session says nothing more: ${stderr}`))),
        LONGEST_TURN_MS,
      );
      listeners.add(listener);
      ended.then(() => finish(() => reject(new Error(`the session ended: ${stderr}`))));
    });
  let lastId = 0;
  const send = (message: object) => child.stdin.write(`${JSON.stringify(message)}\n`);
  const ask = (method: string, params: object): Promise<Message> => {
    lastId += 1;
    const id = lastId;
    const answer = until((message) => (message.id === id ? message : undefined));
    send({ id, method, params });
    return answer;
  };

  await ask('initialize', { clientInfo: { name: 'steward_test', title: 'test', version: '1' } });
  send({ method: 'initialized' });
  const started = await ask('thread/start', { approvalPolicy: 'never', sandbox: 'read-only' });
  const threadId = started.result?.thread?.id;
  if (threadId === undefined) throw new Error(`no thread: ${started.error?.message}`);

  return {
    say: async (text) => {
      const notices: string[] = [];
      let answer: string | null = null;
      const over = until(({ method, params }): SeenTurn | undefined => {
        if (method === 'item/completed' && params?.item?.type === 'agentMessage')
          answer = params.item.text ?? '';
        if (method === 'error' && params?.willRetry === true) notices.push(params.error?.message ?? '');
        if (method !== 'turn/completed') return undefined;
        return { answer, failure: params?.turn?.error?.message ?? null, notices };
      });
      const asked = await ask('turn/start', { threadId, input: [{ type: 'text', text }] });
      if (asked.error !== undefined) throw new Error(asked.error.message);
      return await over;
    },
    nextPiece: () =>
      until(({ method }) => (method === 'item/agentMessage/delta' ? true : undefined)).then(() => {}),
    stderr: () => stderr,
    end: async () => {
      child.stdin.end();
      child.kill();
      await ended;
    },
  };
}
