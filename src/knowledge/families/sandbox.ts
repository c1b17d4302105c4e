import type { FailureEntry } from '../types.ts';

export const SANDBOX: readonly FailureEntry[] = [
  {
    id: 'sandbox.userns_blocked',
    title: 'Userns blocked',
    fixClass: 'C',
    actor: 'you',
    cause: 'bwrap RTM_NEWADDR / namespace denied by AppArmor.',
    fix: {
      summary:
        'Load an AppArmor profile that matches the bwrap in use (system or bundled); no global sysctl by default.',
      steps: [],
    },
    signals: [],
    references: [],
  },
  {
    id: 'sandbox.bwrap_missing',
    title: 'Bwrap missing',
    fixClass: 'C',
    actor: 'you',
    cause: '"could not find bubblewrap on PATH".',
    fix: {
      summary: 'Install distro bubblewrap outside the workspace; harmless while the bundled copy works.',
      steps: [],
    },
    signals: [],
    references: [],
  },
  {
    id: 'sandbox.landlock_unsupported',
    title: 'Landlock unsupported',
    fixClass: 'U',
    actor: 'you',
    cause: '"error running landlock", LandlockRestrict.',
    fix: {
      summary: 'Use bwrap backend / a kernel with Landlock / grant the container namespaces.',
      steps: [],
    },
    signals: [],
    references: [],
  },
  {
    id: 'sandbox.seatbelt_nested',
    title: 'Seatbelt nested',
    fixClass: 'U',
    actor: 'you',
    cause: '"sandbox_apply: Operation not permitted" on macOS.',
    fix: { summary: 'Run outside the outer sandbox.', steps: [] },
    signals: [],
    references: [],
  },
  {
    id: 'sandbox.windows_setup',
    title: 'Windows setup',
    fixClass: 'C',
    actor: 'you',
    cause: 'CreateProcessAsUserW/…WithLogonW failed, ShellExecuteExW 1223, setup refresh errors.',
    fix: {
      summary:
        'Re-run elevated setup, fix ownership/locks, or `[windows] sandbox = "unelevated"`; never full access as the fix.',
      steps: [],
    },
    signals: [],
    references: [],
  },
  {
    id: 'sandbox.blocked',
    title: 'Blocked',
    fixClass: 'U',
    actor: 'you',
    cause: 'Policy denies a write (.git/index.lock) or network: the sandbox works as meant.',
    fix: { summary: 'Approve that command or widen the profile deliberately.', steps: [] },
    signals: [],
    references: [],
  },
];
