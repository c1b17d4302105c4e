import type { FailureEntry } from '../types.ts';

export const REMOTE: readonly FailureEntry[] = [
  {
    id: 'remote.mfa_required',
    title: 'Mfa required',
    fixClass: 'U',
    actor: 'you',
    cause:
      'Enrolment 403 `Multi-factor authentication required`; also setups that end in "couldn\'t finish secure setup".',
    fix: {
      summary:
        'Enable MFA, sign out and in so the token carries it, start remote control again. No daemon/socket/DB reset.',
      steps: [],
    },
    signals: [],
    references: [],
  },
  {
    id: 'remote.workspace_policy',
    title: 'Workspace policy',
    fixClass: 'U',
    actor: 'you',
    cause: 'Remote control greyed out or refused by workspace permission.',
    fix: { summary: 'Owner enables remote device control; sign out/in on the host.', steps: [] },
    signals: [],
    references: [],
  },
  {
    id: 'remote.client_revoked',
    title: 'Client revoked',
    fixClass: 'C',
    actor: 'you',
    cause:
      '"Remote-control client has been revoked"; controller/phone was revoked and reuses its old client id.',
    fix: {
      summary:
        'App fully closed, back up, remove `electron-remote-control-client-enrollments` from the global-state file AND its .bak, relaunch, pair anew. Clearing `remote_control_enrollments` in SQLite is not this fix.',
      steps: [],
    },
    signals: [],
    references: [],
  },
  {
    id: 'remote.stale_environment',
    title: 'Stale environment',
    fixClass: 'C',
    actor: 'you',
    cause:
      'Saved host / auto-connect ids name an environment that has gone or rotated; an old offline host stays listed.',
    fix: {
      summary:
        'App closed, back up, remove selected-remote-host-id, remote-connection-auto-connect-by-host-id, added-remote-control-env-ids; reconnect. An account-side row may need OpenAI.',
      steps: [],
    },
    signals: [],
    references: [],
  },
  {
    id: 'remote.identity_collision',
    title: 'Identity collision',
    fixClass: 'C',
    actor: 'you',
    cause:
      'Two machines share one installation_id (clone, migration): wrong host, 409 although one process runs, "Failed to update connection" after other keys were cleared.',
    fix: {
      summary: 'App closed, back up, rotate installation_id on the clone, clear its enrolments, re-enrol.',
      steps: [],
    },
    signals: [],
    references: [],
  },
  {
    id: 'remote.server_conflict',
    title: 'Server conflict',
    fixClass: 'C',
    actor: 'you',
    cause: '409 Conflict / "Remote app server already online" / "ensure only one instance is running".',
    fix: {
      summary:
        'Find and stop the second owner (desktop vs daemon, ghost process); only then back up and clear the enrolment row; if 409 stays treat as identity_collision.',
      steps: [],
    },
    signals: [],
    references: [],
  },
  {
    id: 'remote.enrollment_errored',
    title: 'Enrollment errored',
    fixClass: 'C',
    actor: 'you',
    cause: 'Host says "connection is errored" / stays connecting; phone shows misleading pairing messages.',
    fix: {
      summary: "Read the host's last enrolment error first and repair that cause; then pair.",
      steps: [],
    },
    signals: [],
    references: [],
  },
  {
    id: 'remote.pairing_failed',
    title: 'Pairing failed',
    fixClass: 'U',
    actor: 'you',
    cause: 'Phone or controller refuses a fresh code, no cause named.',
    fix: {
      summary: 'Same account/workspace on both, MFA, host online; then one clean attempt; collect ids.',
      steps: [],
    },
    signals: [],
    references: [],
  },
  {
    id: 'remote.presence_stale',
    title: 'Presence stale',
    fixClass: 'C',
    actor: 'you',
    cause: 'Host healthy locally but shown offline/last seen; vanishes after idle, sleep, network change.',
    fix: { summary: '`codex remote-control stop` + `start` (re-register); watch from outside.', steps: [] },
    signals: [],
    references: [],
  },
  {
    id: 'remote.socket_or_daemon',
    title: 'Socket or daemon',
    fixClass: 'C',
    actor: 'you',
    cause:
      'Stale pid/socket, unmanaged app-server, daemon of an old version, "app server did not become ready".',
    fix: {
      summary:
        'Verify that the recorded pid is dead or is that very program; end only it; move stale pid/socket aside; start again.',
      steps: [],
    },
    signals: [],
    references: [],
  },
  {
    id: 'remote.requires_chatgpt_login',
    title: 'Requires chatgpt login',
    fixClass: 'U',
    actor: 'you',
    cause: '"remote control requires ChatGPT authentication", "API key auth is not supported".',
    fix: { summary: 'Log in with ChatGPT; a key cannot enrol.', steps: [] },
    signals: [],
    references: [],
  },
  {
    id: 'remote.server_unknown',
    title: 'Server unknown',
    fixClass: 'A',
    actor: 'steward',
    cause:
      '"Remote app server not found" (404 on refresh or connect): the stored enrolment is gone on the server.',
    fix: {
      summary: 'Codex enrols anew by itself; restart remote control, and drop that row only if it does not.',
      steps: [],
    },
    signals: [],
    references: [],
  },
];
