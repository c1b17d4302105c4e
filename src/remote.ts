/**
 * The library of remote control (`codex-steward/remote`): what `steward remote` does, for programs. Everything takes a
 * {@link CodexScope}; nothing reads the command line or writes to a terminal.
 *
 *     const host = createHost();
 *     const scope = { host, home: resolveCodexHome(host), signal: AbortSignal.timeout(60_000) };
 *     const { status } = await readHostStatus(scope);
 *     if (status.lastError !== null) console.log(troubleOfError(status.lastError).finding.cause);
 */
export { type CodexHome, type CodexScope, resolveCodexHome } from './codex/home.ts';
export { openJournal } from './codex/home-journal.ts';
export { type ErrorKind, EXIT, StewardError } from './errors.ts';
export { createHost, type Host } from './host.ts';
export type { Evidence, Finding, Severity } from './knowledge/finding.ts';
export { isIdle, type LocalRepair, planActions, type RemoteActions } from './remote/actions.ts';
export type { BackendAnswer, BackendFailure, BackendRefusal } from './remote/backend/answer.ts';
export {
  type BackendUnavailable,
  openRemoteBackend,
  type RemoteBackend,
  type RemoteClient,
  type RemoteEnvironment,
} from './remote/backend/backend.ts';
export type { RemoteLogin } from './remote/backend/login.ts';
export { type ForegroundOptions, runForeground } from './remote/foreground.ts';
export {
  type HostReading,
  type HostStatus,
  type HostStatusOptions,
  type RemoteStatusName,
  readHostStatus,
} from './remote/host-status.ts';
export type { LastError, LastErrorKind } from './remote/last-error.ts';
export type { LocalState } from './remote/local-state.ts';
export { type LookOptions, lookAtRemote, type RemoteLook } from './remote/look.ts';
export { type PairingCode, pairingLink } from './remote/pairing/codes.ts';
export {
  makePairingCode,
  type PairingEvent,
  type PairingResult,
  type PairOptions,
  pairPhone,
} from './remote/pairing/pair.ts';
export type { Reconciliation, ServerCleanup, StaleLocal } from './remote/reconcile.ts';
export {
  type Consent,
  type RemoteEvent,
  type RepairRemoteOptions,
  type RepairRemoteResult,
  repairRemote,
} from './remote/repair.ts';
export { type ResetRemoteOptions, resetRemote } from './remote/reset.ts';
export type { ServerState, Verdict } from './remote/server-state.ts';
export { type StartResult, startHost } from './remote/start.ts';
export { type StopResult, stopHost } from './remote/stop.ts';
export { type Trouble, type TroubleKind, troubleOfError } from './remote/trouble.ts';
export type { Journal } from './storage/journal.ts';
