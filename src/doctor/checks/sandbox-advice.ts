/** What is right to do about each layer that keeps the sandbox from starting. Never: turning the sandbox off. */
import type { CodexBinary } from '../../codex/binaries.ts';
import type { SandboxLayer } from '../../codex/sandbox-cause.ts';
import type { SandboxSystem } from '../../codex/sandbox-system.ts';

export interface SandboxAdvice {
  readonly cause: string;
  readonly summary: string;
  readonly steps: readonly string[];
  readonly command?: string;
  /** Whether a whole install of Codex brings what is missing. */
  readonly reinstall: boolean;
}

const PROFILE = '/etc/apparmor.d/codex-bwrap';

/** The cause in one sentence, and exact commands for this system. */
export function adviceFor(
  layer: SandboxLayer,
  system: SandboxSystem | null,
  binary: CodexBinary,
): SandboxAdvice {
  const bwrap = system?.bwrap?.path ?? 'bwrap';
  const advice = (cause: string, summary: string, steps: readonly string[]): SandboxAdvice => ({
    cause,
    summary,
    steps,
    reinstall: false,
  });
  switch (layer) {
    case 'no-bwrap':
    case 'bundled-bwrap-damaged': {
      const install = installBwrap(system);
      const lost =
        layer === 'no-bwrap' ? 'has lost its own copy of bubblewrap' : 'has a damaged copy of bubblewrap';
      return {
        cause: `${binary.native} ${lost}, and the system has none, so no command can be sandboxed.`,
        summary: 'Install the bubblewrap of your distribution, or reinstall Codex whole.',
        steps: [install, 'Or reinstall Codex whole, with the method it was installed with.'],
        command: install,
        reinstall: true,
      };
    }
    case 'apparmor':
      return advice(
        `AppArmor on this system forbids unprivileged user namespaces, and no profile allows them to ${bwrap}.`,
        `Give ${bwrap} an AppArmor profile of its own; leave the system-wide restriction on.`,
        apparmorSteps(bwrap),
      );
    case 'userns-sysctl':
      return advice(
        'kernel.unprivileged_userns_clone is 0, so bubblewrap may not make the namespaces of the sandbox.',
        'Allow unprivileged user namespaces, or install a setuid bubblewrap.',
        [
          'sudo sysctl -w kernel.unprivileged_userns_clone=1',
          'echo kernel.unprivileged_userns_clone=1 | sudo tee /etc/sysctl.d/60-codex-userns.conf',
        ],
      );
    case 'userns-limit':
      return advice(
        `The limit of user namespaces is used up or 0 (user.max_user_namespaces = ${system?.maxUserNamespaces ?? 'unknown'}), so bubblewrap cannot make one.`,
        'Raise user.max_user_namespaces.',
        [
          'sudo sysctl -w user.max_user_namespaces=15000',
          'echo user.max_user_namespaces=15000 | sudo tee /etc/sysctl.d/60-codex-userns.conf',
        ],
      );
    case 'userns-kernel':
      return advice(
        'This kernel has no user namespaces, which the sandbox is made of.',
        'Use a kernel with CONFIG_USER_NS, or a setuid bubblewrap.',
        ['zgrep CONFIG_USER_NS /proc/config.gz || grep CONFIG_USER_NS /boot/config-$(uname -r)'],
      );
    case 'container':
      return advice(
        `The ${system?.container ?? 'container'} around this system does not let bubblewrap make namespaces.`,
        'Let the container make user namespaces: that is a setting of the container, not of Codex.',
        [
          'Start it with a seccomp profile that allows clone, unshare, mount and pivot_root: docker run --security-opt seccomp=PROFILE.json …',
          'On a host with AppArmor also with a profile that allows mount and userns: --security-opt apparmor=PROFILE',
          'Or run Codex on the host, outside the container.',
        ],
      );
    case 'no-new-privileges':
      return advice(
        'This process may not gain privileges (no_new_privs), and the bubblewrap in use is a setuid program.',
        'Start Codex outside the service or container that sets no_new_privs.',
        ['grep NoNewPrivs /proc/self/status'],
      );
    case 'landlock':
      return advice(
        `The kernel refuses Landlock${system?.securityModules?.includes('landlock') === false ? ' (it is not among the active security modules)' : ''}, which this configuration asks for.`,
        'Use the bubblewrap sandbox: remove use_legacy_landlock from [features].',
        ['codex features list', 'Remove use_legacy_landlock from [features] in config.toml.'],
      );
    case 'seatbelt':
      return advice(
        'Codex runs inside another macOS sandbox, and macOS does not nest them.',
        'Start Codex outside the program that sandboxes it.',
        ['Run codex in Terminal itself, not from inside another sandboxed program.'],
      );
    case 'windows':
      return advice(
        'The Windows sandbox of Codex cannot start a process as its own user.',
        'Repeat the set-up of the sandbox as administrator, or use the unelevated one.',
        ['Start codex and confirm its sandbox set-up', 'Or in config.toml: [windows] sandbox = "unelevated"'],
      );
    case 'unknown':
      return advice(
        'A command does not start in the sandbox, for a reason that this system does not tell.',
        'Read what bubblewrap said, and run it by hand.',
        [`${bwrap} --ro-bind / / --unshare-user --unshare-pid --unshare-net --proc /proc --dev /dev -- true`],
      );
  }
}

/** A profile that allows namespaces to that one program, as Ubuntu ships for browsers. */
function apparmorSteps(bwrap: string): string[] {
  const profile = `abi <abi/4.0>,\ninclude <tunables/global>\nprofile codex-bwrap "${bwrap}" flags=(unconfined) {\n  userns,\n}`;
  return [
    `printf '%s\\n' '${profile.replaceAll('\n', "' '")}' | sudo tee ${PROFILE}`,
    `sudo apparmor_parser -r ${PROFILE}`,
    `${bwrap} --ro-bind / / --unshare-user true   # now ends without an error`,
  ];
}

function installBwrap(system: SandboxSystem | null): string {
  const names = `${system?.distribution.id ?? ''} ${system?.distribution.like ?? ''}`;
  if (/\b(debian|ubuntu)\b/.test(names)) return 'sudo apt-get install bubblewrap';
  if (/\b(fedora|rhel|centos)\b/.test(names)) return 'sudo dnf install bubblewrap';
  if (/\barch\b/.test(names)) return 'sudo pacman -S bubblewrap';
  if (/\balpine\b/.test(names)) return 'sudo apk add bubblewrap';
  if (/suse/.test(names)) return 'sudo zypper install bubblewrap';
  if (/\bnixos\b/.test(names)) return 'nix-env -iA nixos.bubblewrap';
  return 'Install the package bubblewrap of your distribution.';
}
