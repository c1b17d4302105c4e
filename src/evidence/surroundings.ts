/** What around Codex makes a failure happen here and nowhere else: system, proxies, certificates, terminal, sandbox. */
import { release, version } from 'node:os';
import type { CodexScope } from '../codex/home.ts';
import { readNetworkEnvironment } from '../codex/network-env.ts';
import type { Host } from '../host.ts';
import { redactValue } from '../storage/redact.ts';

export interface Surroundings {
  readonly platform: string;
  readonly arch: string;
  /** As `uname -r` gives it. */
  readonly release: string;
  readonly system: string;
  readonly node: string;
  readonly isWsl: boolean;
  readonly wslDistribution: string | null;
  readonly terminal: {
    readonly program: string | null;
    readonly type: string | null;
    readonly multiplexer: string | null;
    readonly overSsh: boolean;
  };
  /** Proxies and certificates as a Codex process sees them, with what set each. */
  readonly network: readonly { readonly name: string; readonly value: string; readonly where: string }[];
  /** Other variables that steer Codex; secrets as `<redacted>`. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Variables besides `CODEX_…` that change what Codex does. */
const STEERS =
  /^(?:CODEX_.*|OPENAI_(?:BASE_URL|API_KEY|ORGANIZATION|PROJECT)|RUST_LOG|LOG_FORMAT|NO_COLOR|LANG|LC_ALL|SHELL|container|CI|BROWSER|DISPLAY|WAYLAND_DISPLAY|XDG_RUNTIME_DIR)$/;

/** Reads the environment and `.env` of the Codex home. */
export async function readSurroundings(scope: CodexScope): Promise<Surroundings> {
  const { host } = scope;
  const network = await readNetworkEnvironment(scope);
  const steering = Object.entries(host.env)
    .filter(([name, value]) => STEERS.test(name) && value !== undefined)
    .map(([name, value = '']): [string, string] => [name, textOf(redactValue({ [name]: value }), name)])
    .sort(([a], [b]) => a.localeCompare(b));
  return {
    platform: host.platform,
    arch: host.arch,
    release: release(),
    system: version(),
    node: process.version,
    isWsl: host.isWsl,
    wslDistribution: host.env.WSL_DISTRO_NAME ?? null,
    terminal: {
      program: terminalProgram(host),
      type: host.env.TERM ?? null,
      multiplexer: multiplexer(host),
      overSsh: host.env.SSH_CONNECTION !== undefined || host.env.SSH_TTY !== undefined,
    },
    network: [...network.variables.values()].map(({ name, value, where }) => ({ name, value, where })),
    variables: Object.fromEntries(steering),
  };
}

function textOf(value: unknown, name: string): string {
  return typeof value === 'object' && value !== null
    ? String(Object.getOwnPropertyDescriptor(value, name)?.value)
    : '';
}

function terminalProgram({ env }: Host): string | null {
  if (env.TERM_PROGRAM !== undefined) {
    const program = env.TERM_PROGRAM;
    return env.TERM_PROGRAM_VERSION === undefined ? program : `${program} ${env.TERM_PROGRAM_VERSION}`;
  }
  if (env.WT_SESSION !== undefined) return 'Windows Terminal';
  if (env.KITTY_WINDOW_ID !== undefined) return 'kitty';
  if (env.ALACRITTY_WINDOW_ID !== undefined) return 'Alacritty';
  if (env.VTE_VERSION !== undefined) return `VTE ${env.VTE_VERSION}`;
  return env.KONSOLE_VERSION === undefined ? null : `Konsole ${env.KONSOLE_VERSION}`;
}

function multiplexer({ env }: Host): string | null {
  if (env.TMUX !== undefined) return 'tmux';
  if (env.ZELLIJ !== undefined) return 'zellij';
  return env.STY === undefined ? null : 'screen';
}
