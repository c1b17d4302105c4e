/**
 * What the app-server daemon leaves in a Codex home: pid records, settings, stderr logs and the control socket, as
 * Codex 0.133 (`app-server.pid`) and 0.169 (`daemon.pid`) name them.
 *
 * After a clean `codex remote-control stop` the app-server's pid file and socket are gone, while lock files, settings
 * and the updater's record stay: those are no leftovers.
 */
import { lstat, readlink, realpath } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import * as v from 'valibot';
import { messageOf, systemCode } from '../errors.ts';
import { type ProcessState, type RecordedProcess, stateOfRecorded } from './daemon-files-process.ts';
import { parseJsonObject } from './global-state-json.ts';
import type { CodexReader } from './home.ts';
import { type Reading, readText } from './reading.ts';

export type { ProcessState, RecordedProcess } from './daemon-files-process.ts';

export interface DaemonRecord {
  readonly path: string;
  readonly role: 'app-server' | 'updater';
  /** Which Codex names the file so. */
  readonly generation: '0.133' | '0.169';
  readonly record: Reading<RecordedProcess>;
  /** `null` where the record cannot be read. */
  readonly state: ProcessState | null;
}

export type ControlSocket =
  | { readonly kind: 'absent'; readonly path: string }
  | { readonly kind: 'listening'; readonly path: string }
  /** The socket is there, and nobody listens on it. */
  | { readonly kind: 'deserted'; readonly path: string }
  /** 0.169 puts a link here; its target is gone. */
  | { readonly kind: 'dangling'; readonly path: string; readonly target: string }
  | { readonly kind: 'not-a-socket'; readonly path: string }
  | { readonly kind: 'unknown'; readonly path: string; readonly message: string };

export interface DaemonFiles {
  /** Only the records that exist. */
  readonly records: readonly DaemonRecord[];
  /** Whether `codex remote-control start` was the last word; `missing` where the daemon was never set up. */
  readonly settings: Reading<{ readonly remoteControlEnabled: boolean }>;
  /** Where the app-server of each generation writes its stderr; emptied at every start. */
  readonly stderrLogs: readonly string[];
  readonly socket: ControlSocket;
}

const NAMES = [
  { name: 'app-server', role: 'app-server', generation: '0.133' },
  { name: 'app-server-updater', role: 'updater', generation: '0.133' },
  { name: 'daemon', role: 'app-server', generation: '0.169' },
  { name: 'daemon-updater', role: 'updater', generation: '0.169' },
] as const;

const MAX_BYTES = 64 * 1024;
const CONNECT_TIMEOUT_MS = 500;

const PidFile = v.object({
  pid: v.pipe(v.number(), v.integer(), v.minValue(1)),
  processStartTime: v.optional(v.string()),
  processIdentity: v.optional(
    v.object({ bootId: v.optional(v.string()), startTicks: v.optional(v.number()) }),
  ),
});
const Settings = v.object({ remoteControlEnabled: v.optional(v.boolean(), false) });

/** The daemon's files of this home. */
export const readDaemonFiles: CodexReader<DaemonFiles> = async ({ host, home }) => {
  const folder = join(home.path, 'app-server-daemon');
  const [records, settings, socket] = await Promise.all([
    Promise.all(
      NAMES.map(async ({ name, role, generation }): Promise<DaemonRecord> => {
        const path = join(folder, `${name}.pid`);
        const record = await readRecord(path);
        const state = record.kind === 'ok' ? await stateOfRecorded(host, record.value) : null;
        return { path, role, generation, record, state };
      }),
    ),
    readJson(join(folder, 'settings.json'), Settings),
    readSocket(join(home.path, 'app-server-control', 'app-server-control.sock')),
  ]);
  return {
    records: records.filter((entry) => entry.record.kind !== 'missing'),
    settings,
    stderrLogs: NAMES.filter(({ role }) => role === 'app-server').map(({ name }) =>
      join(folder, `${name}.stderr.log`),
    ),
    socket,
  };
};

async function readRecord(path: string): Promise<Reading<RecordedProcess>> {
  const file = await readJson(path, PidFile);
  if (file.kind !== 'ok') return file;
  const { pid, processStartTime, processIdentity } = file.value;
  return {
    kind: 'ok',
    path,
    value: {
      pid,
      startedText: processStartTime ?? null,
      startTicks: processIdentity?.startTicks ?? null,
      bootId: processIdentity?.bootId ?? null,
    },
  };
}

async function readJson<const T extends v.GenericSchema>(
  path: string,
  schema: T,
): Promise<Reading<v.InferOutput<T>>> {
  const text = await readText(path, MAX_BYTES);
  if (text.kind === 'unreadable' && text.code === 'TOO_LARGE') {
    return { kind: 'malformed', path, message: text.message }; // no daemon writes so much
  }
  if (text.kind !== 'ok') return text;
  const parsed = await parseJsonObject(text.value);
  if (parsed.kind === 'bad') return { kind: 'malformed', path, message: parsed.message };
  const checked = v.safeParse(schema, parsed.value);
  if (checked.success) return { kind: 'ok', path, value: checked.output };
  return { kind: 'malformed', path, message: v.summarize(checked.issues).replace(/\s+/g, ' ') };
}

async function readSocket(path: string): Promise<ControlSocket> {
  try {
    const link = await lstat(path);
    if (!link.isSymbolicLink())
      return link.isSocket() ? await tryConnect(path, path) : { kind: 'not-a-socket', path };
    // The target is a short path: `sun_path` holds 108 bytes, and a home may be deeper.
    const real = await realpath(path);
    return (await lstat(real)).isSocket() ? await tryConnect(path, real) : { kind: 'not-a-socket', path };
  } catch (error) {
    const code = systemCode(error);
    if (code !== 'ENOENT' && code !== 'ENOTDIR') return { kind: 'unknown', path, message: messageOf(error) };
    const target = await readlink(path).catch(() => null); // no link either: nothing is there
    return target === null ? { kind: 'absent', path } : { kind: 'dangling', path, target };
  }
}

/** Opens and closes a connection without a byte: the only way to learn whether anybody listens. */
function tryConnect(path: string, real: string): Promise<ControlSocket> {
  return new Promise((resolve) => {
    const socket = connect(real);
    const done = (result: ControlSocket) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(CONNECT_TIMEOUT_MS, () =>
      done({ kind: 'unknown', path, message: 'no answer to a connection' }),
    );
    socket.on('connect', () => done({ kind: 'listening', path }));
    socket.on('error', (error) => {
      const code = systemCode(error);
      if (code === 'ECONNREFUSED') done({ kind: 'deserted', path });
      else if (code === 'ENOENT') done({ kind: 'absent', path });
      else done({ kind: 'unknown', path, message: messageOf(error) });
    });
  });
}
