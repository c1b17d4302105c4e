/** Can the login be kept where the configuration wants it, and only be read by its owner? */
import { stat } from 'node:fs/promises';
import { effectiveSetting } from '../../codex/config-layers.ts';
import type { CodexScope } from '../../codex/home.ts';
import { type LoginFacts, readLoginFacts } from '../../codex/login-facts.ts';
import { readSecretService } from '../../codex/secret-service.ts';
import { finding } from '../../knowledge/finding.ts';
import { fingerprint } from '../../storage/fingerprint.ts';
import type { Check, FoundProblem } from '../check.ts';
import { planTomlEdits } from '../repairs/config-edit.ts';
import { settingEvidence } from './config-evidence.ts';

export const authStoreCheck: Check = {
  id: 'steward.auth-store',
  category: 'auth',
  title: 'Where the login is kept',
  finds: ['auth.credential_store'],
  timeoutMs: 5000,
  async run(context) {
    const facts = await context.read(readLoginFacts);
    const service = facts.store === 'keyring' ? await context.read(readSecretService) : null;
    const details = {
      'credential store': facts.store,
      'secret service': service === null ? 'not needed' : service.what,
    };
    const problems = [
      ...(service?.kind === 'absent' ? [await keyringProblem(facts, service.what)] : []),
      ...(await exposedProblem(context, facts)),
    ];
    if (problems.length > 0) {
      return {
        summary: problems.map(({ finding }) => finding.cause).join(' '),
        status: 'problems',
        details,
        problems,
      };
    }
    if (service?.kind === 'unknown') return { summary: service.what, status: 'skipped', details, problems };
    return { summary: `logins are kept in: ${facts.store}`, status: 'ok', details, problems };
  },
};

async function keyringProblem(facts: LoginFacts, what: string): Promise<FoundProblem> {
  const key = ['cli_auth_credentials_store'];
  const layer = effectiveSetting(facts.layers, key)?.layer;
  const file = layer?.kind === 'user' && layer.reading.kind === 'ok' ? layer.reading.value : null;
  const common = {
    subject: 'cli_auth_credentials_store',
    evidence: [
      ...(layer ? [await settingEvidence(layer, key, '"keyring"')] : []),
      { source: 'env' as const, where: 'DBUS_SESSION_BUS_ADDRESS', what },
    ],
    cause: `Logins are to be kept in the system keyring, and there is none to reach: ${what}.`,
    steps: [
      'Start a Secret Service for this session (gnome-keyring-daemon, KWallet, KeePassXC) inside a D-Bus session: dbus-run-session -- bash',
      'or set cli_auth_credentials_store = "file" and log in again: codex login',
    ],
  };
  if (layer === undefined || file === null)
    return { finding: finding('auth.credential_store', { ...common, actor: 'admin' }) };
  const repairId = 'auth.credential_store.use-file';
  const summary = `Keep the login in a file: set cli_auth_credentials_store = "file" in ${layer.path}, then log in again.`;
  return {
    finding: finding('auth.credential_store', { ...common, summary, repairId }),
    plan: () =>
      planTomlEdits({ path: layer.path, text: file.text, repairId, summary }, [
        { op: 'set', key, value: 'file' },
      ]),
  };
}

/** Others on this machine can read the login: reported only where they can also get to the file. */
async function exposedProblem(
  { host, home }: CodexScope,
  facts: LoginFacts,
): Promise<readonly FoundProblem[]> {
  const { auth } = facts;
  if (auth.kind !== 'ok' || auth.value.permissions === null) return [];
  const isWindowsDrive = host.isWsl && auth.path.startsWith('/mnt/'); // shows 0777 whatever Windows allows
  const readable = auth.value.permissions & 0o044;
  if (readable === 0 || isWindowsDrive) return [];
  const folder = (await stat(home.path)).mode;
  const reachable =
    ((readable & 0o040) !== 0 && (folder & 0o010) !== 0) ||
    ((readable & 0o004) !== 0 && (folder & 0o001) !== 0);
  if (!reachable) return [];
  const mode = auth.value.permissions.toString(8).padStart(4, '0');
  const repairId = 'auth.credential_store.close-file';
  const summary = `Make ${auth.path} readable by you alone.`;
  return [
    {
      finding: finding('auth.credential_store', {
        subject: auth.path,
        severity: 'warn',
        title: 'Others can read the stored login',
        evidence: [{ source: 'file', where: auth.path, what: `mode ${mode}; Codex writes 0600` }],
        cause: `${auth.path} has mode ${mode}, so other users of this machine can read the login in it.`,
        summary,
        steps: [`chmod 600 ${auth.path}`],
        repairId,
      }),
      plan: async () => ({
        repairId,
        summary,
        steps: [{ kind: 'set-mode', path: auth.path, mode: 0o600, expect: await fingerprint(auth.path) }],
        requiresStopped: 'nothing',
      }),
    },
  ];
}
