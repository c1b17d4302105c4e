/**
 * A client's WebSocket and the account behind it, which may change between two answers, or within one before anything of it
 * has been shown. Frames pass as they are, both ways; pings, pongs and closes, too.
 */
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { noteEvent } from '../answer-facts.ts';
import { classifyFailure } from '../classify.ts';
import { isFinalEvent, isSilentEvent } from '../event-kinds.ts';
import { type Failure, parseEventFailure } from '../failure.ts';
import { parseObject } from '../request-body.ts';
import { verdictName } from '../request-record.ts';
import { pause } from '../traffic.ts';
import type { Verdict } from '../verdict.ts';
import { createConversationChain } from './conversation-chain.ts';
import { errorFrame, frameType, reconnectFrame, toBuffer } from './frames.ts';
import { type Link, type LinkDeps, type NoLink, nobodyAnswer, openLink } from './link.ts';
import { createTurn, type Turn } from './turn.ts';
import { turnFrame } from './turn-request.ts';
import { closeLike, createFrameSender, type FrameSender } from './wire.ts';

export interface Session {
  /** Closes once no answer is under way (1012: the client connects anew). */
  closeWhenIdle(): void;
}

export interface SessionDeps extends LinkDeps {
  readonly clientSocket: WebSocket;
  readonly clientWire: Socket;
  /** A turn has begun (1) or ended (-1). */
  onTurn(change: 1 | -1): void;
  /** Something of ours broke; the session ends. */
  onFault(error: unknown): void;
}

/** How often a turn may follow a connection that has reached its age. */
const MAX_RECONNECTS = 2;

