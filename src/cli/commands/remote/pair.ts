/** `steward remote pair`: a QR code and a code to type, until a phone has taken one. */
import { renderUnicodeCompact } from 'uqr';
import { type CodexScope, resolveCodexHome } from '../../../codex/home.ts';
import { EXIT, StewardError } from '../../../errors.ts';
import { createHost } from '../../../host.ts';
import { type HostReading, readHostStatus } from '../../../remote/host-status.ts';
import { type PairingCode, pairingLink } from '../../../remote/pairing/codes.ts';
import {
  makePairingCode,
  type PairingEvent,
  type PairingResult,
  pairPhone,
} from '../../../remote/pairing/pair.ts';
import { startHost } from '../../../remote/start.ts';
import { troubleOfError } from '../../../remote/trouble.ts';
import type { CommandDeps } from '../../main.ts';
import { startProgress } from '../../render/progress.ts';
import { redacted } from '../../render/redacted.ts';
import { hostToJson, renderHostLine, renderTrouble, troubleToJson } from '../../render/remote.ts';
import type { Terminal } from '../../render/terminal.ts';

export interface RemotePairOptions {
  readonly qr?: boolean;
  readonly wait?: boolean;
  readonly json?: boolean;
}

/** Returns 0 when a phone was paired; with `--json` or `--no-wait`, when a code was made. */
export async function runRemotePair(
  options: RemotePairOptions,
  { terminal, signal }: CommandDeps,
): Promise<number> {
  const host = createHost();
  const scope = { host, home: resolveCodexHome(host), signal };
  const reading = await available(scope, terminal);
  if (reading.status.status !== 'connected') return refuse(reading, options, terminal, host.userHome);
  const isOnce = options.wait === false || options.json === true;
  const screen = createScreen(terminal, options);
  const result = isOnce
    ? await makePairingCode(scope)
    : await pairPhone(scope, { onEvent: screen.show }).finally(screen.end);
  if (options.json) {
    terminal.out(
      `${JSON.stringify({ schemaVersion: 1, command: 'remote pair', ...pairedJson(result) }, null, 2)}\n`,
    );
  } else if (result.kind === 'code')
    screen.show({ kind: 'code', code: result.code, until: result.code.expiresAt });
  else if (result.kind === 'paired') {
    const name = redacted(result.client?.displayName ?? null);
    const kind = redacted(result.client?.deviceType ?? null);
    terminal.out(
      `${terminal.paint('green', '✔')} Paired with ${name ?? 'the phone'}${kind === null ? '' : ` (${kind})`}. It may now drive this machine.\n  ${terminal.paint('cyan', '→')} steward remote clients\n`,
    );
  }
  if (result.kind !== 'failed') return EXIT.ok;
  if (options.json) return EXIT.problems;
  if (result.error === null) {
    throw new StewardError(
      'ERR_REMOTE_PAIRING',
      'environment',
      `No phone can be paired: ${redacted(result.message)}.`,
      {
        hint: 'steward remote status',
        exitCode: EXIT.problems,
      },
    );
  }
  const error = redacted(result.error);
  terminal.out(
    renderTrouble(error, troubleOfError(error), terminal, { userHome: host.userHome, verbose: false }),
  );
  return EXIT.problems;
}

/** A machine that is not available is started first: a code of one that nobody can reach leads nowhere. */
async function available(scope: CodexScope, terminal: Terminal): Promise<HostReading> {
  const reading = await readHostStatus(scope);
  if (reading.status.status === 'connected') return reading;
  const progress = startProgress(terminal, 'starting remote control first');
  return (await startHost(scope).finally(progress.stop)).host;
}

function refuse(
  { status }: HostReading,
  options: RemotePairOptions,
  terminal: Terminal,
  userHome: string,
): number {
  const shown = redacted(status);
  const trouble = shown.lastError === null ? null : troubleOfError(shown.lastError);
  if (options.json) {
    const payload = {
      schemaVersion: 1,
      command: 'remote pair',
      result: 'failed',
      ...hostToJson(shown),
      cause: troubleToJson(trouble),
    };
    terminal.out(`${JSON.stringify(payload, null, 2)}\n`);
  } else {
    terminal.out(renderHostLine(shown, terminal));
    if (shown.lastError !== null && trouble !== null)
      terminal.out(`\n${renderTrouble(shown.lastError, trouble, terminal, { userHome, verbose: false })}`);
  }
  return EXIT.problems;
}

/** The official members of `pair --json`, and the outcome. */
function pairedJson(result: PairingResult | { readonly kind: 'code'; readonly code: PairingCode }): object {
  if (result.kind === 'failed') {
    return redacted({ result: 'failed', message: result.message, lastError: result.error });
  }
  const { pairingCode, manualCode, environmentId, expiresAt } = result.code;
  return {
    result: result.kind,
    ...{ pairingCode, manualPairingCode: manualCode, environmentId, expiresAt: Math.floor(expiresAt / 1000) },
    link: pairingLink(result.code),
  };
}

/** Codes go to standard output; the line that counts down goes to the terminal and is wiped. */
function createScreen(terminal: Terminal, options: RemotePairOptions) {
  let drawn = false;
  let told = '';
  const wipe = () => {
    if (drawn) terminal.err('\r\u001b[2K');
    drawn = false;
  };
  const show = (event: PairingEvent) => {
    switch (event.kind) {
      case 'code':
        wipe();
        terminal.out(codeScreen(event.code, event.until, terminal, options.qr !== false));
        return;
      case 'expired':
        wipe();
        terminal.out(`${terminal.paint('yellow', '▲')} That code has expired; here is a new one.\n`);
        return;
      case 'waiting': {
        const trouble =
          event.trouble === null ? '' : `  (the server does not say: ${redacted(event.trouble)})`;
        const line = `waiting for the phone to take the code, ${clock(event.leftMs)} left${trouble}`;
        if (terminal.canRedraw) {
          terminal.err(`\r\u001b[2K${terminal.paint('dim', line.slice(0, terminal.width - 1))}`);
          drawn = true;
        } else if (trouble !== told) {
          if (trouble !== '') terminal.err(`${line}\n`);
          told = trouble;
        }
      }
    }
  };
  return { show, end: wipe };
}

function codeScreen(code: PairingCode, until: number, terminal: Terminal, qr: boolean): string {
  const { paint } = terminal;
  const typed =
    code.manualCode === null ? [] : [`Or type this code there:  ${paint('bold', code.manualCode)}`];
  return [
    ...(qr ? [renderUnicodeCompact(pairingLink(code), { border: 2 }), ''] : []),
    'In ChatGPT on the phone, signed in to the same account and workspace: Codex › pair a machine › scan.',
    ...typed,
    `Good until ${new Date(until).toTimeString().slice(0, 8)}.`,
    '',
  ].join('\n');
}

/** `4:07`. */
function clock(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
