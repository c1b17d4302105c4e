/** Proxy and CA settings that can be seen to be wrong without leaving the machine. */
import { connect, isIP } from 'node:net';
import {
  CA_VARIABLES,
  type NetworkEnvironment,
  type NetworkVariable,
  PROXY_VARIABLES,
  readNetworkEnvironment,
} from '../../codex/network-env.ts';
import { type ProxySetting, parseProxy, proxyVariable } from '../../codex/proxy.ts';
import { type CaSetting, readCaSettings } from '../../codex/tls-ca.ts';
import { type Evidence, finding } from '../../knowledge/finding.ts';
import { redact } from '../../storage/redact.ts';
import type { Check, CheckContext, CheckResult, FoundProblem } from '../check.ts';
import { planCommentOut } from '../repairs/network-env.ts';

const CONNECT_TIMEOUT_MS = 500;
const CA_REPAIR = 'network.tls_ca.dotenv';
const PROXY_REPAIR = 'network.proxy.dotenv';

export const networkSettingsCheck: Check = {
  id: 'steward.network-settings',
  category: 'network',
  title: 'Proxy and certificate settings',
  finds: ['network.proxy', 'network.tls_ca'],
  timeoutMs: 3000,
  run,
};

async function run(context: CheckContext): Promise<CheckResult> {
  const [env, ca] = await Promise.all([context.read(readNetworkEnvironment), context.read(readCaSettings)]);
  const proxies = await Promise.all(activeProxies(env).map((variable) => proxyProblem(context, variable)));
  const problems = [
    ...proxies.filter((problem) => problem !== null),
    ...ca.settings.filter((setting) => setting.honoured).flatMap((setting) => caProblem(context, setting)),
    ...ca.ignored.map((variable) => ignoredProblem(context, variable)),
  ];
  const set = [...env.variables.values()];
  return {
    summary:
      problems[0]?.finding.cause ??
      (set.length === 0 ? 'no proxy or CA setting' : `${set.length} settings, none wrong`),
    status: problems.length === 0 ? 'ok' : 'problems',
    details: {
      ...detail('proxy', shown(env, PROXY_VARIABLES)),
      ...detail('certificates', shown(env, CA_VARIABLES)),
      ...detail('differing case', differing(env)),
    },
    problems,
  };
}

/** Variables that Codex takes a proxy from; a `NO_PROXY=*` silences them all. */
function activeProxies(env: NetworkEnvironment): readonly NetworkVariable[] {
  if (
    proxyVariable(env, 'NO_PROXY')
      ?.value.split(',')
      .some((entry) => entry.trim() === '*')
  )
    return [];
  const https = proxyVariable(env, 'HTTPS_PROXY');
  // Everything official is https: ALL_PROXY counts only where HTTPS_PROXY does not, HTTP_PROXY never.
  const active = https ?? proxyVariable(env, 'ALL_PROXY');
  return active === null ? [] : [active];
}

async function proxyProblem(context: CheckContext, variable: NetworkVariable): Promise<FoundProblem | null> {
  const setting = parseProxy(variable.value);
  if ('reason' in setting)
    return proxyFinding(
      context,
      variable,
      'fail',
      1,
      `${variable.where} holds no usable proxy: ${setting.reason}.`,
    );
  if (setting.port < 1 || setting.port > 65_535) {
    return proxyFinding(
      context,
      variable,
      'fail',
      1,
      `${variable.where} names port ${setting.port}, which does not exist.`,
    );
  }
  if (isLoopback(setting.host) && !(await isListening(setting, context.signal))) {
    return proxyFinding(
      context,
      variable,
      'fail',
      0.95,
      `${variable.where} sends Codex to ${setting.shown}, and nobody listens there.`,
    );
  }
  if (setting.scheme === 'socks') {
    return proxyFinding(
      context,
      variable,
      'warn',
      0.8,
      `${variable.where} names a SOCKS proxy (${setting.shown}); Codex speaks only HTTP to a proxy, so this works only if that port understands both.`,
    );
  }
  return null;
}

function proxyFinding(
  context: CheckContext,
  variable: NetworkVariable,
  severity: 'fail' | 'warn',
  confidence: number,
  cause: string,
): FoundProblem {
  const ours = variable.source === 'dotenv' && severity === 'fail';
  return {
    finding: finding('network.proxy', {
      subject: variable.where,
      severity,
      confidence,
      cause,
      evidence: [evidenceOf(variable)],
      steps:
        variable.source === 'dotenv'
          ? dotenvSteps('network.proxy', ours)
          : profileSteps(variable, 'http://HOST:PORT'),
      ...(ours ? { repairId: PROXY_REPAIR } : {}),
    }),
    ...(ours ? { plan: () => planCommentOut(context, variable, PROXY_REPAIR) } : {}),
  };
}

