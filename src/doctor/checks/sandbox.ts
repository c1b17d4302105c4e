/** Can Codex really start a command in its sandbox here, and if not, which layer of the system is in the way? */
import { type CodexBinary, readCodexBinaries, usableNative } from '../../codex/binaries.ts';
import { readConfig } from '../../codex/config-file.ts';
import { type SandboxLayer, sandboxLayer } from '../../codex/sandbox-cause.ts';
import { probeSandbox } from '../../codex/sandbox-probe.ts';
import { readSandboxSystem, type SandboxSystem } from '../../codex/sandbox-system.ts';
import { type Evidence, finding } from '../../knowledge/finding.ts';
import type { FailureId } from '../../knowledge/ids.ts';
import type { Check, CheckContext, CheckResult, FoundProblem } from '../check.ts';
import { canReinstall, planReinstall, REINSTALL } from '../repairs/install.ts';
import { adviceFor } from './sandbox-advice.ts';

export const sandboxCheck: Check = {
  id: 'steward.sandbox',
  category: 'sandbox',
  title: 'Sandbox',
  finds: [
    'sandbox.userns_blocked',
    'sandbox.bwrap_missing',
    'sandbox.landlock_unsupported',
    'sandbox.seatbelt_nested',
    'sandbox.windows_setup',
  ],
  timeoutMs: 35_000,
  startsProgram: true,
  run,
};

async function run(context: CheckContext): Promise<CheckResult> {
  const { host, live } = context;
  const [binaries, config] = await Promise.all([context.read(readCodexBinaries), context.read(readConfig)]);
  const binary = usableNative(binaries);
  if (binary === null) return skipped('no codex that can be started');
  const settings = config.kind === 'ok' ? sandboxSettings(config.value.value) : sandboxSettings({});
  const probe = await probeSandbox(context, binary, {
    legacyLandlock: settings.legacyLandlock,
    mayWrite: live,
  });
  if (probe.kind === 'untested') return skipped(probe.reason);
  const system = host.platform === 'linux' ? await readSandboxSystem(host, binary) : null;
  const details = { ...describe(system), 'tried with': binary.native ?? binary.path };
  if (probe.kind === 'works') {
    const own = system?.bwrap?.bundled === true ? ' (the copy that comes with Codex)' : '';
    const summary = `a command starts under ${probe.how}${probe.how === 'bubblewrap' ? own : ''}`;
    return { status: 'ok', summary, details, problems: [] };
  }
  const layer = sandboxLayer(probe.output, system);
  const problem = blocked(context, binary, { output: probe.output, layer, system, mode: settings.mode });
  return { status: 'problems', summary: problem.finding.cause, details, problems: [problem] };
}

interface Blocked {
  readonly output: string;
  readonly layer: SandboxLayer;
  readonly system: SandboxSystem | null;
  readonly mode: string | null;
}

function blocked(context: CheckContext, binary: CodexBinary, seen: Blocked): FoundProblem {
  const advice = adviceFor(seen.layer, seen.system, binary);
  const repairable = advice.reinstall && canReinstall(binary, context.host);
  const evidence: Evidence[] = [
    { source: 'command', where: `${binary.native} (as codex-linux-sandbox) -- /bin/true`, what: seen.output },
    ...settingsEvidence(seen.layer, seen.system),
  ];
  // Whoever turned the sandbox off does not meet this failure today.
  const unused = seen.mode === 'danger-full-access';
  return {
    finding: finding(FAILURE[seen.layer], {
      subject: seen.layer,
      severity: unused ? 'info' : 'fail',
      cause: advice.cause,
      evidence,
      confidence: seen.layer === 'unknown' ? 0.5 : 0.95,
      summary: advice.summary,
      steps: advice.steps,
      command: repairable ? undefined : (advice.command ?? null),
      ...(repairable ? { repairId: REINSTALL } : {}),
    }),
    ...(repairable ? { plan: () => planReinstall(binary, context.host) } : {}),
  };
}

const FAILURE: Readonly<Record<SandboxLayer, FailureId>> = {
  'no-bwrap': 'sandbox.bwrap_missing',
  'bundled-bwrap-damaged': 'sandbox.bwrap_missing',
  apparmor: 'sandbox.userns_blocked',
  'userns-sysctl': 'sandbox.userns_blocked',
  'userns-limit': 'sandbox.userns_blocked',
  'userns-kernel': 'sandbox.userns_blocked',
  container: 'sandbox.userns_blocked',
  'no-new-privileges': 'sandbox.userns_blocked',
  landlock: 'sandbox.landlock_unsupported',
  seatbelt: 'sandbox.seatbelt_nested',
  windows: 'sandbox.windows_setup',
  unknown: 'sandbox.userns_blocked',
};

function settingsEvidence(layer: SandboxLayer, system: SandboxSystem | null): Evidence[] {
  if (system === null) return [];
  const file = (where: string, what: string | null): Evidence[] =>
    what === null ? [] : [{ source: 'file', where, what }];
  switch (layer) {
    case 'apparmor':
      return file('/proc/sys/kernel/apparmor_restrict_unprivileged_userns', system.apparmorRestricts);
    case 'userns-sysctl':
      return file('/proc/sys/kernel/unprivileged_userns_clone', system.usernsClone);
    case 'userns-limit':
      return file('/proc/sys/user/max_user_namespaces', system.maxUserNamespaces);
    case 'container':
      return [{ source: 'process', where: '/proc/1', what: `inside ${system.container ?? 'a container'}` }];
    case 'landlock':
      return file('/sys/kernel/security/lsm', system.securityModules?.join(',') ?? 'not mounted');
    default:
      return [];
  }
}

function sandboxSettings(config: Readonly<Record<string, unknown>>) {
  const { sandbox_mode: mode, features } = config;
  const legacy =
    typeof features === 'object' && features !== null && 'use_legacy_landlock' in features
      ? features.use_legacy_landlock === true
      : false;
  return { mode: typeof mode === 'string' ? mode : null, legacyLandlock: legacy };
}

function describe(system: SandboxSystem | null): Record<string, string> {
  if (system === null) return {};
  const { bwrap } = system;
  return {
    bubblewrap: bwrap === null ? 'none' : `${bwrap.path}${bwrap.bundled ? ' (bundled)' : ''}`,
    container: system.container ?? 'no',
    'security modules': system.securityModules?.join(', ') ?? 'not visible',
  };
}

function skipped(summary: string): CheckResult {
  return { status: 'skipped', summary, details: {}, problems: [] };
}
