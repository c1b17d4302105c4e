/** What this Linux system allows and has for a sandbox: namespaces, security modules, containers, bubblewrap. */
import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Host, systemPath } from '../host.ts';
import { isThere } from '../storage/is-there.ts';
import type { CodexBinary } from './binaries.ts';
import { pathFolders } from './binaries-places.ts';

export interface SandboxSystem {
  /** `kernel.unprivileged_userns_clone` (Debian, Arch); `null` where the kernel has no such switch. */
  readonly usernsClone: string | null;
  /** `kernel.apparmor_restrict_unprivileged_userns` (Ubuntu 23.10 and later). */
  readonly apparmorRestricts: string | null;
  /** `user.max_user_namespaces`; `null` on a kernel without user namespaces. */
  readonly maxUserNamespaces: string | null;
  /** The active security modules; `null` where `/sys/kernel/security` is not mounted (most containers). */
  readonly securityModules: readonly string[] | null;
  readonly noNewPrivileges: boolean;
  /** A seccomp filter is on this process, as container engines put it. */
  readonly seccompFilter: boolean;
  /** `docker`, `podman`, …; `null` outside. */
  readonly container: string | null;
  /** The bubblewrap that Codex starts: the system's one when there is one, else its own. */
  readonly bwrap: { readonly path: string; readonly bundled: boolean } | null;
  readonly distribution: { readonly id: string; readonly like: string; readonly version: string };
}

/** Reads them; what cannot be read is `null`, never a guess. */
export async function readSandboxSystem(host: Host, binary: CodexBinary): Promise<SandboxSystem> {
  const read = (path: string) => text(systemPath(host, path));
  const [usernsClone, apparmorRestricts, maxUserNamespaces, modules, status, release, container, bwrap] =
    await Promise.all([
      read('/proc/sys/kernel/unprivileged_userns_clone'),
      read('/proc/sys/kernel/apparmor_restrict_unprivileged_userns'),
      read('/proc/sys/user/max_user_namespaces'),
      read('/sys/kernel/security/lsm'),
      read('/proc/self/status'),
      read('/etc/os-release'),
      findContainer(host),
      findBwrap(host, binary),
    ]);
  return {
    usernsClone,
    apparmorRestricts,
    maxUserNamespaces,
    securityModules: modules === null || modules === '' ? null : modules.split(','),
    noNewPrivileges: /^NoNewPrivs:\s*1$/m.test(status ?? ''),
    seccompFilter: /^Seccomp:\s*2$/m.test(status ?? ''),
    container,
    bwrap,
    distribution: {
      id: field(release, 'ID'),
      like: field(release, 'ID_LIKE'),
      version: field(release, 'VERSION_ID'),
    },
  };
}

async function findContainer(host: Host): Promise<string | null> {
  if (await isThere(systemPath(host, '/.dockerenv'))) return 'docker';
  if (await isThere(systemPath(host, '/run/.containerenv'))) return 'podman';
  const cgroup = (await text(systemPath(host, '/proc/1/cgroup'))) ?? '';
  const named = /(docker|kubepods|lxc|containerd|podman)/.exec(cgroup)?.[1];
  return named ?? host.env.container ?? null;
}

/** 0.133 and 0.169: the first `bwrap` on PATH outside the working folder, else `codex-resources/bwrap`. */
async function findBwrap(host: Host, binary: CodexBinary): Promise<SandboxSystem['bwrap']> {
  for (const folder of pathFolders(host)) {
    const path = join(folder, 'bwrap');
    if (await isThere(path)) return { path, bundled: false };
  }
  if (binary.native === null) return null;
  for (const below of ['..', '.']) {
    const path = join(dirname(binary.native), below, 'codex-resources', 'bwrap');
    const found = await stat(path).catch(() => null);
    if (found?.isFile()) return { path, bundled: true };
  }
  return null;
}

function field(release: string | null, name: string): string {
  return new RegExp(`^${name}="?([^"\n]*)"?$`, 'm').exec(release ?? '')?.[1] ?? '';
}

async function text(path: string): Promise<string | null> {
  return readFile(path, 'utf8').then(
    (content) => content.trim(),
    () => null, // absent on this kernel, or hidden by a container: both mean "not known"
  );
}
