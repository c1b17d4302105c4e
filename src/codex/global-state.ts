/**
 * The desktop app's global state: `.codex-global-state.json` and its `.bak`, with the keys that remote control uses.
 *
 * The app keeps the file in memory and writes it back on quit, so the two files are always read (and repaired)
 * together. Only the remote-control keys are typed; everything else is the user's and is passed through untouched.
 */
import { join } from 'node:path';
import { parseJsonObject } from './global-state-json.ts';
import type { CodexReader } from './home.ts';
import { type Reading, readText } from './reading.ts';

const GLOBAL_STATE_FILE = '.codex-global-state.json';
const GLOBAL_STATE_BACKUP = '.codex-global-state.json.bak';

/** Larger than any real one (a few MB with many projects); a bigger file is not read into memory. */
const MAX_BYTES = 64 * 1024 * 1024;

/** The flat keys of pairing state (desktop app 26.x). */
export const PAIRING_KEYS = {
  enrollments: 'electron-remote-control-client-enrollments',
  localEnvironment: 'electron-local-remote-control-environment-id',
  localInstallation: 'electron-local-remote-control-installation-id',
  mobileSetUp: 'codex-mobile-setup-completed',
  mobileConnected: 'codex-mobile-has-connected-device',
  selectedHost: 'selected-remote-host-id',
  autoConnect: 'remote-connection-auto-connect-by-host-id',
  addedEnvironments: 'added-remote-control-env-ids',
  atoms: 'electron-persisted-atom-state',
} as const;

/** A controller enrolment of this desktop app, as its key and its value tell it. */
export interface ClientEnrollment {
  /** The whole five-line key, as it stands in the file. */
  readonly key: string;
  /** The lines of the key; `null` where the key has another shape. */
  readonly scope: ClientEnrollmentScope | null;
  /** `cli_…`; `null` where the value has none. */
  readonly clientId: string | null;
  readonly keyId: string | null;
  /** From the value, else from the key. */
  readonly accountUserId: string | null;
}

export interface ClientEnrollmentScope {
  readonly clientName: string;
  readonly devApiBase: string;
  readonly apiBase: string;
  readonly keyClass: string;
  readonly accountUserId: string;
}

export interface GlobalState {
  /** The whole object, unknown keys included. */
  readonly all: Readonly<Record<string, unknown>>;
  readonly enrollments: readonly ClientEnrollment[];
  readonly localEnvironmentId: string | null;
  readonly localInstallationId: string | null;
  /** `local`, `remote-control:env_…`, `remote-ssh-discovered:alias`. */
  readonly selectedHostId: string | null;
  readonly autoConnect: Readonly<Record<string, boolean>>;
  readonly addedEnvironmentIds: readonly string[];
  /** Members of the atom state that belong to remote control or to the mobile app. */
  readonly pairingAtoms: readonly string[];
  /** Pairing keys whose value has not the type the app writes. */
  readonly oddKeys: readonly string[];
}

export interface GlobalStateFiles {
  readonly main: Reading<GlobalState>;
  readonly backup: Reading<GlobalState>;
}

/** Both files of this home. A home without the desktop app has neither. */
export const readGlobalState: CodexReader<GlobalStateFiles> = async ({ home }) => {
  const [main, backup] = await Promise.all([
    readGlobalStateFile(join(home.path, GLOBAL_STATE_FILE)),
    readGlobalStateFile(join(home.path, GLOBAL_STATE_BACKUP)),
  ]);
  return { main, backup };
};

async function readGlobalStateFile(path: string): Promise<Reading<GlobalState>> {
  const text = await readText(path, MAX_BYTES);
  return text.kind === 'ok' ? parseGlobalState(path, text.value) : text;
}

/** The typed view of such a file's text; `malformed` with its line where it is not a JSON object. */
export async function parseGlobalState(path: string, text: string): Promise<Reading<GlobalState>> {
  const parsed = await parseJsonObject(text);
  if (parsed.kind === 'bad')
    return {
      kind: 'malformed',
      path,
      message: parsed.message,
      ...(parsed.line === undefined ? {} : { line: parsed.line, column: parsed.column }),
    };
  const all = parsed.value;
  const oddKeys: string[] = [];
  const typed = <T>(key: string, narrow: (value: unknown) => T | null, absent: T): T => {
    const value = all[key];
    if (value === undefined || value === null) return absent;
    const narrowed = narrow(value);
    if (narrowed === null) oddKeys.push(key);
    return narrowed ?? absent;
  };
  return {
    kind: 'ok',
    path,
    value: {
      all,
      enrollments: Object.entries(typed(PAIRING_KEYS.enrollments, record, {})).map(enrollment),
      localEnvironmentId: typed<string | null>(PAIRING_KEYS.localEnvironment, string, null),
      localInstallationId: typed<string | null>(PAIRING_KEYS.localInstallation, string, null),
      selectedHostId: typed<string | null>(PAIRING_KEYS.selectedHost, string, null),
      autoConnect: booleans(typed(PAIRING_KEYS.autoConnect, record, {})),
      addedEnvironmentIds: strings(typed<readonly unknown[]>(PAIRING_KEYS.addedEnvironments, array, [])),
      pairingAtoms: Object.keys(typed(PAIRING_KEYS.atoms, record, {})).filter(isPairingAtom),
      oddKeys,
    },
  };
}

/** Whether a UI atom belongs to remote control or the mobile app: the public write-ups' rule, on the lower-cased name. */
export function isPairingAtom(name: string): boolean {
  const lower = name.toLowerCase();
  return ['remote-control', 'remote_control', 'codex-mobile'].some((part) => lower.includes(part));
}

/** The five lines of an enrolment key, or `null`. */
export function parseEnrollmentKey(key: string): ClientEnrollmentScope | null {
  const lines = key.split('\n');
  const [clientName, devApiBase, apiBase, keyClass, accountUserId] = lines;
  if (lines.length !== 5 || !clientName || !devApiBase || !apiBase || !keyClass || !accountUserId)
    return null;
  return { clientName, devApiBase, apiBase, keyClass, accountUserId };
}

/** Environment ids a desktop app would connect to: selected host, auto-connect map and added list, without doubles. */
export function namedEnvironments(state: GlobalState): readonly string[] {
  const hosts = [state.selectedHostId ?? '', ...Object.keys(state.autoConnect)];
  const ids = hosts.map(environmentOfHost).filter((id) => id !== null);
  return [...new Set([...ids, ...state.addedEnvironmentIds])];
}

/** The environment id of `remote-control:env_…`; `null` for local and SSH hosts. */
export function environmentOfHost(hostId: string): string | null {
  return hostId.startsWith('remote-control:') ? hostId.slice('remote-control:'.length) : null;
}

function enrollment([key, value]: [string, unknown]): ClientEnrollment {
  const scope = parseEnrollmentKey(key);
  const fields = record(value) ?? {};
  return {
    key,
    scope,
    clientId: string(fields.clientId),
    keyId: string(fields.keyId),
    accountUserId: string(fields.accountUserId) ?? scope?.accountUserId ?? null,
  };
}

function string(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function record(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
}

function array(value: unknown): readonly unknown[] | null {
  return Array.isArray(value) ? value : null;
}

function strings(values: readonly unknown[]): readonly string[] {
  return values.filter((value) => typeof value === 'string');
}

function booleans(map: Readonly<Record<string, unknown>>): Readonly<Record<string, boolean>> {
  return Object.fromEntries(
    Object.entries(map).filter((entry): entry is [string, boolean] => typeof entry[1] === 'boolean'),
  );
}
