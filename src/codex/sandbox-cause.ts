/**
 * Which layer of this system keeps the sandbox from starting. What the sandbox said decides; the system's settings
 * tell the layers apart that say the same ("Operation not permitted").
 */
import type { SandboxSystem } from './sandbox-system.ts';

export type SandboxLayer =
  /** Neither a system bubblewrap nor a usable bundled one. */
  | 'no-bwrap'
  | 'bundled-bwrap-damaged'
  | 'apparmor'
  | 'userns-sysctl'
  | 'userns-limit'
  | 'userns-kernel'
  | 'container'
  | 'no-new-privileges'
  | 'landlock'
  | 'seatbelt'
  | 'windows'
  | 'unknown';

/** The layer behind that output. */
export function sandboxLayer(output: string, system: SandboxSystem | null): SandboxLayer {
  if (/sandbox_apply: Operation not permitted/i.test(output)) return 'seatbelt';
  if (/CreateProcess(AsUser|WithLogon)W|ShellExecuteExW|sandbox setup|setup refresh/i.test(output))
    return 'windows';
  if (/digest mismatch/i.test(output)) return 'bundled-bwrap-damaged';
  if (
    /bubblewrap is unavailable|could not find bubblewrap|invalid (system|bundled) bubblewrap/i.test(output)
  ) {
    return 'no-bwrap';
  }
  if (/landlock/i.test(output) && !/bwrap:/.test(output)) return 'landlock';
  if (system === null) return 'unknown';
  if (/setuid.*(not permitted|privilege)|PR_SET_NO_NEW_PRIVS/i.test(output) && system.noNewPrivileges) {
    return 'no-new-privileges';
  }
  if (/max_\S*namespaces exceeded|No space left on device|ENOSPC/i.test(output)) return 'userns-limit';
  if (/Function not implemented|kernel does not support|ENOSYS/i.test(output)) return 'userns-kernel';
  if (!/not permitted|permission denied|No permissions|EPERM|EACCES|RTM_NEWADDR/i.test(output))
    return 'unknown';
  if (system.usernsClone === '0') return 'userns-sysctl';
  if (system.maxUserNamespaces === '0') return 'userns-limit';
  if (system.container !== null) return 'container';
  if (system.apparmorRestricts === '1') return 'apparmor';
  if (system.maxUserNamespaces === null) return 'userns-kernel';
  return system.seccompFilter ? 'container' : 'unknown';
}