export function startSession(deps: SessionDeps, first: Link): Session {
  const { traffic, threadId, clientSocket: client, clientWire, signal } = deps;
  const chain = createConversationChain();
  let link: Link | null = null;
  let toUpstream: FrameSender | null = null;
  let turn: Turn | null = null;
  let waiting: { readonly data: Buffer; readonly isBinary: boolean }[] = [];
  let isOverlapping = false;
  let isClosing = false;

  const toClient = createFrameSender(client, clientWire, {
    pause: () => link?.socket.pause(),
    resume: () => link?.socket.resume(),
  });
  const guarded = (work: Promise<void>) => {
    work.catch((error: unknown) => {
      deps.onFault(error);
      client.close(1011);
    });
  };

  const attach = (next: Link) => {
    link = next;
    const { socket, wire } = next;
    toUpstream = createFrameSender(socket, wire, {
      pause: () => client.pause(),
      resume: () => client.resume(),
    });
    const isCurrent = () => link === next;
    socket.on('message', (raw, isBinary) => {
      if (isCurrent()) onAnswer(toBuffer(raw), isBinary);
    });
    socket.on('ping', (data) => isCurrent() && client.readyState === WebSocket.OPEN && client.ping(data));
    socket.on('pong', (data) => isCurrent() && client.readyState === WebSocket.OPEN && client.pong(data));
    socket.on('close', (code, reason) => {
      if (isCurrent()) onUpstreamClose(code, reason);
    });
  };
  const detach = () => {
    const former = link;
    link = null;
    toUpstream = null;
    former?.socket.close();
  };

  const finish = (
    of: Turn,
    end: { readonly status: number; readonly end: 'whole' | 'cut' | 'client-gone' | 'refused' },
  ) => {
    turn = null;
    const account = end.end === 'refused' ? null : (link?.account?.key ?? null);
    of.record.finish({ account, ...end, usage: of.facts.usage });
    deps.onTurn(-1);
    if (isClosing) client.close(1012);
    const [next, ...rest] = waiting;
    waiting = rest;
    if (next !== undefined) onRequest(next.data, next.isBinary);
  };

  const onRequest = (data: Buffer, isBinary: boolean) => {
    if (turn !== null && turn.phase === 'arranging') return void waiting.push({ data, isBinary });
    if (isBinary || isOverlapping || frameType(data) !== 'response.create')
      return toUpstream?.send(data, isBinary);
    if (turn !== null) {
      // Two answers at once cannot be told apart safely: from here on this connection is only passed through.
      isOverlapping = true;
      show(turn);
      return toUpstream?.send(data, isBinary);
    }
    turn = createTurn(deps, data);
    deps.onTurn(1);
    guarded(arrange(turn));
  };

  /** Finds the account for the next try of a turn, and sends it there. */
  const arrange = async (of: Turn): Promise<void> => {
    of.phase = 'arranging';
    const pick = await of.picker.pick(of.last !== null);
    if (pick.kind === 'client-gone') return; // told by the close
    if (pick.kind === 'tell-last') return tellLast(of);
    if (pick.kind === 'nobody') return refuse(of, nobodyAnswer(traffic, pick.none, pick.credentialFailure));
    const isSame =
      link !== null &&
      link.socket.readyState === WebSocket.OPEN &&
      (link.account?.key ?? null) === (pick.account?.key ?? null);
    of.reason = pick.reason;
    if (!isSame) {
      detach();
      const opened = await openLink(deps, of, pick);
      if (opened.kind === 'client-gone') return;
      if (opened.kind === 'none') {
        if (opened.refusal.isExhausted && of.last !== null && of.failover.hasTrouble()) return tellLast(of);
        return refuse(of, opened.refusal);
      }
      of.reason = opened.reason;
      attach(opened.link);
    }
    const account = link?.account ?? null;
    const frame = turnFrame({
      request: of.request,
      previousId: of.previousId,
      account,
      threadId,
      isFreshConnection: !isSame || of.isWhole,
      isRefused: account !== null && of.failover.isStripped(account),
      chain,
      book: traffic.book,
    });
    if (frame.kind === 'incomplete') return askForAll(of);
    if (frame.kind === 'bound') {
      of.record.note({ account: account?.key ?? null, reason: of.reason, status: null, outcome: 'bound' });
      if (frame.owner === null || of.picker.isBound) {
        if (of.last !== null) return tellLast(of);
        return refuse(of, nobodyAnswer(traffic, { kind: 'none', hard: 'owner', blocked: [] }, null));
      }
      of.picker.bindTo(frame.owner);
      return arrange(of);
    }
    of.held = [];
    of.phase = 'holding';
    if (account !== null) traffic.accounts.report({ kind: 'started', key: account.key, isWork: true });
    toUpstream?.send(frame.data, false);
  };

  const onAnswer = (data: Buffer, isBinary: boolean) => {
    if (turn === null || isOverlapping || isBinary) return toClient.send(data, isBinary);
    if (turn.phase === 'arranging') return; // the rest of an answer that was given up
    const type = frameType(data);
    if (turn.phase === 'holding') {
      turn.held.push(data);
      if (isSilentEvent(type)) return;
      const event = type === 'response.failed' || type === 'error' ? parseObject(data) : null;
      const failure = event === null ? null : parseEventFailure(event, traffic.now());
      if (failure !== null) return guarded(afterFailure(turn, failure));
      show(turn);
    } else {
      toClient.send(data, false);
    }
    takeIn(turn, type, data);
  };

  /** From here on the answer belongs to the client. */
  const show = (of: Turn) => {
    of.phase = 'open';
    of.record.firstByte();
    for (const frame of of.held) toClient.send(frame, false);
    of.held = [];
  };

  const takeIn = (of: Turn, type: string, data: Buffer) => {
    const isItem = type === 'response.output_item.done';
    if (isItem) of.items.push(data);
    if (isFinalEvent(type) || (isItem && data.includes('"encrypted_content"'))) {
      const event = parseObject(data);
      if (event !== null) noteEvent(of.facts, type, event, traffic.now());
    }
    if (isFinalEvent(type)) guarded(complete(of));
  };

  /** The answer has ended: what follows from it. */
  const complete = async (of: Turn): Promise<void> => {
    const account = link?.account ?? null;
    const { facts } = of;
    of.record.note({ account: account?.key ?? null, reason: of.reason, status: 200, outcome: 'served' });
    if (facts.responseId !== null && facts.failure === null) {
      chain.add({
        id: facts.responseId,
        previousId: of.previousId,
        request: of.request,
        items: of.items,
      });
    }
    if (account !== null) {
      const { key } = account;
      traffic.accounts.report({ kind: 'finished', key });
      traffic.accounts.report({ kind: 'served', key, threadId });
      if (facts.responseId !== null)
        traffic.accounts.report({ kind: 'owns', key, responseId: facts.responseId });
      traffic.book.note(threadId, key, facts.encrypted);
      if (facts.failure === null) of.failover.succeeded(account);
    }
    finish(of, { status: 200, end: 'whole' });
    // Too late for this turn, in time for the next one.
    if (facts.failure !== null && account !== null)
      await of.failover.after(account, classifyFailure(facts.failure, traffic.now()), facts.failure);
  };

  /** Nothing has been shown, and this try will not succeed. `null`: the connection broke. */
  const afterFailure = async (of: Turn, failure: Failure | null): Promise<void> => {
    const account = link?.account ?? null;
    const verdict: Verdict =
      failure === null
        ? { kind: 'wait', why: 'network', afterMs: null }
        : classifyFailure(failure, traffic.now());
    of.phase = 'arranging';
    of.last = of.held;
    if (account !== null) traffic.accounts.report({ kind: 'finished', key: account.key });
    of.record.note({
      account: account?.key ?? null,
      reason: of.reason,
      status: failure?.status ?? null,
      outcome: verdictName(verdict),
    });
    if (failure !== null && account !== null && Object.keys(failure.headers).length > 0)
      traffic.accounts.report({ kind: 'headers', key: account.key, headers: failure.headers });
    const canBeWhole = of.previousId === null || chain.inputBehind(of.previousId) !== null;
    if (verdict.kind === 'reconnect' && canBeWhole && of.reconnects < MAX_RECONNECTS) {
      of.reconnects += 1;
      detach();
      return arrange(of);
    }
    if (verdict.kind === 'resend' && canBeWhole && !of.isWhole) {
      of.isWhole = true;
      return arrange(of);
    }
    if (account === null) return tellLast(of);
    const next = await of.failover.after(account, verdict, failure);
    if (next.kind === 'give-up') return tellLast(of);
    // The credential is part of the handshake: a new one needs a new connection.
    if (verdict.kind === 'refresh') detach();
    await pause(next.delayMs, client);
    return arrange(of);
  };

  /** Nothing better came: the client gets the upstream's own words. */
  const tellLast = (of: Turn) => {
    const frames = of.last ?? [];
    of.held = [...frames];
    show(of);
    const isEnded = frames.some((frame) => isFinalEvent(frameType(frame)));
    finish(of, { status: isEnded ? 200 : 502, end: isEnded ? 'whole' : 'cut' });
    if (!isEnded) client.terminate(); // it broke off, and the client must see that
  };
  const refuse = (of: Turn, { status, error, headers, event }: NoLink) => {
    const frame = event === null ? errorFrame(status, error, headers) : Buffer.from(JSON.stringify(event));
    toClient.send(frame, false);
    finish(of, { status, end: 'refused' });
    if (link === null) client.close(1012); // the next request finds its way anew
  };
  const askForAll = (of: Turn) => {
    toClient.send(reconnectFrame(), false);
    finish(of, { status: 400, end: 'refused' });
    client.close(1012);
  };

  const onUpstreamClose = (code: number, reason: Buffer) => {
    if (turn?.phase === 'holding') {
      const broken = turn;
      return guarded(afterFailure(broken, null).then(() => {}));
    }
    if (turn?.phase === 'arranging') return; // the turn finds another connection
    if (turn !== null) {
      const account = link?.account ?? null;
      turn.record.note({
        account: account?.key ?? null,
        reason: turn.reason,
        status: 200,
        outcome: 'served',
      });
      if (account !== null) traffic.accounts.report({ kind: 'finished', key: account.key });
      finish(turn, { status: 200, end: 'cut' });
    }
    closeLike(client, code, reason);
  };

  client.on('message', (raw, isBinary) => onRequest(toBuffer(raw), isBinary));
  client.on('ping', (data) => {
    if (link?.socket.readyState === WebSocket.OPEN) link.socket.ping(data);
    else client.pong(data);
  });
  client.on('pong', (data) => {
    if (link?.socket.readyState === WebSocket.OPEN) link.socket.pong(data);
  });
  client.on('error', () => {}); // a broken frame; `close` follows
  client.on('close', (code, reason) => {
    const former = link;
    const broken = turn;
    if (broken !== null) {
      if (broken.phase !== 'arranging' && former?.account != null)
        traffic.accounts.report({ kind: 'finished', key: former.account.key });
      waiting = [];
      finish(broken, { status: 0, end: 'client-gone' });
    }
    link = null;
    if (former !== null) {
      if (broken === null) closeLike(former.socket, code, reason);
      else former.socket.terminate(); // an answer that nobody waits for must not go on
    }
  });
  attach(first);
  if (signal.aborted) client.terminate();

  return {
    closeWhenIdle: () => {
      isClosing = true;
      if (turn === null) client.close(1012);
    },
  };
}