function caProblem(context: CheckContext, setting: CaSetting): readonly FoundProblem[] {
  const { variable, path, bundle } = setting;
  if (bundle.kind === 'ok') return [];
  const what = {
    missing: 'there is no such file',
    empty: 'the file is empty',
    'not-pem': 'the file holds no PEM certificate',
    unreadable: `the file cannot be read (${bundle.kind === 'unreadable' ? bundle.code : ''})`,
  }[bundle.kind];
  const ours = variable.source === 'dotenv';
  return [
    {
      finding: finding('network.tls_ca', {
        subject: variable.where,
        confidence: 0.95,
        cause: `${variable.where} points Codex at ${path}, but ${what}.`,
        evidence: [evidenceOf(variable), { source: 'file', where: path, what }],
        steps: ours ? dotenvSteps('network.tls_ca', true) : profileSteps(variable, '/path/to/full-chain.pem'),
        ...(ours ? { repairId: CA_REPAIR } : {}),
      }),
      ...(ours ? { plan: () => planCommentOut(context, variable, CA_REPAIR) } : {}),
    },
  ];
}

/** `CODEX_…` in `.env`: whoever put it there believes that it works. */
function ignoredProblem(context: CheckContext, variable: NetworkVariable): FoundProblem {
  return {
    finding: finding('network.tls_ca', {
      subject: variable.where,
      severity: 'warn',
      confidence: 0.9,
      cause: `${variable.where} sets ${variable.name}, which Codex ignores in .env (it skips every CODEX_ variable there).`,
      evidence: [evidenceOf(variable)],
      summary: 'Use SSL_CERT_FILE in .env, or set CODEX_CA_CERTIFICATE in the shell profile.',
      steps: [
        `In ${variable.where}: replace ${variable.name} by SSL_CERT_FILE, which Codex does read there`,
        `or comment the line out: steward doctor --fix --only network.tls_ca`,
      ],
      repairId: CA_REPAIR,
    }),
    plan: () => planCommentOut(context, variable, CA_REPAIR),
  };
}

function dotenvSteps(id: string, repairable: boolean): readonly string[] {
  return [
    ...(repairable
      ? [`steward doctor --fix --only ${id}   (comments the line out)`]
      : ['Correct that line of .env']),
    'Restart Codex.',
  ];
}

function profileSteps(variable: NetworkVariable, example: string): readonly string[] {
  return [
    `Find where it is set: grep -n ${variable.name} ~/.profile ~/.bashrc ~/.zshrc ~/.config/fish/config.fish /etc/environment`,
    `Correct it there (export ${variable.name}=${example}) or remove it, for Codex alone: put ${variable.name}=${example} into $CODEX_HOME/.env`,
    `Try at once: env -u ${variable.name} codex`,
    'Open a new terminal and restart Codex.',
  ];
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** A connection to this machine's own port, closed at once. No answer in time counts as somebody being there. */
function isListening({ host, port }: ProxySetting, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, signal });
    const done = (listening: boolean) => {
      socket.destroy();
      resolve(listening);
    };
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => done(true));
    socket.once('connect', () => done(true));
    socket.once('error', (error) => done(!('code' in error) || error.code !== 'ECONNREFUSED'));
  });
}

function shown(env: NetworkEnvironment, names: readonly string[]): readonly string[] {
  return names.flatMap((name) => {
    const variable = env.variables.get(name);
    return variable === undefined
      ? []
      : [`${name}=${hide(variable)} (${variable.source === 'dotenv' ? variable.where : 'environment'})`];
  });
}

/** Upper and lower case set to different things: programs differ in which they take; Codex takes the upper. */
function differing(env: NetworkEnvironment): readonly string[] {
  return ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY', 'NO_PROXY'].flatMap((name) => {
    const [upper, lower] = [env.variables.get(name), env.variables.get(name.toLowerCase())];
    if (upper === undefined || lower === undefined || upper.value === lower.value) return [];
    return [`${name} and ${name.toLowerCase()} differ; Codex takes ${name}, curl and git the other`];
  });
}

function detail(name: string, values: readonly string[]): Readonly<Record<string, readonly string[]>> {
  return values.length === 0 ? {} : { [name]: values };
}

function evidenceOf(variable: NetworkVariable): Evidence {
  const source = variable.source === 'dotenv' ? 'config' : 'env';
  return { source, where: variable.where, what: `${variable.name}=${hide(variable)}` };
}

/** Proxy URLs may carry a password. */
function hide(variable: NetworkVariable): string {
  if (variable.name.toLowerCase().endsWith('no_proxy') || variable.value === '') return variable.value;
  if (!variable.name.toLowerCase().endsWith('_proxy')) return redact(variable.value);
  const setting = parseProxy(variable.value);
  return 'reason' in setting ? redact(variable.value.replace(/[^/@]*@/, '<redacted>@')) : setting.shown;
}
