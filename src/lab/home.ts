/** A throw-away Codex home for a lab: configured, logged in as the scenario wants, and removed when done. */
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { type Host, systemPath } from '../host.ts';
import { PASSWORD_ONLY, WITH_MFA } from './issuer/sessions.ts';
import type { Lab } from './lab.ts';

export interface LabHomeOptions {
  readonly host: Host;
  /** Overrides the scenario's wish. */
  readonly login?: 'chatgpt' | 'api-key' | 'none';
  /** An official native binary: the daemon of 0.133 starts only from a "standalone install" in the home. */
  readonly codexBinary?: string;
  /** More top-level lines of `config.toml`. */
  readonly config?: readonly string[];
}

export interface LabHome {
  /** Absolute path, to be used as `CODEX_HOME`. */
  readonly path: string;
  /** Removes it with everything in it. Stop the daemons first (`stopLeftovers`). */
  remove(): Promise<void>;
}

/** Creates the home. The access token and the refresh token in it are known to the lab alone. */
export async function makeLabHome(lab: Lab, options: LabHomeOptions): Promise<LabHome> {
  const path = await mkdtemp(join(await roomFor(options.host), 'codex-lab-'));
  const plan = lab.scenario().home;
  const config = [...lab.codexConfig(), 'check_for_update_on_startup = false', ...(options.config ?? [])];
  // Analytics would go out, and a home without plugins asks for none; both only slow a rehearsal down.
  const tables = ['[analytics]', 'enabled = false', '', '[features]', 'plugins = false', 'apps = false'];
  await writeFile(join(path, 'config.toml'), `${[...config, '', ...tables].join('\n')}\n`, { mode: 0o600 });
  const auth = await authFile(lab, options.login ?? plan.login);
  if (auth !== undefined) {
    await writeFile(join(path, 'auth.json'), `${JSON.stringify(auth, null, 2)}\n`, { mode: 0o600 });
  }
  if (options.codexBinary !== undefined) {
    const current = join(path, 'packages', 'standalone', 'current');
    await mkdir(current, { recursive: true });
    await symlink(options.codexBinary, join(current, 'codex'));
  }
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}

async function authFile(lab: Lab, login: 'chatgpt' | 'api-key' | 'none'): Promise<object | undefined> {
  const { world } = lab;
  const plan = lab.scenario().home;
  const account = world.account(world.settings().account);
  switch (login) {
    case 'none':
      return undefined;
    case 'api-key':
      return { auth_mode: 'apikey', OPENAI_API_KEY: account.apiKey };
    case 'chatgpt': {
      const session = world.sessions.open(account, plan.mfa ? WITH_MFA : PASSWORD_ONLY);
      const lifetimeSeconds = plan.accessToken === 'expired' ? -3600 : undefined;
      const { id_token, access_token, refresh_token } = await world.sessions.issue(session, lifetimeSeconds);
      return {
        auth_mode: 'chatgpt',
        OPENAI_API_KEY: null,
        tokens: { id_token, access_token, refresh_token, account_id: account.accountId },
        last_refresh: world.clock.iso(),
      };
    }
  }
}

/** A folder for throw-away homes that Codex accepts: it refuses to work fully below the temporary folder. */
async function roomFor(host: Host): Promise<string> {
  const temporary = await realpath(host.env.TMPDIR ?? tmpdir());
  const candidate = systemPath(host, '/var/tmp');
  const isBelow = candidate === temporary || candidate.startsWith(temporary + sep);
  if (host.platform !== 'win32' && !isBelow) return candidate;
  const own = join(host.userHome, '.cache', 'codex-steward', 'lab');
  await mkdir(own, { recursive: true });
  return own;
}
